-- What several queries read, said once. The planner puts the text of such functions into the query that calls them.

-- The priorities at which contacts of a list wait, lowest first: each step is one probe of contact_due.
CREATE FUNCTION waiting_priorities(of_list uuid) RETURNS TABLE (priority integer) LANGUAGE sql STABLE AS $$
    WITH RECURSIVE level AS (
        (SELECT k.priority FROM contact k
         WHERE k.dial_list_id = of_list AND k.state = 'pending' AND k.agent_id IS NULL
         ORDER BY k.priority LIMIT 1)
        UNION ALL
        SELECT (SELECT k.priority FROM contact k
                WHERE k.dial_list_id = of_list AND k.state = 'pending' AND k.agent_id IS NULL
                  AND k.priority > level.priority
                ORDER BY k.priority LIMIT 1)
        FROM level WHERE level.priority IS NOT NULL
    )
    SELECT level.priority FROM level WHERE level.priority IS NOT NULL
$$;

-- The number a contact's cursor points at, and what decides about its hours; one row, without a phone where none is
-- left. Each read is for one contact: few are lent at a time.
CREATE FUNCTION next_number(of_contact uuid, of_customer uuid, of_list uuid, at_cursor smallint)
RETURNS TABLE (phone_id uuid, e164 text, "position" smallint, phone_kind text, zones text[],
               customer_zone text, list_zone text, number_attempts integer)
LANGUAGE sql STABLE AS $$
    SELECT p.id, p.e164, p.position, p.kind, p.zones, k.zone, coalesce(l.zone, b.zone),
           coalesce((SELECT n.attempts FROM contact_phone n
                     WHERE n.contact_id = of_contact AND n.e164 = p.e164), 0)::integer
    FROM dial_list l
    JOIN base b ON b.id = l.base_id
    CROSS JOIN LATERAL (SELECT zone FROM customer WHERE customer.id = of_customer LIMIT 1) k
    LEFT JOIN LATERAL (
        SELECT * FROM phone WHERE phone.customer_id = of_customer
        ORDER BY phone.position < at_cursor, phone.position LIMIT 1
    ) p ON true
    WHERE l.id = of_list
$$;
