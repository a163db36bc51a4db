-- name: store
INSERT INTO interaction (id, customer_id, campaign_id, contact_id, attempt_id, attempt_at, agent_id, e164, state,
                         result_ids, result_names, action, schedule, note, profile_data, idempotency_key, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
ON CONFLICT DO NOTHING
RETURNING *;

-- name: by_key
SELECT * FROM interaction WHERE idempotency_key = $1;

-- name: by_attempt
SELECT * FROM interaction WHERE attempt_id = $1 FOR UPDATE;

-- name: agent_of
SELECT agent_id FROM interaction WHERE attempt_id = $1;

-- name: typified
SELECT attempt_id FROM interaction WHERE attempt_id = ANY($1) AND state = 'typified';

-- name: applied_at
SELECT attempt_id, applied_at FROM interaction WHERE attempt_id = ANY ($1::uuid[]) AND applied_at IS NOT NULL;

-- name: retype
-- Said again before the hang-up, or said at last by somebody after the wrap-up.
UPDATE interaction
SET state = 'typified', agent_id = coalesce(agent_id, $2), result_ids = $3, result_names = $4, action = $5,
    schedule = $6, note = $7, profile_data = $8, idempotency_key = $9,
    customer_id = coalesce(customer_id, $10), contact_id = coalesce(contact_id, $11), campaign_id = $12
WHERE id = $1
RETURNING *;

-- name: identify
-- What was said while the conversation runs is of whom it turned out to be.
UPDATE interaction SET customer_id = $2 WHERE attempt_id = $1 AND applied_at IS NULL;

-- name: applied
UPDATE interaction SET applied_at = $2, action = $3 WHERE id = $1 RETURNING *;

-- name: still_talking
-- Waits for whoever is closing the attempt, so that the answer holds until this transaction ends.
SELECT attempt_id FROM live_attempt WHERE attempt_id = $1 FOR SHARE;

-- name: finish_exhausted
-- The campaign's last word on contacts nobody reached. $1 ids, $2 contacts, $3 and $4 the result's path.
INSERT INTO interaction (id, customer_id, campaign_id, contact_id, state, result_ids, result_names,
                         idempotency_key, applied_at, created_at)
SELECT u.id, c.customer_id, c.campaign_id, c.id, 'typified', $3, $4, 'exhausted:' || c.id, $5, $5
FROM unnest($1::uuid[], $2::uuid[]) AS u (id, contact_id)
JOIN contact c ON c.id = u.contact_id AND c.state = 'exhausted'
ON CONFLICT DO NOTHING
RETURNING contact_id;

-- name: history
SELECT * FROM interaction
WHERE customer_id = $1
ORDER BY CASE WHEN $4 THEN created_at END DESC, CASE WHEN $4 THEN id END DESC, created_at, id
LIMIT $2 OFFSET $3;

-- name: untypified_of
SELECT * FROM interaction
WHERE campaign_id = $1 AND state = 'untypified' AND created_at < $2
ORDER BY created_at
LIMIT $3;

-- name: get
SELECT * FROM interaction WHERE id = $1;

-- name: waiting_contacts
-- Contacts, but $2, that wait in any list and share one of the customer's numbers. A scheduled one belongs to the
-- agenda, a live one to its call.
SELECT c.id FROM contact c
WHERE c.state = 'pending' AND c.id IS DISTINCT FROM $2
  AND c.customer_id IN (SELECT other.customer_id FROM phone mine JOIN phone other ON other.e164 = mine.e164
                        WHERE mine.customer_id = $1)
ORDER BY c.id
FOR UPDATE;

-- name: open_contacts
SELECT c.id, c.state FROM contact c
WHERE c.customer_id = $1 AND c.campaign_id = $2 AND c.state IN ('pending', 'awaiting_typification', 'scheduled')
ORDER BY c.id
FOR UPDATE;
