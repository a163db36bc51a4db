-- name: count
-- The filter is compiled in; its parameters follow those of the query. A LIMIT of NULL is none.
SELECT count(*) FROM (SELECT FROM customer k WHERE {filter} ORDER BY k.id LIMIT $1) matched

-- name: page
SELECT id FROM (
    SELECT k.id, k.folded, k.document, k.key, k.created_at, k.updated_at
    FROM customer k WHERE {filter} ORDER BY k.id LIMIT $1
) matched
ORDER BY {order} LIMIT $2 OFFSET $3

-- name: bases
-- The bases of those who match; two are enough to know that it is not one.
SELECT DISTINCT base_id FROM (
    SELECT k.base_id FROM customer k WHERE {filter} ORDER BY k.id LIMIT $1
) matched LIMIT 2

-- name: save
INSERT INTO saved_filter (id, name, user_id, filter, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)
ON CONFLICT DO NOTHING
RETURNING *

-- name: saved
SELECT * FROM saved_filter WHERE id = $1 AND (user_id IS NULL OR user_id = $2)

-- name: saved_page
SELECT * FROM saved_filter WHERE user_id IS NULL OR user_id = $1 ORDER BY name, id LIMIT $2 OFFSET $3

-- name: edit_saved
UPDATE saved_filter SET name = $3, filter = $4, updated_at = $5, revision = revision + 1
WHERE id = $1 AND (user_id IS NULL OR user_id = $2) AND ($6::bigint IS NULL OR revision = $6)
RETURNING *

-- name: remove_saved
DELETE FROM saved_filter WHERE id = $1 AND (user_id IS NULL OR user_id = $2) RETURNING id
