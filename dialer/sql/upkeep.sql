-- name: exhausted
-- Read only: contacts and interactions belong to other rooms. Contacts of the campaign whose attempts ran out
-- since $2 and that have no final result yet ($3 at most).
SELECT c.id
FROM dial_list l
JOIN contact c ON c.dial_list_id = l.id AND c.state = 'exhausted'
WHERE l.campaign_id = $1 AND l.deleted_at IS NULL AND c.finished_at >= $2
  AND NOT EXISTS (SELECT FROM interaction i WHERE i.idempotency_key = 'exhausted:' || c.id)
LIMIT $3;

-- name: last_calls
-- Read only. The last attempt of each of these contacts.
SELECT DISTINCT ON (a.contact_id) a.contact_id, a.id AS attempt_id, a.begun_at AS attempt_at, a.outcome,
       a.customer_id, a.agent_id, a.e164
FROM attempt a
WHERE a.contact_id = ANY ($1::uuid[])
ORDER BY a.contact_id, a.begun_at DESC;
