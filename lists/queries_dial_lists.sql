-- name: create_base
INSERT INTO base (id, name, key_columns, region, zone, created_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING RETURNING id

-- name: bases
SELECT b.id, b.name, b.key_columns, b.region, b.zone, b.created_at,
       (SELECT count(*) FROM customer k WHERE k.base_id = b.id AND k.deleted_at IS NULL) AS customers
FROM base b WHERE b.deleted_at IS NULL AND ($1::uuid IS NULL OR b.id = $1) AND ($2::text IS NULL OR b.name = $2)
ORDER BY b.name, b.id LIMIT $3 OFFSET $4

-- name: try_lock_base
-- False: a file is on its way into the base, or it is being given another key.
SELECT pg_try_advisory_xact_lock(hashtextextended('load into ' || $1::text, 0))

-- name: delete_base
UPDATE base SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL RETURNING id

-- name: delete_customers
UPDATE customer SET deleted_at = $2 WHERE base_id = $1 AND deleted_at IS NULL

-- name: lists_of_base
SELECT id FROM dial_list WHERE base_id = $1 AND deleted_at IS NULL ORDER BY id

-- name: end_base_contacts
UPDATE contact c SET state = 'removed', final_reason = 'base_deleted', finished_at = $2,
                     reserved_by = NULL, reserved_until = NULL
FROM customer k
WHERE k.id = c.customer_id AND k.base_id = $1 AND c.state IN ('pending', 'awaiting_typification', 'scheduled')
RETURNING c.id

-- name: create_list
INSERT INTO dial_list (id, campaign_id, base_id, name, zone, priority, ready, expires_at, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT DO NOTHING RETURNING id

-- name: lists
SELECT l.id, l.campaign_id, l.base_id, l.name, l.zone, coalesce(l.zone, b.zone) AS effective_zone, l.priority,
       l.paused, l.ready, l.expires_at, l.created_at
FROM dial_list l JOIN base b ON b.id = l.base_id
WHERE l.deleted_at IS NULL AND ($1::uuid IS NULL OR l.id = $1) AND ($2::uuid IS NULL OR l.campaign_id = $2)
  AND ($3::text IS NULL OR l.name = $3)
ORDER BY l.priority, l.created_at, l.id

-- name: list_names
-- Of deleted ones, too: their past is still told.
SELECT id, name FROM dial_list WHERE id = ANY ($1)

-- name: pause
UPDATE dial_list SET paused = $2 WHERE id = $1 AND deleted_at IS NULL RETURNING id

-- name: set_priority
UPDATE dial_list SET priority = $2 WHERE id = $1 AND deleted_at IS NULL RETURNING id

-- name: rename
UPDATE dial_list SET name = $2 WHERE id = $1 AND deleted_at IS NULL RETURNING id

-- name: set_expiry
UPDATE dial_list SET expires_at = $2 WHERE id = $1 AND deleted_at IS NULL RETURNING id

-- name: delete_list
UPDATE dial_list SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL RETURNING id

-- name: end_list_contacts
-- $3 the final state, $4 why. Live calls finish; settling ends their contacts.
UPDATE contact SET state = $3, final_reason = $4, finished_at = $2, reserved_by = NULL, reserved_until = NULL
WHERE dial_list_id = $1 AND state IN ('pending', 'awaiting_typification', 'scheduled')
RETURNING id

-- name: forget_load
-- The file of a deleted list may be loaded again.
UPDATE load SET file_hash = file_hash || ' deleted ' || id WHERE dial_list_id = $1 AND state = 'done'

-- name: forget_loads_of_base
-- Those of several campaigns, too, which name no list.
UPDATE load SET file_hash = file_hash || ' deleted ' || id
WHERE base_id = $1 AND dial_list_id IS NULL AND campaign_id IS NULL AND state = 'done'

-- name: campaigns_of_base
SELECT DISTINCT campaign_id FROM dial_list WHERE base_id = $1 AND deleted_at IS NULL

-- name: expired
SELECT l.id FROM dial_list l
WHERE l.expires_at <= $1 AND l.deleted_at IS NULL
  AND EXISTS (SELECT FROM contact c WHERE c.dial_list_id = l.id
              AND c.state IN ('pending', 'awaiting_typification', 'scheduled'))

-- name: progress
SELECT dial_list_id, state, coalesce(final_reason, '') AS reason, attempts > 0 AS tried, count(*) AS contacts
FROM contact WHERE dial_list_id = ANY ($1) GROUP BY 1, 2, 3, 4

-- name: export
SELECT k.key, k.document, k.name, c.state, coalesce(c.final_reason, '') AS reason, c.attempts,
       coalesce(c.last_outcome, '') AS last_outcome, c.last_at, c.next_at, c.priority, k.data, p.e164s
FROM contact c
JOIN customer k ON k.id = c.customer_id
CROSS JOIN LATERAL (
    SELECT array_agg(p.e164 ORDER BY p.position) AS e164s FROM phone p WHERE p.customer_id = k.id
) p
WHERE c.dial_list_id = $1
ORDER BY c.position, c.id

-- name: data_fields
-- Every extra column that anybody of the list has.
SELECT DISTINCT f
FROM contact c JOIN customer k ON k.id = c.customer_id, jsonb_object_keys(k.data) f
WHERE c.dial_list_id = $1 ORDER BY f
