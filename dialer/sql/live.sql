-- name: floor_agents
SELECT agent_id, state, since, reason, pending, attempt_id, wrapup_until
FROM agent_presence
WHERE state <> 'logged_out' AND ($1::uuid[] IS NULL OR EXISTS (
    SELECT FROM agent_campaign ac WHERE ac.agent_id = agent_presence.agent_id AND ac.campaign_id = ANY ($1)))
ORDER BY agent_id;

-- name: floor_calls
-- Read only: the live calls belong to the lists room.
SELECT l.attempt_id, l.begun_at, l.e164, l.state, l.updated_at, l.campaign_id, l.contact_id, l.customer_id,
       l.agent_id, coalesce(h.state, '') AS handling, coalesce(h.third, '') AS third
FROM live_attempt l
LEFT JOIN call_handling h ON h.attempt_id = l.attempt_id
WHERE $1::uuid[] IS NULL OR l.campaign_id = ANY ($1)
ORDER BY l.begun_at;

-- name: handling
-- Of an agent's own call: once it is given away it is not the agent's any more.
SELECT state, third FROM call_handling WHERE attempt_id = $1 AND agent_id = $2;

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

-- name: figures_of_today
-- Of the day in each campaign's own zone, from the hour of UTC it begins in.
SELECT h.campaign_id, sum(h.attempts)::bigint AS attempts, sum(h.answered)::bigint AS answered,
       sum(h.machines)::bigint AS machines, sum(h.connected)::bigint AS connected,
       sum(h.abandoned)::bigint AS abandoned, sum(h.gone)::bigint AS gone
FROM campaign c
CROSS JOIN LATERAL (SELECT coalesce(c.settings ->> 'zone', 'UTC') AS zone) z
JOIN campaign_hour h ON h.campaign_id = c.id
    AND h.hour >= date_trunc('hour', date_trunc('day', $2 AT TIME ZONE z.zone) AT TIME ZONE z.zone, 'UTC')
WHERE $1::uuid[] IS NULL OR c.id = ANY ($1)
GROUP BY h.campaign_id;
