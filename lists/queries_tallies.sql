-- name: outcomes
-- Straight from the attempts: the truth the live counters are held against. What lives is known by live_attempt.
SELECT coalesce(a.outcome, 'live') AS outcome,
       count(*)                     AS placed,
       count(*) FILTER (WHERE a.answered_at IS NOT NULL OR l.state IN ('answered', 'connected')) AS answered,
       count(*) FILTER (WHERE a.connected_at IS NOT NULL OR l.state = 'connected')               AS connected
FROM attempt a
LEFT JOIN live_attempt l ON l.attempt_id = a.id
WHERE a.campaign_id = $1 AND a.begun_at >= $2
GROUP BY 1;

-- name: keys
-- In how many broadcast calls each key was pressed, once or oftener.
SELECT k.key, count(*) AS calls
FROM attempt a
CROSS JOIN LATERAL (SELECT DISTINCT unnest(string_to_array(a.pressed, NULL)) AS key) k
WHERE a.campaign_id = $1 AND a.begun_at >= $2 AND a.pressed <> ''
GROUP BY 1;
