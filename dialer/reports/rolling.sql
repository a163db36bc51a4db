-- name: alone
-- One roll-up at a time; another process that comes meanwhile has nothing to do.
SELECT pg_try_advisory_xact_lock(hashtextextended('report roll-up', 0))

-- name: take_marks
-- Of up to $2 hours all marks that are seen now. What is counted next is read later, so it has what they announced.
-- $3 stands for no id, so that the two sides can be hashed.
WITH due AS MATERIALIZED (
    SELECT DISTINCT id, hour FROM report_mark WHERE what = $1 ORDER BY hour DESC LIMIT $2
), taken AS (
    DELETE FROM report_mark m USING due d
    WHERE m.what = $1 AND m.hour = d.hour AND coalesce(m.id, $3) = coalesce(d.id, $3)
)
SELECT id, hour FROM due

-- name: forget_calls
-- The bare comparison of hours is the one the index answers.
DELETE FROM report_hour r
WHERE r.hour = ANY ($2) AND EXISTS (SELECT FROM unnest($1::uuid[], $2::timestamptz[]) AS m (id, hour)
                                    WHERE m.hour = r.hour AND m.id IS NOT DISTINCT FROM r.campaign_id)

-- name: forget_agent_calls
DELETE FROM report_agent_call_hour r
WHERE r.hour = ANY ($2) AND EXISTS (SELECT FROM unnest($1::uuid[], $2::timestamptz[]) AS m (id, hour)
                                    WHERE m.hour = r.hour AND m.id IS NOT DISTINCT FROM r.campaign_id)

-- name: count_calls
-- A path of results has every class any of its levels has, and the measure of its deepest level that has one.
WITH RECURSIVE chain AS (
    SELECT id AS leaf, parent_id, level, classes, measure FROM result
    UNION ALL
    SELECT c.leaf, p.parent_id, p.level, p.classes, p.measure FROM chain c JOIN result p ON p.id = c.parent_id
), said AS MATERIALIZED (
    SELECT leaf,
           bool_or(classes && '{right_party,success}')::int AS right_party,
           bool_or('success' = ANY (classes))::int AS success,
           bool_or('machine' = ANY (classes))::int AS machine,
           (array_agg(measure ORDER BY level DESC) FILTER (WHERE measure IS NOT NULL))[1] AS measure
    FROM chain GROUP BY leaf
), parts AS (
    SELECT m.hour, m.id AS campaign_id, a.dial_list_id, a.agent_id, a.kind, coalesce(a.outcome, 'unknown') AS outcome,
           1 AS attempts,
           extract(epoch FROM coalesce(a.answered_at, a.ended_at) - a.ringing_at) AS ring_s,
           extract(epoch FROM a.connected_at - a.answered_at) AS wait_s,
           extract(epoch FROM a.ended_at - a.connected_at) AS talk_s,
           0 AS interactions, 0 AS untypified, 0 AS right_party, 0 AS success, 0 AS machine, 0::numeric AS measure
    FROM unnest($1::uuid[], $2::timestamptz[]) AS m (id, hour)
    CROSS JOIN LATERAL (
        SELECT * FROM attempt
        WHERE campaign_id = m.id AND begun_at >= m.hour AND begun_at < m.hour + interval '1 hour'
        UNION ALL
        SELECT * FROM attempt
        WHERE m.id IS NULL AND campaign_id IS NULL AND begun_at >= m.hour AND begun_at < m.hour + interval '1 hour'
    ) a
    WHERE a.ended_at IS NOT NULL
    UNION ALL
    SELECT m.hour, m.id, a.dial_list_id, i.agent_id, coalesce(a.kind, ''),
           CASE WHEN a.id IS NULL THEN '' ELSE 'connected' END,
           0, 0, 0, 0,
           1, (i.result_id IS NULL)::int, coalesce(s.right_party, 0), coalesce(s.success, 0), coalesce(s.machine, 0),
           coalesce(s.measure, 0)
    FROM unnest($1::uuid[], $2::timestamptz[]) AS m (id, hour)
    CROSS JOIN LATERAL (
        SELECT *, result_ids[cardinality(result_ids)] AS result_id FROM interaction
        WHERE campaign_id = m.id
          AND coalesce(attempt_at, created_at) >= m.hour
          AND coalesce(attempt_at, created_at) < m.hour + interval '1 hour'
        UNION ALL
        SELECT *, result_ids[cardinality(result_ids)] FROM interaction
        WHERE m.id IS NULL AND campaign_id IS NULL
          AND coalesce(attempt_at, created_at) >= m.hour
          AND coalesce(attempt_at, created_at) < m.hour + interval '1 hour'
    ) i
    LEFT JOIN attempt a ON a.id = i.attempt_id AND a.begun_at = i.attempt_at
    LEFT JOIN said s ON s.leaf = i.result_id
), found AS MATERIALIZED (
    SELECT hour, campaign_id, dial_list_id, agent_id, kind, outcome, sum(attempts) AS attempts,
           coalesce(sum(ring_s), 0) AS ring_s, coalesce(sum(wait_s), 0) AS wait_s, coalesce(sum(talk_s), 0) AS talk_s,
           sum(interactions) AS interactions, sum(untypified) AS untypified, sum(right_party) AS right_party,
           sum(success) AS successes, sum(machine) AS machines_met, sum(measure) AS measure
    FROM parts GROUP BY 1, 2, 3, 4, 5, 6
), of_agents AS (
    INSERT INTO report_agent_call_hour (hour, agent_id, campaign_id, dial_list_id, kind, outcome, attempts, ring_ms,
                                        wait_ms, talk_ms, interactions, untypified, right_party, successes,
                                        machines_met, measure)
    SELECT hour, agent_id, campaign_id, dial_list_id, kind, outcome, attempts, round(ring_s * 1000),
           round(wait_s * 1000), round(talk_s * 1000), interactions, untypified, right_party, successes,
           machines_met, measure
    FROM found WHERE agent_id IS NOT NULL
)
INSERT INTO report_hour (hour, campaign_id, dial_list_id, kind,
                         of_connected, of_abandoned, of_machine, of_gone, of_busy,
                         of_no_answer, of_declined, of_unreachable, of_congestion,
                         of_invalid_number, of_failed_trunk, of_refused, of_cancelled,
                         of_unknown, of_played, of_pressed, of_opted_out, of_message_left, of_unattended,
                         of_out_of_hours,
                         ring_ms, wait_ms, talk_ms, interactions, untypified, right_party, successes, machines_met,
                         measure)
