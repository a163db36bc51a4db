-- name: create
INSERT INTO trunk (id, name, server, dial, number_format, prefix, region, caller_ids, calls_per_s, channels,
                   enabled, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::float8::numeric, $10, $11, $12)
RETURNING *;

-- name: get
SELECT * FROM trunk WHERE id = $1;

-- name: page
SELECT * FROM trunk WHERE $1::uuid[] IS NULL OR id = ANY ($1) ORDER BY name LIMIT $2 OFFSET $3;

-- name: edit
UPDATE trunk
SET name = $2, server = $3, dial = $4, number_format = $5, prefix = $6, region = $7, caller_ids = $8,
    calls_per_s = $9::float8::numeric, channels = $10, enabled = $11
WHERE id = $1
RETURNING *;

-- name: suspend
UPDATE trunk SET suspended_until = $2 WHERE id = $1;

-- name: remove
DELETE FROM trunk WHERE id = $1 RETURNING *;
