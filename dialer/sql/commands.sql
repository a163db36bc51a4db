-- name: submit
INSERT INTO command (id, kind, target, payload, idempotency_key, created_by, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
RETURNING *;

-- name: by_key
SELECT * FROM command WHERE idempotency_key = $1;

-- name: get
SELECT * FROM command WHERE id = $1;

-- name: queued
SELECT * FROM command WHERE state = 'queued' ORDER BY created_at, id LIMIT $1;

-- name: answer
UPDATE command c SET state = u.state, result = u.result, finished_at = $4
FROM unnest($1::uuid[], $2::text[], $3::jsonb[]) AS u (id, state, result)
WHERE c.id = u.id AND c.state = 'queued';