SELECT hour, campaign_id, dial_list_id, kind,
       coalesce(sum(attempts) FILTER (WHERE outcome = 'connected'), 0),
       coalesce(sum(attempts) FILTER (WHERE outcome = 'abandoned'), 0),
       coalesce(sum(attempts) FILTER (WHERE outcome = 'machine'), 0),
       coalesce(sum(attempts) FILTER (WHERE outcome = 'gone'), 0),
       coalesce(sum(attempts) FILTER (WHERE outcome = 'busy'), 0),
       coalesce(sum(attempts) FILTER (WHERE outcome = 'no_answer'), 0),
       coalesce(sum(attempts) FILTER (WHERE outcome = 'declined'), 0),
       coalesce(sum(attempts) FILTER (WHERE outcome = 'unreachable'), 0),
       coalesce(sum(attempts) FILTER (WHERE outcome = 'congestion'), 0),
       coalesce(sum(attempts) FILTER (WHERE outcome = 'invalid_number'), 0),
       coalesce(sum(attempts) FILTER (WHERE outcome = 'failed_trunk'), 0),
       coalesce(sum(attempts) FILTER (WHERE outcome = 'refused'), 0),
       coalesce(sum(attempts) FILTER (WHERE outcome = 'cancelled'), 0),
       coalesce(sum(attempts) FILTER (WHERE outcome = 'unknown'), 0),
       coalesce(sum(attempts) FILTER (WHERE outcome = 'played'), 0),
       coalesce(sum(attempts) FILTER (WHERE outcome = 'pressed'), 0),
       coalesce(sum(attempts) FILTER (WHERE outcome = 'opted_out'), 0),
       coalesce(sum(attempts) FILTER (WHERE outcome = 'message_left'), 0),
       coalesce(sum(attempts) FILTER (WHERE outcome = 'unattended'), 0),
       coalesce(sum(attempts) FILTER (WHERE outcome = 'out_of_hours'), 0),
       round(sum(ring_s) * 1000), round(sum(wait_s) * 1000), round(sum(talk_s) * 1000), sum(interactions),
       sum(untypified), sum(right_party), sum(successes), sum(machines_met), sum(measure)
FROM found GROUP BY 1, 2, 3, 4

-- name: forget_agent_call_days
DELETE FROM report_agent_call_day r
USING (
    SELECT DISTINCT id, date_trunc('day', hour, 'UTC') AS day FROM unnest($1::uuid[], $2::timestamptz[]) AS u (id, hour)
) m
WHERE r.hour = m.day AND r.campaign_id IS NOT DISTINCT FROM m.id

-- name: sum_agent_call_days
WITH m AS MATERIALIZED (
    SELECT DISTINCT coalesce(id, '00000000-0000-0000-0000-000000000000') AS id, date_trunc('day', hour, 'UTC') AS day
    FROM unnest($1::uuid[], $2::timestamptz[]) AS m (id, hour)
)
INSERT INTO report_agent_call_day (hour, agent_id, campaign_id, dial_list_id, kind, outcome, attempts, ring_ms, wait_ms,
                                   talk_ms, interactions, untypified, right_party, successes, machines_met, measure)
