-- name: create
INSERT INTO did (id, number, campaign_id, shared, note, created_at) VALUES ($1, $2, $3, $4, $5, $6) RETURNING *;

-- name: get
SELECT * FROM did WHERE id = $1;

-- name: page
SELECT * FROM did WHERE $1::uuid[] IS NULL OR campaign_id = ANY ($1) ORDER BY number LIMIT $2 OFFSET $3;

-- name: edit
UPDATE did SET number = $2, campaign_id = $3, shared = $4, note = $5 WHERE id = $1 RETURNING *;

-- name: remove
DELETE FROM did WHERE id = $1 RETURNING *;

-- name: dialled
-- As it was dialled before as it was read in one country or another.
SELECT * FROM did WHERE number = ANY ($1::text[]) ORDER BY array_position($1::text[], number) LIMIT 1;
