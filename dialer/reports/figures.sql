-- Summed in two steps: first by the columns as they stand, which is cheap over millions of rows, then by what is made
-- of them (days, weekdays). What stands in braces comes from closed sets in figures.py; with the agent as a dimension
-- or a condition the tables per agent are read.
-- $1 from, $2 to, $3 campaigns, $4 lists, $5 agents, $6 kinds (NULL: all of them), $7 zone, $8 limit.

-- name: calls
SELECT {keys} {outcomes},
       coalesce(sum(attempts) FILTER (WHERE paced AND outcome = 'connected'), 0)::bigint AS paced_connected,
       coalesce(sum(attempts) FILTER (WHERE paced AND outcome = 'abandoned'), 0)::bigint AS paced_abandoned,
       sum(ring_ms)::bigint AS ring_ms, sum(wait_ms)::bigint AS wait_ms, sum(talk_ms)::bigint AS talk_ms,
       sum(interactions)::bigint AS interactions, sum(untypified)::bigint AS untypified,
       sum(right_party)::bigint AS right_party, sum(successes)::bigint AS successes,
       sum(machines_met)::bigint AS machines_met, sum(measure) AS measure
FROM (
    SELECT {columns} r.kind = 'dialled' AS paced, r.outcome, sum(r.attempts) AS attempts,
           sum(r.ring_ms) AS ring_ms, sum(r.wait_ms) AS wait_ms, sum(r.talk_ms) AS talk_ms,
           sum(r.interactions) AS interactions, sum(r.untypified) AS untypified, sum(r.right_party) AS right_party,
           sum(r.successes) AS successes, sum(r.machines_met) AS machines_met, sum(r.measure) AS measure
    FROM {table} r
    WHERE r.hour >= $1 AND r.hour < $2
      AND ($3::uuid[] IS NULL OR r.campaign_id = ANY ($3))
      AND ($4::uuid[] IS NULL OR r.dial_list_id = ANY ($4))
      AND ($5::uuid[] IS NULL OR {agent} = ANY ($5))
      AND ($6::text[] IS NULL OR r.kind = ANY ($6))
    GROUP BY {columns} r.kind = 'dialled', r.outcome
) sums
WHERE $7::text IS NOT NULL
{grouped}
LIMIT $8

-- name: time
-- Agents' time knows neither list nor kind of call: not asked with these.
SELECT {keys}
       sum(ready_ms)::bigint AS ready_ms, sum(talk_ms)::bigint AS talking_ms, sum(wrapup_ms)::bigint AS wrapup_ms,
       sum(paused_ms)::bigint AS paused_ms, sum(other_ms)::bigint AS other_ms
FROM (
    SELECT {columns} sum(r.ready_ms) AS ready_ms, sum(r.talk_ms) AS talk_ms, sum(r.wrapup_ms) AS wrapup_ms,
           sum(r.paused_ms) AS paused_ms, sum(r.other_ms) AS other_ms
    FROM report_agent_hour r
    WHERE r.hour >= $1 AND r.hour < $2
      AND ($3::uuid[] IS NULL OR r.campaign_id = ANY ($3))
      AND ($4::uuid[] IS NULL OR true)
      AND ($5::uuid[] IS NULL OR r.agent_id = ANY ($5))
      AND ($6::text[] IS NULL OR true)
    GROUP BY {columns} ()
) sums
WHERE $7::text IS NOT NULL
{grouped}
LIMIT $8

-- name: shares
SELECT r.result_id, sum(r.interactions)::bigint AS interactions
FROM {table} r
WHERE r.hour >= $1 AND r.hour < $2
  AND ($3::uuid[] IS NULL OR r.campaign_id = ANY ($3))
  AND ($4::uuid[] IS NULL OR r.dial_list_id = ANY ($4))
  AND ($5::uuid[] IS NULL OR {agent} = ANY ($5))
GROUP BY 1

-- name: results_named
-- The results and those above them, retired ones included.
WITH RECURSIVE chain AS (
    SELECT id, parent_id, level, name, ordinal FROM result WHERE id = ANY ($1)
    UNION
    SELECT p.id, p.parent_id, p.level, p.name, p.ordinal FROM chain c JOIN result p ON p.id = c.parent_id
)
SELECT * FROM chain ORDER BY level, ordinal, name, id

-- name: abandonment
-- From the live counters, not from the sums: the law's window has no delay.
SELECT campaign_id,
       coalesce(sum(connected) FILTER (WHERE hour >= $2), 0)::bigint AS day_connected,
       coalesce(sum(abandoned) FILTER (WHERE hour >= $2), 0)::bigint AS day_abandoned,
       sum(connected)::bigint AS month_connected, sum(abandoned)::bigint AS month_abandoned
FROM campaign_hour
WHERE hour >= $3 AND ($1::uuid[] IS NULL OR campaign_id = ANY ($1))
GROUP BY campaign_id
ORDER BY campaign_id
