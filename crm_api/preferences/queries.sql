-- name: every
SELECT name, value FROM preference

-- name: keep
INSERT INTO preference (name, value, updated_by, updated_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (name) DO UPDATE
SET value = excluded.value, updated_by = excluded.updated_by, updated_at = excluded.updated_at

-- name: lock
SELECT pg_advisory_xact_lock(hashtextextended('preferences', 0))
