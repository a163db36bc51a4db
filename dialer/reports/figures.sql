-- What stands in braces comes from closed sets in figures.py. Local days and hours are worked out once for each hour
-- of the time asked about, never for each row.
-- $1 from, $2 to, $3 campaigns, $4 lists, $5 agents, $6 kinds (NULL: all of them), $7 zone, $8 limit; per agent whole
-- days of UTC are read between $9 and $10.

-- name: hours
-- Materialized: folded into the query, a zone would be asked about for every row of sums.
hours AS MATERIALIZED (
    SELECT hour, (hour AT TIME ZONE $7::text)::date AS day,
           extract(isodow FROM hour AT TIME ZONE $7::text)::int AS weekday,
           extract(hour FROM hour AT TIME ZONE $7::text)::int AS hour_of_day
    FROM generate_series($1::timestamptz, $2::timestamptz - interval '1 hour', interval '1 hour') AS hour
)

-- name: rows_of_hours
-- $9 = $10: every hour by itself. Else, where the time of day does not matter, whole days of UTC are read in between.
(
    SELECT 1 AS sign, * FROM {table}_hour WHERE hour >= $1 AND hour < $9 OR hour >= $10 AND hour < $2
    UNION ALL
    SELECT 1, * FROM {table}_day WHERE hour >= $9 AND hour < $10
) r

-- name: days
-- Local days from days of UTC. A whole day of UTC is counted as the local day it mostly lies in; the hours of it that
-- lie in another are taken away from that one (sign -1) and added to their own.
of_hours AS MATERIALIZED (
    SELECT hour, date_trunc('day', hour, 'UTC') AS midnight, (hour AT TIME ZONE $7::text)::date AS day,
           ((date_trunc('day', hour, 'UTC') + interval '12 hours') AT TIME ZONE $7::text)::date AS mostly,
           hour >= $9 AND hour < $10 AS whole
    FROM generate_series($1::timestamptz, $2::timestamptz - interval '1 hour', interval '1 hour') AS hour
), hour_parts AS MATERIALIZED (
    SELECT hour, day, 1 AS sign FROM of_hours WHERE NOT whole OR day <> mostly
    UNION ALL
    SELECT hour, mostly, -1 FROM of_hours WHERE whole AND day <> mostly
), day_parts AS MATERIALIZED (
    SELECT hour, mostly AS day, 1 AS sign FROM of_hours WHERE whole AND hour = midnight
)

-- name: rows_of_days
-- The arrays are there for the index of hours: joined alone, a year of every hour would be read.
(
    SELECT h.day, extract(isodow FROM h.day)::int AS weekday, h.sign, p.*
    FROM hour_parts h JOIN {table}_hour p USING (hour) WHERE p.hour = ANY (ARRAY(SELECT hour FROM hour_parts))
    UNION ALL
    SELECT h.day, extract(isodow FROM h.day)::int, h.sign, p.*
    FROM day_parts h JOIN {table}_day p USING (hour) WHERE p.hour = ANY (ARRAY(SELECT hour FROM day_parts))
) r

-- name: call_rows
(
    SELECT *, CASE kind WHEN 'dialled' THEN of_connected ELSE 0 END AS paced_connected,
           CASE kind WHEN 'dialled' THEN of_abandoned ELSE 0 END AS paced_abandoned
    FROM report_hour r
    WHERE r.hour >= $1 AND r.hour < $2
      AND ($3::uuid[] IS NULL OR r.campaign_id = ANY ($3))
      AND ($4::uuid[] IS NULL OR r.dial_list_id = ANY ($4))
      AND ($5::uuid[] IS NULL)
      AND ($6::text[] IS NULL OR r.kind = ANY ($6))
) r

