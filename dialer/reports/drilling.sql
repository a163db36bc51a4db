-- name: attempts
-- The closed calls behind a figure, the newest first; $11, $12: the last one of the page before. $15 classes any level of
-- what was said has, $16 whether anything was.
-- Weekday and hour are those of the UTC hour the call is counted in: off the full hour, a call may say another.
SELECT a.id, a.begun_at, a.kind, a.campaign_id, a.dial_list_id, a.contact_id, a.customer_id, a.agent_id, a.e164,
       a.trunk, a.outcome, a.fault, a.reason, a.answered_at, a.connected_at, a.ended_at, a.hung_up_by,
       coalesce(i.result_names, '{}') AS result_names, i.id AS interaction_id
FROM attempt a LEFT JOIN interaction i ON i.attempt_id = a.id
WHERE a.begun_at >= $1 AND a.begun_at < $2 AND a.ended_at IS NOT NULL
  AND ($3::uuid[] IS NULL OR a.campaign_id = ANY ($3))
  AND ($4::uuid[] IS NULL OR a.dial_list_id = ANY ($4))
  AND ($5::uuid[] IS NULL OR a.agent_id = ANY ($5))
  AND ($6::text[] IS NULL OR a.kind = ANY ($6))
  AND ($7::text[] IS NULL OR a.outcome = ANY ($7))
  AND ($8::uuid IS NULL OR $8 = ANY (i.result_ids))
  AND ($9::int IS NULL OR extract(isodow FROM date_trunc('hour', a.begun_at, 'UTC') AT TIME ZONE $13) = $9)
  AND ($10::int IS NULL OR extract(hour FROM date_trunc('hour', a.begun_at, 'UTC') AT TIME ZONE $13) = $10)
  AND ($15::text[] IS NULL
       OR EXISTS (SELECT FROM result said WHERE said.id = ANY (i.result_ids) AND said.classes && $15))
  AND ($16::boolean IS NULL OR i.id IS NOT NULL AND (i.result_ids <> '{}') = $16)
  AND ($11::timestamptz IS NULL OR (a.begun_at, a.id) < ($11, $12::uuid))
ORDER BY a.begun_at DESC, a.id DESC
LIMIT $14
