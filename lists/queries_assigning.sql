-- name: assign
-- $1 the most, $2 the seed, $3 the agents in the seed's order, $4 now. A customer's place is the hash of seed and id:
-- random, and the same again whatever the order of reading. Places are dealt out in turn, so that shares differ by
-- at most one. With fewer customers than agents nothing is dealt.
WITH matched AS MATERIALIZED (
    SELECT k.id FROM customer k WHERE {filter} ORDER BY k.id LIMIT $1
), dealt AS MATERIALIZED (
    SELECT id, ($3::uuid[])[1 + (row_number() OVER (ORDER BY sha256($2::bytea || uuid_send(id)), id) - 1)
                                % cardinality($3::uuid[])] AS agent_id
    FROM matched
    WHERE (SELECT count(*) FROM matched) >= cardinality($3::uuid[])
), given AS (
    UPDATE customer k SET owner_id = dealt.agent_id, updated_at = $4
    FROM dealt WHERE k.id = dealt.id
    RETURNING dealt.agent_id
)
SELECT (SELECT count(*) FROM matched) AS matched, agent_id, count(*) AS customers FROM given GROUP BY agent_id
UNION ALL
SELECT (SELECT count(*) FROM matched), NULL, 0

-- name: owners
-- Whose customers an act on the filter would take: $2 whether it takes only those who have an agent.
SELECT DISTINCT owner_id FROM (
    SELECT k.owner_id FROM customer k WHERE {filter} AND (NOT $2 OR k.owner_id IS NOT NULL) ORDER BY k.id LIMIT $1
) matched WHERE owner_id IS NOT NULL

-- name: unassign
WITH matched AS MATERIALIZED (
    SELECT k.id FROM customer k WHERE {filter} AND k.owner_id IS NOT NULL ORDER BY k.id LIMIT $1
), freed AS (
    UPDATE customer k SET owner_id = NULL, updated_at = $2 FROM matched m WHERE k.id = m.id RETURNING k.id
)
SELECT count(*) FROM freed

-- name: matching_ids
SELECT k.id FROM customer k WHERE {filter} ORDER BY k.id LIMIT $1

-- name: lock_list
-- Two refreshes of one list: the second waits, and then finds the first one's contacts.
SELECT l.campaign_id, l.base_id FROM dial_list l WHERE l.id = $1 AND l.deleted_at IS NULL FOR NO KEY UPDATE

-- name: queue
-- One piece of a list: $1 list, $2 campaign, $3 customers, $4 ids for their contacts, $5 first place, $6 now,
-- $7 priority, $8 what becomes of who waits in another list of the campaign: lists.model.SameCustomer.
-- The first number that is good and may be dialled for the campaign is called first.
WITH asked AS MATERIALIZED (
    SELECT u.customer_id, u.contact_id, u.ord, phone.any_good, phone.position, phone.zones,
           coalesce(k.zone, l.zone, b.zone) AS zone, open.id AS open_id, open.busy,
           EXISTS (SELECT FROM contact c WHERE c.customer_id = u.customer_id AND c.dial_list_id = $1) AS in_list
    FROM unnest($3::uuid[], $4::uuid[]) WITH ORDINALITY AS u (customer_id, contact_id, ord)
    JOIN customer k ON k.id = u.customer_id
    JOIN dial_list l ON l.id = $1
    JOIN base b ON b.id = l.base_id
    CROSS JOIN LATERAL (
        SELECT count(*) > 0 AS any_good, (array_agg(p.position ORDER BY p.position) FILTER (WHERE p.free))[1] AS position,
               (array_agg(array_to_string(p.zones, '|') ORDER BY p.position) FILTER (WHERE p.free))[1] AS zones
        FROM (
            SELECT p.position, ARRAY(SELECT z FROM unnest(p.zones) z ORDER BY z COLLATE "C") AS zones,
                   NOT EXISTS (SELECT FROM do_not_call d WHERE d.e164 = p.e164 AND d.lifted_at IS NULL
                               AND (d.campaign_id IS NULL OR d.campaign_id = $2)) AS free
            FROM phone p WHERE p.customer_id = u.customer_id AND p.state = 'good'
        ) p
    ) phone
    LEFT JOIN LATERAL (
        SELECT c.id, c.busy FROM (
            SELECT c.id, c.created_at, c.state = 'live' OR coalesce(c.reserved_until > now(), false) AS busy
            FROM contact c
            WHERE c.customer_id = u.customer_id AND c.campaign_id = $2
              AND c.state IN ('pending', 'live', 'awaiting_typification', 'scheduled')
        ) c ORDER BY c.busy, c.created_at, c.id LIMIT 1
    ) open ON true
), moved AS (
    UPDATE contact c
    SET dial_list_id = $1, position = $5 + a.ord - 1, reserved_by = NULL, reserved_until = NULL,
        zone_key = coalesce(a.zone, array_to_string(ARRAY(
            SELECT z FROM phone p, unnest(p.zones) z WHERE p.customer_id = c.customer_id AND p.position = c.cursor
            ORDER BY z COLLATE "C"), '|'))
    FROM asked a
    WHERE $8 = 'move' AND c.id = a.open_id AND NOT a.busy AND NOT a.in_list AND a.position IS NOT NULL
    RETURNING c.id
), queued AS (
    INSERT INTO contact (id, dial_list_id, campaign_id, customer_id, priority, position, next_at, zone_key, cursor,
                         created_at, again)
    SELECT contact_id, $1, $2, customer_id, $7, $5 + ord - 1, $6, coalesce(zone, zones, ''), position, $6,
           open_id IS NOT NULL
    FROM asked WHERE position IS NOT NULL AND NOT in_list AND (open_id IS NULL OR $8 = 'allow')
    ORDER BY customer_id
    ON CONFLICT DO NOTHING
    RETURNING customer_id
)
SELECT (SELECT count(*) FROM queued) AS queued, (SELECT count(*) FROM moved) AS moved,
       count(*) FILTER (WHERE in_list) AS already_in_list,
       count(*) FILTER (WHERE NOT in_list AND NOT any_good) AS no_phone,
       count(*) FILTER (WHERE NOT in_list AND any_good AND position IS NULL) AS do_not_call,
       count(*) FILTER (WHERE NOT in_list AND position IS NOT NULL) - (SELECT count(*) FROM queued)
           - (SELECT count(*) FROM moved) AS already_open
FROM asked

-- name: keep_refresh
INSERT INTO list_refresh (dial_list_id, filter, schedule, next_at, created_at, same_customer)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (dial_list_id) DO UPDATE
SET filter = excluded.filter, schedule = excluded.schedule, next_at = excluded.next_at,
    same_customer = excluded.same_customer, error = NULL

-- name: stop_refresh
UPDATE list_refresh SET next_at = NULL WHERE dial_list_id = $1 RETURNING dial_list_id

-- name: refresh_of
SELECT * FROM list_refresh WHERE dial_list_id = $1

-- name: due_refreshes
SELECT dial_list_id, filter, schedule, same_customer FROM list_refresh
WHERE next_at <= $1
ORDER BY next_at, dial_list_id LIMIT $2
FOR UPDATE SKIP LOCKED

-- name: refreshed
UPDATE list_refresh SET last_at = $2, next_at = $3, last_sent = $4, error = $5 WHERE dial_list_id = $1