-- name: call_rows_by_hour
-- For splits by time alone: the many rows of an hour come to one before the hour's place in the zone is asked for.
(
    SELECT r.hour,
           sum(r.of_connected) FILTER (WHERE r.kind = 'dialled') AS paced_connected,
           sum(r.of_abandoned) FILTER (WHERE r.kind = 'dialled') AS paced_abandoned,
           sum(r.of_connected) AS of_connected, sum(r.of_abandoned) AS of_abandoned, sum(r.of_machine) AS of_machine,
           sum(r.of_gone) AS of_gone, sum(r.of_busy) AS of_busy, sum(r.of_no_answer) AS of_no_answer,
           sum(r.of_declined) AS of_declined, sum(r.of_unreachable) AS of_unreachable,
           sum(r.of_congestion) AS of_congestion, sum(r.of_invalid_number) AS of_invalid_number,
           sum(r.of_failed_trunk) AS of_failed_trunk, sum(r.of_refused) AS of_refused,
           sum(r.of_cancelled) AS of_cancelled, sum(r.of_unknown) AS of_unknown, sum(r.of_played) AS of_played,
           sum(r.of_pressed) AS of_pressed, sum(r.of_opted_out) AS of_opted_out,
           sum(r.of_message_left) AS of_message_left, sum(r.of_unattended) AS of_unattended,
           sum(r.of_out_of_hours) AS of_out_of_hours, sum(r.ring_ms) AS ring_ms, sum(r.wait_ms) AS wait_ms,
           sum(r.talk_ms) AS talk_ms, sum(r.interactions) AS interactions, sum(r.untypified) AS untypified,
           sum(r.right_party) AS right_party, sum(r.successes) AS successes, sum(r.machines_met) AS machines_met,
           sum(r.measure) AS measure
    FROM report_hour r
    WHERE r.hour >= $1 AND r.hour < $2
      AND ($3::uuid[] IS NULL OR r.campaign_id = ANY ($3))
      AND ($4::uuid[] IS NULL OR r.dial_list_id = ANY ($4))
      AND ($5::uuid[] IS NULL)
      AND ($6::text[] IS NULL OR r.kind = ANY ($6))
    GROUP BY r.hour
) r

-- name: calls
WITH {hours}
SELECT {keys}
       sum(r.of_connected)::bigint AS of_connected,
       sum(r.of_abandoned)::bigint AS of_abandoned,
       sum(r.of_machine)::bigint AS of_machine,
       sum(r.of_gone)::bigint AS of_gone,
       sum(r.of_busy)::bigint AS of_busy,
       sum(r.of_no_answer)::bigint AS of_no_answer,
       sum(r.of_declined)::bigint AS of_declined,
       sum(r.of_unreachable)::bigint AS of_unreachable,
       sum(r.of_congestion)::bigint AS of_congestion,
       sum(r.of_invalid_number)::bigint AS of_invalid_number,
       sum(r.of_failed_trunk)::bigint AS of_failed_trunk,
       sum(r.of_refused)::bigint AS of_refused,
       sum(r.of_cancelled)::bigint AS of_cancelled,
       sum(r.of_unknown)::bigint AS of_unknown,
       sum(r.of_played)::bigint AS of_played,
       sum(r.of_pressed)::bigint AS of_pressed,
       sum(r.of_opted_out)::bigint AS of_opted_out,
       sum(r.of_message_left)::bigint AS of_message_left,
       sum(r.of_unattended)::bigint AS of_unattended,
       sum(r.of_out_of_hours)::bigint AS of_out_of_hours,
       coalesce(sum(r.paced_connected), 0)::bigint AS paced_connected,
       coalesce(sum(r.paced_abandoned), 0)::bigint AS paced_abandoned,
       sum(r.ring_ms)::bigint AS ring_ms, sum(r.wait_ms)::bigint AS wait_ms, sum(r.talk_ms)::bigint AS talk_ms,
       sum(r.interactions)::bigint AS interactions, sum(r.untypified)::bigint AS untypified,
       sum(r.right_party)::bigint AS right_party, sum(r.successes)::bigint AS successes,
       sum(r.machines_met)::bigint AS machines_met, sum(r.measure) AS measure
FROM {rows} {joined}
{grouped}
LIMIT $8

