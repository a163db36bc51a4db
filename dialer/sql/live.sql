-- name: floor_agents
SELECT agent_id, state, since, reason, pending, attempt_id, wrapup_until
FROM agent_presence
WHERE state <> 'logged_out' AND ($1::uuid[] IS NULL OR EXISTS (
    SELECT FROM agent_campaign ac WHERE ac.agent_id = agent_presence.agent_id AND ac.campaign_id = ANY ($1)))
ORDER BY agent_id;

-- name: floor_calls
-- Read only: the live calls belong to the lists room.
SELECT attempt_id, begun_at, e164, state, updated_at, campaign_id, contact_id, customer_id, agent_id
FROM live_attempt
WHERE $1::uuid[] IS NULL OR campaign_id = ANY ($1)
ORDER BY begun_at;

-- name: offer
SELECT id AS attempt_id, begun_at AS attempt_at, e164, campaign_id, customer_id, contact_id,
       CASE kind WHEN 'inbound' THEN 'in' WHEN 'manual' THEN 'manual' ELSE 'out' END AS direction
FROM attempt
WHERE id = $1 AND begun_at = $2;

-- name: figures
SELECT campaign_id, sum(attempts)::bigint AS attempts, sum(answered)::bigint AS answered,
       sum(machines)::bigint AS machines, sum(connected)::bigint AS connected,
       sum(abandoned)::bigint AS abandoned, sum(gone)::bigint AS gone
FROM campaign_hour
WHERE hour >= $2 AND ($1::uuid[] IS NULL OR campaign_id = ANY ($1))
GROUP BY campaign_id;
