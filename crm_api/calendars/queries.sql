-- name: keep
INSERT INTO agenda_feed (agent_id, secret_hash, created_at) VALUES ($1, $2, $3)
ON CONFLICT (agent_id) DO UPDATE SET secret_hash = excluded.secret_hash, created_at = excluded.created_at

-- name: forget
DELETE FROM agenda_feed WHERE agent_id = $1

-- name: whose
SELECT agent_id FROM agenda_feed WHERE secret_hash = $1
