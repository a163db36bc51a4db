-- name: add
INSERT INTO campaign_hour (campaign_id, hour, attempts, answered, machines, connected, abandoned, gone)
VALUES ($1, date_trunc('hour', $2::timestamptz, 'UTC'), $3, $4, $5, $6, $7, $8)
ON CONFLICT (campaign_id, hour) DO UPDATE
SET attempts = campaign_hour.attempts + excluded.attempts,
    answered = campaign_hour.answered + excluded.answered,
    machines = campaign_hour.machines + excluded.machines,
    connected = campaign_hour.connected + excluded.connected,
    abandoned = campaign_hour.abandoned + excluded.abandoned,
    gone = campaign_hour.gone + excluded.gone;

-- name: since
SELECT coalesce(sum(attempts), 0)::bigint AS attempts, coalesce(sum(answered), 0)::bigint AS answered,
       coalesce(sum(machines), 0)::bigint AS machines, coalesce(sum(connected), 0)::bigint AS connected,
       coalesce(sum(abandoned), 0)::bigint AS abandoned, coalesce(sum(gone), 0)::bigint AS gone
FROM campaign_hour
WHERE campaign_id = $1 AND hour >= $2;

-- name: machines_met
-- Paced calls that agents typified as machines, as far as the reports' sums have come.
SELECT coalesce(sum(machines_met), 0)::bigint FROM report_hour
WHERE campaign_id = $1 AND hour >= $2 AND kind = 'dialled';

-- name: recount
-- What the counters must say, from the attempts themselves.
SELECT date_trunc('hour', begun_at, 'UTC') AS hour, count(*) AS attempts,
       count(*) FILTER (WHERE outcome IN ('connected', 'abandoned', 'machine', 'gone')) AS answered,
       count(*) FILTER (WHERE outcome = 'machine') AS machines,
       count(*) FILTER (WHERE outcome = 'connected') AS connected,
       count(*) FILTER (WHERE outcome = 'abandoned') AS abandoned,
       count(*) FILTER (WHERE outcome = 'gone') AS gone
FROM attempt
WHERE campaign_id = $1 AND kind = 'dialled' AND ended_at IS NOT NULL
GROUP BY 1;

-- name: load_memory
SELECT snapshot FROM pacing_memory WHERE campaign_id = $1;

-- name: save_memory
INSERT INTO pacing_memory (campaign_id, snapshot, saved_at) VALUES ($1, $2, $3)
ON CONFLICT (campaign_id) DO UPDATE SET snapshot = excluded.snapshot, saved_at = excluded.saved_at;

-- name: load_pacing
SELECT n.at, n.figures, m.snapshot
FROM (SELECT $1::uuid AS campaign_id) asked
LEFT JOIN pacing_now n USING (campaign_id)
LEFT JOIN pacing_memory m USING (campaign_id);

-- name: save_pacing
INSERT INTO pacing_now (campaign_id, at, figures) VALUES ($1, $2, $3)
ON CONFLICT (campaign_id) DO UPDATE SET at = excluded.at, figures = excluded.figures;
