-- name: save
INSERT INTO call_handling (attempt_id, agent_id, state, third, since) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (attempt_id) DO UPDATE
SET agent_id = excluded.agent_id, state = excluded.state, third = excluded.third, since = excluded.since;

-- name: forget
DELETE FROM call_handling WHERE attempt_id = $1;

-- name: forget_all
DELETE FROM call_handling;