-- name: agent_calls
WITH {hours}
SELECT {keys}
       coalesce(sum(r.sign * r.attempts) FILTER (WHERE r.outcome = 'connected'), 0)::bigint AS of_connected,
       coalesce(sum(r.sign * r.attempts) FILTER (WHERE r.outcome = 'abandoned'), 0)::bigint AS of_abandoned,
       coalesce(sum(r.sign * r.attempts) FILTER (WHERE r.outcome = 'machine'), 0)::bigint AS of_machine,
       coalesce(sum(r.sign * r.attempts) FILTER (WHERE r.outcome = 'gone'), 0)::bigint AS of_gone,
       coalesce(sum(r.sign * r.attempts) FILTER (WHERE r.outcome = 'busy'), 0)::bigint AS of_busy,
       coalesce(sum(r.sign * r.attempts) FILTER (WHERE r.outcome = 'no_answer'), 0)::bigint AS of_no_answer,
       coalesce(sum(r.sign * r.attempts) FILTER (WHERE r.outcome = 'declined'), 0)::bigint AS of_declined,
       coalesce(sum(r.sign * r.attempts) FILTER (WHERE r.outcome = 'unreachable'), 0)::bigint AS of_unreachable,
       coalesce(sum(r.sign * r.attempts) FILTER (WHERE r.outcome = 'congestion'), 0)::bigint AS of_congestion,
       coalesce(sum(r.sign * r.attempts) FILTER (WHERE r.outcome = 'invalid_number'), 0)::bigint AS of_invalid_number,
       coalesce(sum(r.sign * r.attempts) FILTER (WHERE r.outcome = 'failed_trunk'), 0)::bigint AS of_failed_trunk,
       coalesce(sum(r.sign * r.attempts) FILTER (WHERE r.outcome = 'refused'), 0)::bigint AS of_refused,
       coalesce(sum(r.sign * r.attempts) FILTER (WHERE r.outcome = 'cancelled'), 0)::bigint AS of_cancelled,
       coalesce(sum(r.sign * r.attempts) FILTER (WHERE r.outcome = 'unknown'), 0)::bigint AS of_unknown,
       coalesce(sum(r.sign * r.attempts) FILTER (WHERE r.outcome = 'played'), 0)::bigint AS of_played,
       coalesce(sum(r.sign * r.attempts) FILTER (WHERE r.outcome = 'pressed'), 0)::bigint AS of_pressed,
       coalesce(sum(r.sign * r.attempts) FILTER (WHERE r.outcome = 'opted_out'), 0)::bigint AS of_opted_out,
       coalesce(sum(r.sign * r.attempts) FILTER (WHERE r.outcome = 'message_left'), 0)::bigint AS of_message_left,
       coalesce(sum(r.sign * r.attempts) FILTER (WHERE r.outcome = 'unattended'), 0)::bigint AS of_unattended,
       coalesce(sum(r.sign * r.attempts) FILTER (WHERE r.outcome = 'out_of_hours'), 0)::bigint AS of_out_of_hours,
       coalesce(sum(r.sign * r.attempts) FILTER (WHERE r.kind = 'dialled' AND r.outcome = 'connected'), 0)::bigint
           AS paced_connected,
       coalesce(sum(r.sign * r.attempts) FILTER (WHERE r.kind = 'dialled' AND r.outcome = 'abandoned'), 0)::bigint
           AS paced_abandoned,
       sum(r.sign * r.ring_ms)::bigint AS ring_ms, sum(r.sign * r.wait_ms)::bigint AS wait_ms, sum(r.sign * r.talk_ms)::bigint AS talk_ms,
       sum(r.sign * r.interactions)::bigint AS interactions, sum(r.sign * r.untypified)::bigint AS untypified,
       sum(r.sign * r.right_party)::bigint AS right_party, sum(r.sign * r.successes)::bigint AS successes,
       sum(r.sign * r.machines_met)::bigint AS machines_met, sum(r.sign * r.measure) AS measure
