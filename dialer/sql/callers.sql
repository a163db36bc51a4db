-- name: last_dialled
-- Read only: the attempts belong to the lists room. For which campaign this number was called last.
SELECT campaign_id, customer_id
FROM attempt
WHERE e164 = $1 AND campaign_id IS NOT NULL AND kind <> 'inbound'
ORDER BY begun_at DESC
LIMIT 1;

-- name: last_talk
-- Read only. Which agent talked last with this number for the campaign (NULL: for any).
SELECT agent_id
FROM attempt
WHERE e164 = $1 AND ($2::uuid IS NULL OR campaign_id = $2) AND connected_at IS NOT NULL AND agent_id IS NOT NULL
ORDER BY begun_at DESC
LIMIT 1;

-- name: of_attempt
SELECT id, begun_at, campaign_id, customer_id, contact_id, agent_id, e164 FROM attempt WHERE id = ANY ($1::uuid[]);

-- name: retries
SELECT id, retries FROM contact WHERE id = ANY ($1::uuid[]);
