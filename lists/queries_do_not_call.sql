-- name: phones_of
SELECT e164 FROM phone WHERE customer_id = $1

-- name: add
INSERT INTO do_not_call (id, e164, campaign_id, source, reason, attempt_id, created_by, created_at)
SELECT u.id, u.e164, $3, $4, $5, $6, $7, $8 FROM unnest($1::uuid[], $2::text[]) AS u (id, e164)
ON CONFLICT DO NOTHING

-- name: end_customer
-- The named customer's contacts in scope. A live one ends too: its call goes on, and nothing dials it again.
UPDATE contact SET state = 'do_not_call', final_reason = 'do_not_call', finished_at = $3,
                   reserved_by = NULL, reserved_until = NULL
WHERE customer_id = $1 AND ($2::uuid IS NULL OR campaign_id = $2)
  AND state IN ('pending', 'live', 'awaiting_typification', 'scheduled')

-- name: end_unreachable
-- Whoever has one of the numbers and no good one left that may be dialled for the contact's campaign.
UPDATE contact c SET state = 'do_not_call', final_reason = 'do_not_call', finished_at = $3,
                     reserved_by = NULL, reserved_until = NULL
WHERE c.customer_id IN (SELECT customer_id FROM phone WHERE e164 = ANY($1))
  AND ($2::uuid IS NULL OR c.campaign_id = $2)
  AND c.state IN ('pending', 'awaiting_typification', 'scheduled')
  AND NOT EXISTS (
      SELECT FROM phone p
      WHERE p.customer_id = c.customer_id AND p.state = 'good'
        AND NOT EXISTS (SELECT FROM do_not_call d WHERE d.e164 = p.e164 AND d.lifted_at IS NULL
                        AND (d.campaign_id IS NULL OR d.campaign_id = c.campaign_id)))

-- name: ringing
-- Calls to these numbers that nobody has answered yet. A conversation is not cut.
SELECT l.attempt_id FROM live_attempt l
JOIN attempt a ON a.id = l.attempt_id AND a.begun_at = l.begun_at
WHERE l.e164 = ANY($1) AND ($2::uuid IS NULL OR l.campaign_id = $2)
  AND l.state IN ('begun', 'ringing') AND a.kind <> 'inbound'
ORDER BY l.begun_at

-- name: lift
UPDATE do_not_call SET lifted_at = $2, lifted_by = $3, lifted_reason = $4
WHERE id = $1 AND lifted_at IS NULL
RETURNING true

-- name: one
SELECT id, e164, campaign_id, source, reason, created_at, created_by, lifted_at, lifted_by, lifted_reason
FROM do_not_call WHERE id = $1

-- name: blocked
SELECT EXISTS (SELECT FROM do_not_call WHERE e164 = $1 AND lifted_at IS NULL
               AND (campaign_id IS NULL OR campaign_id = $2))

-- name: page
SELECT id, e164, campaign_id, source, reason, created_at, created_by, lifted_at, lifted_by, lifted_reason
FROM do_not_call
WHERE ($1::text IS NULL OR e164 LIKE $1) AND ($2::uuid IS NULL OR campaign_id = $2)
  AND ($3 OR lifted_at IS NULL) AND ($7::uuid[] IS NULL OR campaign_id IS NULL OR campaign_id = ANY ($7))
ORDER BY CASE WHEN $6 THEN created_at END DESC, CASE WHEN $6 THEN id END DESC, created_at, id LIMIT $4 OFFSET $5
