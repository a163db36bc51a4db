-- name: create
INSERT INTO agent (id, code, name, line, dial, auto_answer, server, enabled, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: names
SELECT id, coalesce(nullif(name, ''), code) AS name FROM agent WHERE id = ANY ($1);

-- name: page
SELECT agent.*, coalesce(array_agg(ac.campaign_id) FILTER (WHERE ac.campaign_id IS NOT NULL), '{}') AS campaign_ids
FROM agent LEFT JOIN agent_campaign ac ON ac.agent_id = agent.id
WHERE ($1::uuid[] IS NULL OR agent.id = ANY ($1))
  AND ($2::uuid[] IS NULL OR EXISTS (
        SELECT FROM agent_campaign only_of WHERE only_of.agent_id = agent.id AND only_of.campaign_id = ANY ($2)))
GROUP BY agent.id
ORDER BY agent.code
LIMIT $3 OFFSET $4;

-- name: edit
UPDATE agent
SET code = $2, name = $3, line = $4, dial = $5, auto_answer = $6, server = $7, enabled = $8
WHERE id = $1;

-- name: join_campaigns
INSERT INTO agent_campaign (agent_id, campaign_id) SELECT $1, unnest($2::uuid[]) ON CONFLICT DO NOTHING;

-- name: leave_campaigns
DELETE FROM agent_campaign WHERE agent_id = $1 AND NOT campaign_id = ANY ($2::uuid[]);

-- name: presences
SELECT * FROM agent_presence
WHERE CASE WHEN $1::uuid[] IS NULL THEN state <> 'logged_out' ELSE agent_id = ANY ($1) END;

-- name: save_presences
INSERT INTO agent_presence (agent_id, state, reason, since, logged_in_at, channel, attempt_id, attempt_at, pending,
                            wrapup_until, came)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::text[], $7::uuid[],
                     $8::timestamptz[], $9::text[], $10::timestamptz[], $11::text[])
ON CONFLICT (agent_id) DO UPDATE
SET state = excluded.state, reason = excluded.reason, since = excluded.since, logged_in_at = excluded.logged_in_at,
    channel = excluded.channel, attempt_id = excluded.attempt_id, attempt_at = excluded.attempt_at,
    pending = excluded.pending, wrapup_until = excluded.wrapup_until, came = excluded.came;

-- name: log
-- One statement for all: its trigger (see the reports) runs once. A stay that was committed, and whose answer was
-- lost, is told again; a hold may begin together with its talk.
INSERT INTO agent_log (agent_id, state, reason, campaign_id, from_at, to_at)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::timestamptz[], $6::timestamptz[])
    AS stay (agent_id, state, reason, campaign_id, from_at, to_at)
WHERE NOT EXISTS (SELECT FROM agent_log known
                  WHERE known.agent_id = stay.agent_id AND known.from_at = stay.from_at AND known.state = stay.state);