SELECT m.day, r.agent_id, r.campaign_id, r.dial_list_id, r.kind, r.outcome, sum(r.attempts),
       sum(r.ring_ms), sum(r.wait_ms), sum(r.talk_ms), sum(r.interactions), sum(r.untypified), sum(r.right_party),
       sum(r.successes), sum(r.machines_met), sum(r.measure)
FROM report_agent_call_hour r
JOIN m ON m.day = date_trunc('day', r.hour, 'UTC')
      AND m.id = coalesce(r.campaign_id, '00000000-0000-0000-0000-000000000000')
WHERE r.hour = ANY (ARRAY(SELECT DISTINCT m.day + n * interval '1 hour' FROM m, generate_series(0, 23) n))
GROUP BY 1, 2, 3, 4, 5, 6

-- name: forget_results
DELETE FROM report_result_hour r
WHERE r.hour = ANY ($2) AND EXISTS (SELECT FROM unnest($1::uuid[], $2::timestamptz[]) AS m (id, hour)
                                    WHERE m.hour = r.hour AND m.id IS NOT DISTINCT FROM r.campaign_id)

-- name: forget_agent_results
DELETE FROM report_agent_result_hour r
WHERE r.hour = ANY ($2) AND EXISTS (SELECT FROM unnest($1::uuid[], $2::timestamptz[]) AS m (id, hour)
                                    WHERE m.hour = r.hour AND m.id IS NOT DISTINCT FROM r.campaign_id)

-- name: count_results
WITH found AS MATERIALIZED (
    SELECT m.hour, m.id AS campaign_id, a.dial_list_id, i.agent_id,
           i.result_ids[cardinality(i.result_ids)] AS result_id, count(*) AS interactions
    FROM unnest($1::uuid[], $2::timestamptz[]) AS m (id, hour)
    CROSS JOIN LATERAL (
        SELECT * FROM interaction
        WHERE campaign_id = m.id
          AND coalesce(attempt_at, created_at) >= m.hour
          AND coalesce(attempt_at, created_at) < m.hour + interval '1 hour'
        UNION ALL
        SELECT * FROM interaction
        WHERE m.id IS NULL AND campaign_id IS NULL
          AND coalesce(attempt_at, created_at) >= m.hour
          AND coalesce(attempt_at, created_at) < m.hour + interval '1 hour'
    ) i
    LEFT JOIN attempt a ON a.id = i.attempt_id AND a.begun_at = i.attempt_at
    GROUP BY 1, 2, 3, 4, 5
), of_agents AS (
    INSERT INTO report_agent_result_hour (hour, agent_id, campaign_id, dial_list_id, result_id, interactions)
    SELECT hour, agent_id, campaign_id, dial_list_id, result_id, interactions FROM found WHERE agent_id IS NOT NULL
)
INSERT INTO report_result_hour (hour, campaign_id, dial_list_id, result_id, interactions)
SELECT hour, campaign_id, dial_list_id, result_id, sum(interactions) FROM found GROUP BY 1, 2, 3, 4

-- name: forget_stays
DELETE FROM report_agent_hour r USING unnest($1::uuid[], $2::timestamptz[]) AS m (id, hour)
WHERE r.agent_id = m.id AND r.hour = m.hour

-- name: count_stays
-- Stays cut at the hour's ends. Ready time and pauses have no campaign of their own: within the hour they are shared by
-- the time the agent gave to each; an hour without any conversation leaves them where they were. $3: the longest stay
-- looked for.
WITH cut AS (
    SELECT m.id AS agent_id, m.hour, l.campaign_id, l.state,
           1000 * extract(epoch FROM least(l.to_at, m.hour + interval '1 hour') - greatest(l.from_at, m.hour)) AS ms
    FROM unnest($1::uuid[], $2::timestamptz[]) AS m (id, hour)
    JOIN agent_log l ON l.agent_id = m.id AND l.to_at > m.hour AND l.to_at <= m.hour + $3::interval
                     AND l.from_at < m.hour + interval '1 hour'
), per_campaign AS (
    SELECT agent_id, hour, campaign_id,
           coalesce(sum(ms) FILTER (WHERE state = 'ready'), 0) AS ready,
           coalesce(sum(ms) FILTER (WHERE state = 'talking'), 0) AS talk,
           coalesce(sum(ms) FILTER (WHERE state = 'wrapup'), 0) AS wrapup,
           coalesce(sum(ms) FILTER (WHERE state = 'paused'), 0) AS paused,
           coalesce(sum(ms) FILTER (WHERE state = 'held'), 0) AS hold,  -- within talking
           coalesce(sum(ms) FILTER (WHERE state NOT IN ('ready', 'talking', 'wrapup', 'paused', 'held')), 0) AS other
    FROM cut GROUP BY 1, 2, 3
), shared AS (
    SELECT *, sum(ready) OVER agents_hour AS all_ready, sum(paused) OVER agents_hour AS all_paused,
           sum(talk + wrapup) OVER agents_hour AS handled
    FROM per_campaign WINDOW agents_hour AS (PARTITION BY agent_id, hour)
)
INSERT INTO report_agent_hour (hour, agent_id, campaign_id, ready_ms, talk_ms, wrapup_ms, paused_ms, other_ms, hold_ms)
SELECT hour, agent_id, campaign_id,
       round(CASE WHEN handled > 0 THEN all_ready * (talk + wrapup) / handled ELSE ready END),
       round(talk), round(wrapup),
       round(CASE WHEN handled > 0 THEN all_paused * (talk + wrapup) / handled ELSE paused END),
       round(other), round(least(hold, talk))
