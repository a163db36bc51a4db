-- name: create
INSERT INTO speech (id, campaign_id, title, body, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5) RETURNING *;

-- name: edit
UPDATE speech SET title = $2, body = $3, updated_at = $4, revision = revision + 1
WHERE id = $1 AND ($5::bigint IS NULL OR revision = $5)
RETURNING *;

-- name: get
SELECT * FROM speech WHERE id = $1;

-- name: remove
DELETE FROM speech WHERE id = $1 RETURNING id;

-- name: of_campaign
SELECT * FROM speech WHERE campaign_id = $1 ORDER BY updated_at DESC, id DESC;
