-- name: attempts
-- The closed calls behind a figure, the newest first; $11, $12: the last one of the page before. $15 classes any level of
-- what was said has, $16 whether anything was. An agent's is what the agent said, and else what the agent talked on.
-- Weekday and hour are those of the UTC hour the call is counted in: off the full hour, a call may say another.
SELECT a.id, a.begun_at, a.kind, a.campaign_id, a.dial_list_id, a.contact_id, a.customer_id, a.agent_id, a.e164,
       a.trunk, a.outcome, a.fault, a.reason, a.answered_at, a.connected_at, a.ended_at, a.hung_up_by,
       coalesce(i.result_names, '{}') AS result_names, i.id AS interaction_id
FROM attempt a LEFT JOIN interaction i ON i.attempt_id = a.id
WHERE a.begun_at >= $1 AND a.begun_at < $2 AND a.ended_at IS NOT NULL
  AND ($3::uuid[] IS NULL OR a.campaign_id = ANY ($3))
  AND ($4::uuid[] IS NULL OR a.dial_list_id = ANY ($4))
  AND ($5::uuid[] IS NULL
       OR CASE WHEN $8::uuid IS NULL AND $15::text[] IS NULL AND $16::boolean IS NULL THEN a.agent_id ELSE i.agent_id END
          = ANY ($5))
  AND ($6::text[] IS NULL OR a.kind = ANY ($6))
  AND ($7::text[] IS NULL OR a.outcome = ANY ($7))
  AND ($8::uuid IS NULL OR $8 = ANY (i.result_ids))
  AND ($9::int IS NULL OR extract(isodow FROM date_trunc('hour', a.begun_at, 'UTC') AT TIME ZONE $13) = $9)
  AND ($10::int IS NULL OR extract(hour FROM date_trunc('hour', a.begun_at, 'UTC') AT TIME ZONE $13) = $10)
  AND ($15::text[] IS NULL
       OR EXISTS (SELECT FROM result said WHERE said.id = ANY (i.result_ids) AND said.classes && $15))
  AND ($16::boolean IS NULL OR i.id IS NOT NULL AND (i.result_ids <> '{}') = $16)
  AND (NOT 'campaign' = ANY ($17::text[]) OR a.campaign_id IS NULL)
  AND (NOT 'dial_list' = ANY ($17::text[]) OR a.dial_list_id IS NULL)
  AND ($11::timestamptz IS NULL OR (a.begun_at, a.id) < ($11, $12::uuid))
ORDER BY a.begun_at DESC, a.id DESC
LIMIT $14

-- name: interactions
-- What was said, with a call or without, the newest first; booked as the sums book it, to the hour its call began in, or
-- else its own. $12, $13: the last one of the page before. Nothing is said before its call: $17 keeps a drill without a
-- campaign from reading the years before.
SELECT i.id, coalesce(i.attempt_at, i.created_at) AS at, i.campaign_id, a.dial_list_id, i.contact_id, i.customer_id,
       i.agent_id, i.e164, i.attempt_id, i.result_names, i.created_at
FROM interaction i LEFT JOIN attempt a ON a.id = i.attempt_id AND a.begun_at = i.attempt_at
CROSS JOIN LATERAL (SELECT date_trunc('hour', coalesce(i.attempt_at, i.created_at), 'UTC') AT TIME ZONE $14 AS hour) local
WHERE coalesce(i.attempt_at, i.created_at) >= $1 AND coalesce(i.attempt_at, i.created_at) < $2 AND i.id >= $17
  AND ($3::uuid[] IS NULL OR i.campaign_id = ANY ($3))
  AND ($4::uuid[] IS NULL OR a.dial_list_id = ANY ($4))
  AND ($5::uuid[] IS NULL OR i.agent_id = ANY ($5))
  AND ($6::text[] IS NULL OR a.kind = ANY ($6))
  AND ($7::uuid IS NULL OR $7 = ANY (i.result_ids))
  AND ($8::text[] IS NULL OR EXISTS (SELECT FROM result said WHERE said.id = ANY (i.result_ids) AND said.classes && $8))
  AND ($9::boolean IS NULL OR (i.result_ids <> '{}') = $9)
  AND (NOT 'campaign' = ANY ($16::text[]) OR i.campaign_id IS NULL)
  AND (NOT 'dial_list' = ANY ($16::text[]) OR a.dial_list_id IS NULL)
  AND ($10::int IS NULL OR extract(isodow FROM local.hour) = $10)
  AND ($11::int IS NULL OR extract(hour FROM local.hour) = $11)
  AND ($12::timestamptz IS NULL OR (coalesce(i.attempt_at, i.created_at), i.id) < ($12, $13::uuid))
ORDER BY coalesce(i.attempt_at, i.created_at) DESC, i.id DESC
LIMIT $15