FROM shared
WHERE talk + wrapup + other > 0 OR (handled = 0 AND ready + paused > 0)

-- name: forget_agent_days
DELETE FROM report_agent_day r
USING (
    SELECT DISTINCT id, date_trunc('day', hour, 'UTC') AS day FROM unnest($1::uuid[], $2::timestamptz[]) AS u (id, hour)
) m
WHERE r.agent_id = m.id AND r.hour = m.day

-- name: sum_agent_days
INSERT INTO report_agent_day (hour, agent_id, campaign_id, ready_ms, talk_ms, wrapup_ms, paused_ms, other_ms, hold_ms)
SELECT m.day, r.agent_id, r.campaign_id, sum(r.ready_ms), sum(r.talk_ms), sum(r.wrapup_ms), sum(r.paused_ms),
       sum(r.other_ms), sum(r.hold_ms)
FROM (
    SELECT DISTINCT id, date_trunc('day', hour, 'UTC') AS day FROM unnest($1::uuid[], $2::timestamptz[]) AS u (id, hour)
) m
JOIN report_agent_hour r ON r.agent_id = m.id AND r.hour >= m.day AND r.hour < m.day + interval '24 hours'
GROUP BY 1, 2, 3

-- name: forget_time
DELETE FROM report_time_hour WHERE $1::uuid[] IS NOT NULL AND hour = ANY ($2)

-- name: sum_time
INSERT INTO report_time_hour (hour, campaign_id, ready_ms, talk_ms, wrapup_ms, paused_ms, other_ms, hold_ms)
SELECT r.hour, r.campaign_id, sum(r.ready_ms), sum(r.talk_ms), sum(r.wrapup_ms), sum(r.paused_ms), sum(r.other_ms),
       sum(r.hold_ms)
FROM report_agent_hour r
WHERE $1::uuid[] IS NOT NULL AND r.hour = ANY ($2)
GROUP BY 1, 2

-- name: complete
UPDATE report_state SET rolled_at = $1

-- name: rolled_at
SELECT rolled_at FROM report_state

-- name: mark_all
-- Everything between two moments is to be counted again, and sums without any call behind them are to go.
INSERT INTO report_mark (what, id, hour)
SELECT DISTINCT 'calls', campaign_id, date_trunc('hour', begun_at, 'UTC') FROM attempt
WHERE begun_at >= $1 AND begun_at < $2
UNION SELECT 'calls', campaign_id, hour FROM report_hour WHERE hour >= $1 AND hour < $2
UNION SELECT 'calls', campaign_id, hour FROM report_agent_call_hour WHERE hour >= $1 AND hour < $2
UNION SELECT 'calls', campaign_id, date_trunc('hour', coalesce(attempt_at, created_at), 'UTC') FROM interaction
WHERE coalesce(attempt_at, created_at) >= $1 AND coalesce(attempt_at, created_at) < $2
UNION SELECT 'calls', campaign_id, hour FROM report_result_hour WHERE hour >= $1 AND hour < $2
UNION SELECT 'calls', campaign_id, hour FROM report_agent_result_hour WHERE hour >= $1 AND hour < $2
UNION SELECT 'stays', l.agent_id, h.hour
FROM agent_log l,
     generate_series(greatest(date_trunc('hour', l.from_at, 'UTC'), $1), least(l.to_at, $2 - interval '1 hour'),
                     interval '1 hour') AS h (hour)
WHERE l.to_at > $1 AND l.from_at < $2
UNION SELECT 'stays', agent_id, hour FROM report_agent_hour WHERE hour >= $1 AND hour < $2
