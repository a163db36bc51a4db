-- name: outcomes
-- Straight from the attempts: the truth the live counters are held against.
SELECT coalesce(outcome, 'live') AS outcome,
       count(*)             AS placed,
       count(answered_at)   AS answered,
       count(connected_at)  AS connected
FROM attempt
WHERE campaign_id = $1 AND begun_at >= $2
GROUP BY 1;
