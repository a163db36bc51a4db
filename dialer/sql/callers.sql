-- name: last_dialled
-- Read only: the attempts belong to the lists room. Who dialled this number last, and who talked with it.
SELECT campaign_id, customer_id, agent_id
FROM attempt
WHERE e164 = $1 AND campaign_id IS NOT NULL
ORDER BY begun_at DESC
LIMIT 1;

-- name: of_attempt
SELECT id, begun_at, campaign_id, customer_id, contact_id, agent_id, e164 FROM attempt WHERE id = ANY ($1::uuid[]);

-- name: retries
SELECT id, retries FROM contact WHERE id = ANY ($1::uuid[]);
