-- name: settle_facts
-- A row per contact, locked in the order of ids, with its customer's phones as parallel arrays.
-- The LIMIT ($3, how many) only tells the planner that a batch is small.
SELECT c.id, c.state, c.cursor, c.position, c.next_at, c.attempts, c.retries, c.agent_id, c.zone_key,
       l.deleted_at IS NOT NULL AS list_deleted, coalesce(l.expires_at <= $2, false) AS list_expired,
       k.zone AS customer_zone, coalesce(l.zone, b.zone) AS list_zone,
       p.positions, p.states, p.attempts AS phone_attempts, p.zones, p.do_not_call
FROM (SELECT unnest($1::uuid[]) AS id LIMIT $3) asked
JOIN contact c ON c.id = asked.id
JOIN dial_list l ON l.id = c.dial_list_id
JOIN base b ON b.id = l.base_id
JOIN customer k ON k.id = c.customer_id
CROSS JOIN LATERAL (
    SELECT array_agg(p.position) AS positions, array_agg(p.state) AS states, array_agg(p.attempts) AS attempts,
           array_agg(p.zones) AS zones, array_agg(p.do_not_call) AS do_not_call
    FROM (
        SELECT p.position, p.state, coalesce(n.attempts, 0) AS attempts, array_to_string(p.zones, '|') AS zones,
               EXISTS (SELECT FROM do_not_call d WHERE d.e164 = p.e164 AND d.lifted_at IS NULL
                       AND (d.campaign_id IS NULL OR d.campaign_id = c.campaign_id)) AS do_not_call
        FROM phone p
        LEFT JOIN contact_phone n ON n.contact_id = c.id AND n.e164 = p.e164
        WHERE p.customer_id = c.customer_id
        ORDER BY p.position
    ) p
) p
ORDER BY c.id
FOR UPDATE OF c

-- name: settle
UPDATE contact c
SET state = u.state, cursor = u.cursor, position = u.position, next_at = u.next_at, retries = u.retries,
    agent_id = u.agent_id, zone_key = u.zone_key, reserved_by = NULL, reserved_until = NULL,
    final_reason = nullif(u.reason, ''), finished_at = CASE WHEN u.reason <> '' THEN $10::timestamptz END
FROM (SELECT * FROM unnest($1::uuid[], $2::text[], $3::smallint[], $4::bigint[], $5::timestamptz[], $6::jsonb[],
                           $7::uuid[], $8::text[], $9::text[]) LIMIT $11)
     AS u (id, state, cursor, position, next_at, retries, agent_id, zone_key, reason)
WHERE c.id = u.id

-- name: release_scheduled
-- The number decides the cursor; one that is not the customer's releases nothing.
UPDATE contact c
SET state = 'pending', agent_id = u.agent_id, next_at = $4, cursor = p.position,
    zone_key = CASE WHEN coalesce(k.zone, l.zone, b.zone) IS NOT NULL THEN coalesce(k.zone, l.zone, b.zone)
                    ELSE array_to_string(ARRAY(SELECT z FROM unnest(p.zones) z ORDER BY z COLLATE "C"), '|') END
FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS u (id, e164, agent_id),
     phone p, customer k, dial_list l, base b
WHERE c.id = u.id
  AND (c.state = 'scheduled' OR ($5 AND c.state = 'pending' AND (c.reserved_until IS NULL OR c.reserved_until <= now())))
  AND p.customer_id = c.customer_id AND p.e164 = u.e164
  AND k.id = c.customer_id AND l.id = c.dial_list_id AND b.id = l.base_id AND l.deleted_at IS NULL
RETURNING c.id

-- name: stranded
SELECT c.id FROM dial_list l JOIN contact c ON c.dial_list_id = l.id
WHERE l.campaign_id = $1 AND c.state = 'live'
  AND NOT EXISTS (SELECT FROM live_attempt a WHERE a.contact_id = c.id)
ORDER BY c.id

-- name: add_contact
-- $12: a customer who is open in the campaign may be there once more.
INSERT INTO contact (id, dial_list_id, campaign_id, customer_id, priority, position, next_at, zone_key, agent_id,
                     data, created_at, again)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, open.there
FROM (SELECT EXISTS (SELECT FROM contact c WHERE c.customer_id = $4 AND c.campaign_id = $3
                     AND c.state IN ('pending', 'live', 'awaiting_typification', 'scheduled')) AS there) open
WHERE $12 OR NOT open.there
ON CONFLICT DO NOTHING
RETURNING id

-- name: move_contact
-- To list $3, as add_contact would have put it there; attempts, phone and call-back come along, and no wait is
-- shortened. Nothing where it is in a call, or about to be.
WITH found AS (
    SELECT id FROM contact
    WHERE customer_id = $1 AND campaign_id = $2 AND state IN ('pending', 'awaiting_typification', 'scheduled')
      AND (reserved_until IS NULL OR reserved_until <= now())
    ORDER BY created_at, id LIMIT 1
    FOR UPDATE SKIP LOCKED
)
UPDATE contact c
SET dial_list_id = $3, priority = $4, position = $5, next_at = greatest(c.next_at, $6),
    agent_id = coalesce($7, c.agent_id), data = c.data || $8, reserved_by = NULL, reserved_until = NULL,
    zone_key = coalesce(k.zone, l.zone, b.zone, array_to_string(ARRAY(
        SELECT z FROM phone p, unnest(p.zones) z WHERE p.customer_id = $1 AND p.position = c.cursor
        ORDER BY z COLLATE "C"), '|'))
FROM found, customer k, dial_list l JOIN base b ON b.id = l.base_id
WHERE c.id = found.id AND k.id = $1 AND l.id = $3
RETURNING c.id
