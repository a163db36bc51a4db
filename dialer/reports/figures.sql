-- Each query sums one table by the dimensions that are switched on; the others are NULL. {table} and {agent} come from
-- a closed set in figures.py: with the agent as a dimension or a condition the tables per agent are read.
-- $1 from, $2 to, $3 campaigns, $4 lists, $5 agents, $6 kinds (NULL: all of them), $7 zone,
-- $8 by campaign, $9 by list, $10 by agent, $11 by hour, $12 by day, $13 by weekday, $14 by hour of the day, $15 limit.

-- name: calls
SELECT CASE WHEN $8::boolean THEN r.campaign_id END AS campaign_id,
       CASE WHEN $9::boolean THEN r.dial_list_id END AS dial_list_id,
       CASE WHEN $10::boolean THEN {agent} END AS agent_id,
       CASE WHEN $11::boolean THEN r.hour END AS hour,
       CASE WHEN $12::boolean THEN (r.hour AT TIME ZONE $7)::date END AS day,
       CASE WHEN $13::boolean THEN extract(isodow FROM r.hour AT TIME ZONE $7)::int END AS weekday,
       CASE WHEN $14::boolean THEN extract(hour FROM r.hour AT TIME ZONE $7)::int END AS hour_of_day,
       {outcomes},
       sum(r.ring_ms)::bigint AS ring_ms, sum(r.wait_ms)::bigint AS wait_ms, sum(r.talk_ms)::bigint AS talk_ms,
       coalesce(sum(r.attempts) FILTER (WHERE r.kind = 'dialled' AND r.outcome = 'connected'), 0)::bigint
           AS paced_connected,
       coalesce(sum(r.attempts) FILTER (WHERE r.kind = 'dialled' AND r.outcome = 'abandoned'), 0)::bigint
           AS paced_abandoned
FROM {table} r
WHERE r.hour >= $1 AND r.hour < $2
  AND ($3::uuid[] IS NULL OR r.campaign_id = ANY ($3))
  AND ($4::uuid[] IS NULL OR r.dial_list_id = ANY ($4))
  AND ($5::uuid[] IS NULL OR {agent} = ANY ($5))
  AND ($6::text[] IS NULL OR r.kind = ANY ($6))
GROUP BY 1, 2, 3, 4, 5, 6, 7
ORDER BY 1, 2, 3, 4, 5, 6, 7
LIMIT $15

-- name: results
-- $6 is not asked here: an interaction has no kind of its own. A path has every class any of its levels has, and the
-- measure of its deepest level that has one.
WITH RECURSIVE chain AS (
    SELECT id AS leaf, parent_id, level, classes, measure FROM result
    UNION ALL
    SELECT c.leaf, p.parent_id, p.level, p.classes, p.measure FROM chain c JOIN result p ON p.id = c.parent_id
), said AS MATERIALIZED (
    SELECT leaf,
           bool_or(classes && '{right_party,success}') AS right_party,
           bool_or('success' = ANY (classes)) AS success,
           bool_or('machine' = ANY (classes)) AS machine,
           coalesce((array_agg(measure ORDER BY level DESC) FILTER (WHERE measure IS NOT NULL))[1], 0) AS measure
    FROM chain GROUP BY leaf
)
SELECT CASE WHEN $8::boolean THEN r.campaign_id END AS campaign_id,
       CASE WHEN $9::boolean THEN r.dial_list_id END AS dial_list_id,
       CASE WHEN $10::boolean THEN {agent} END AS agent_id,
       CASE WHEN $11::boolean THEN r.hour END AS hour,
       CASE WHEN $12::boolean THEN (r.hour AT TIME ZONE $7)::date END AS day,
       CASE WHEN $13::boolean THEN extract(isodow FROM r.hour AT TIME ZONE $7)::int END AS weekday,
       CASE WHEN $14::boolean THEN extract(hour FROM r.hour AT TIME ZONE $7)::int END AS hour_of_day,
       sum(r.interactions)::bigint AS interactions,
       coalesce(sum(r.interactions) FILTER (WHERE r.result_id IS NULL), 0)::bigint AS untypified,
       coalesce(sum(r.interactions) FILTER (WHERE s.right_party), 0)::bigint AS right_party,
       coalesce(sum(r.interactions) FILTER (WHERE s.success), 0)::bigint AS successes,
       coalesce(sum(r.interactions) FILTER (WHERE s.machine), 0)::bigint AS machines_met,
       coalesce(sum(r.interactions * s.measure), 0) AS measure
FROM {table} r LEFT JOIN said s ON s.leaf = r.result_id
WHERE r.hour >= $1 AND r.hour < $2
  AND ($3::uuid[] IS NULL OR r.campaign_id = ANY ($3))
  AND ($4::uuid[] IS NULL OR r.dial_list_id = ANY ($4))
  AND ($5::uuid[] IS NULL OR {agent} = ANY ($5))
  AND ($6::text[] IS NULL OR true)
GROUP BY 1, 2, 3, 4, 5, 6, 7
ORDER BY 1, 2, 3, 4, 5, 6, 7
LIMIT $15

-- name: time
-- Agents' time knows neither list nor kind of call: not asked with these.
SELECT CASE WHEN $8::boolean THEN r.campaign_id END AS campaign_id,
       CASE WHEN $9::boolean THEN NULL::uuid END AS dial_list_id,
       CASE WHEN $10::boolean THEN r.agent_id END AS agent_id,
       CASE WHEN $11::boolean THEN r.hour END AS hour,
       CASE WHEN $12::boolean THEN (r.hour AT TIME ZONE $7)::date END AS day,
       CASE WHEN $13::boolean THEN extract(isodow FROM r.hour AT TIME ZONE $7)::int END AS weekday,
       CASE WHEN $14::boolean THEN extract(hour FROM r.hour AT TIME ZONE $7)::int END AS hour_of_day,
       sum(r.ready_ms)::bigint AS ready_ms, sum(r.talk_ms)::bigint AS talking_ms,
       sum(r.wrapup_ms)::bigint AS wrapup_ms, sum(r.paused_ms)::bigint AS paused_ms,
       sum(r.other_ms)::bigint AS other_ms
FROM report_agent_hour r
WHERE r.hour >= $1 AND r.hour < $2
  AND ($3::uuid[] IS NULL OR r.campaign_id = ANY ($3))
  AND ($4::uuid[] IS NULL OR true)
  AND ($5::uuid[] IS NULL OR r.agent_id = ANY ($5))
  AND ($6::text[] IS NULL OR true)
GROUP BY 1, 2, 3, 4, 5, 6, 7
ORDER BY 1, 2, 3, 4, 5, 6, 7
LIMIT $15

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