FROM {rows}
WHERE ($3::uuid[] IS NULL OR r.campaign_id = ANY ($3))
  AND ($4::uuid[] IS NULL OR r.dial_list_id = ANY ($4))
  AND ($5::uuid[] IS NULL OR r.agent_id = ANY ($5))
  AND ($6::text[] IS NULL OR r.kind = ANY ($6))
{grouped}
LIMIT $8

-- name: time
-- Agents' time knows neither list nor kind of call: not asked with these.
WITH {hours}
SELECT {keys}
       sum(r.ready_ms)::bigint AS ready_ms, sum(r.talk_ms)::bigint AS talking_ms,
       sum(r.wrapup_ms)::bigint AS wrapup_ms, sum(r.paused_ms)::bigint AS paused_ms,
       sum(r.other_ms)::bigint AS other_ms, sum(r.hold_ms)::bigint AS hold_ms
FROM report_time_hour r {joined}
WHERE r.hour >= $1 AND r.hour < $2
  AND ($3::uuid[] IS NULL OR r.campaign_id = ANY ($3))
  AND $4::uuid[] IS NULL AND $5::uuid[] IS NULL AND $6::text[] IS NULL
{grouped}
LIMIT $8

-- name: agent_time
WITH {hours}
SELECT {keys}
       sum(r.sign * r.ready_ms)::bigint AS ready_ms, sum(r.sign * r.talk_ms)::bigint AS talking_ms,
       sum(r.sign * r.wrapup_ms)::bigint AS wrapup_ms, sum(r.sign * r.paused_ms)::bigint AS paused_ms,
       sum(r.sign * r.other_ms)::bigint AS other_ms, sum(r.sign * r.hold_ms)::bigint AS hold_ms
FROM {rows}
WHERE ($3::uuid[] IS NULL OR r.campaign_id = ANY ($3))
  AND ($5::uuid[] IS NULL OR r.agent_id = ANY ($5))
  AND $4::uuid[] IS NULL AND $6::text[] IS NULL
{grouped}
LIMIT $8

-- name: shares
SELECT r.result_id, sum(r.interactions)::bigint AS interactions
FROM report_result_hour r
WHERE r.hour >= $1 AND r.hour < $2
  AND ($3::uuid[] IS NULL OR r.campaign_id = ANY ($3))
  AND ($4::uuid[] IS NULL OR r.dial_list_id = ANY ($4))
  AND $5::uuid[] IS NULL
GROUP BY 1

-- name: agent_shares
SELECT r.result_id, sum(r.interactions)::bigint AS interactions
FROM report_agent_result_hour r
WHERE r.hour >= $1 AND r.hour < $2
  AND ($3::uuid[] IS NULL OR r.campaign_id = ANY ($3))
  AND ($4::uuid[] IS NULL OR r.dial_list_id = ANY ($4))
  AND r.agent_id = ANY ($5::uuid[])
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
-- From the live counters, not from the sums: the law's window has no delay. But what agents typified as machines is in
-- the sums alone: asked for the campaigns $4.
SELECT c.campaign_id,
       coalesce(sum(c.connected) FILTER (WHERE c.hour >= $2), 0)::bigint AS day_connected,
       coalesce(sum(c.abandoned) FILTER (WHERE c.hour >= $2), 0)::bigint AS day_abandoned,
       sum(c.connected)::bigint AS month_connected, sum(c.abandoned)::bigint AS month_abandoned,
       (SELECT coalesce(sum(r.machines_met), 0) FROM report_hour r
        WHERE r.campaign_id = c.campaign_id AND r.hour >= $2 AND r.kind = 'dialled'
          AND c.campaign_id = ANY ($4::uuid[]))::bigint AS day_machines,
       (SELECT coalesce(sum(r.machines_met), 0) FROM report_hour r
        WHERE r.campaign_id = c.campaign_id AND r.hour >= $3 AND r.kind = 'dialled'
          AND c.campaign_id = ANY ($4::uuid[]))::bigint AS month_machines
FROM campaign_hour c
WHERE c.hour >= $3 AND ($1::uuid[] IS NULL OR c.campaign_id = ANY ($1))
GROUP BY c.campaign_id
ORDER BY c.campaign_id
