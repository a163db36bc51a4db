-- name: create
INSERT INTO agenda_event (id, state, customer_id, customer_name, campaign_id, contact_id, agent_id, e164, due_at,
                          zone, note, interaction_id, created_by, created_at)
VALUES ($1, 'pending', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
RETURNING *;

-- name: get
SELECT * FROM agenda_event WHERE id = $1;

-- name: lock
SELECT * FROM agenda_event WHERE id = $1 FOR UPDATE;

-- name: edit
UPDATE agenda_event
SET customer_name = $2, agent_id = $3, e164 = $4, due_at = $5, zone = $6, note = $7, tries = 0,
    orphaned_at = CASE WHEN agent_id IS NOT DISTINCT FROM $3 AND due_at = $5 THEN orphaned_at END
WHERE id = $1
RETURNING *;

-- name: reassign
UPDATE agenda_event SET agent_id = $2, orphaned_at = NULL
WHERE id = ANY ($1::uuid[]) AND state = 'pending'
RETURNING id;

-- name: orphan
UPDATE agenda_event SET orphaned_at = $2
WHERE id = ANY ($1::uuid[]) AND state = 'pending' AND orphaned_at IS NULL
RETURNING id;

-- name: released_contacts
-- Of these events the contacts already made dialable for an agent.
SELECT c.id
FROM agenda_event e
JOIN contact c ON c.id = e.contact_id
WHERE e.id = ANY ($1::uuid[]) AND e.state = 'pending' AND c.state = 'pending' AND c.agent_id IS NOT NULL
FOR UPDATE OF c;

-- name: unattended
-- $1 campaigns, $2 agents at work, $3 due before, $4 limit. Their contacts may be on a call just now: left alone.
SELECT e.*
FROM agenda_event e
JOIN contact c ON c.id = e.contact_id AND c.state IN ('pending', 'scheduled')
WHERE e.state = 'pending' AND e.orphaned_at IS NULL AND e.due_at <= $3 AND e.campaign_id = ANY ($1::uuid[])
  AND e.agent_id IS NOT NULL AND NOT e.agent_id = ANY ($2::uuid[])
ORDER BY e.due_at, e.id
LIMIT $4
FOR UPDATE OF e SKIP LOCKED;

-- name: orphaned
-- $1 campaigns (NULL: all)
SELECT * FROM agenda_event
WHERE state = 'pending' AND orphaned_at IS NOT NULL AND ($1::uuid[] IS NULL OR campaign_id = ANY ($1))
ORDER BY due_at, id
LIMIT $2;

-- name: close
UPDATE agenda_event SET state = $2, managed_by = $3, closed_at = $4
WHERE id = $1 AND state = 'pending'
RETURNING *;

-- name: take
-- $1 event, $2 agent, $3 until, $4 now
UPDATE agenda_event SET taken_by = $2, taken_until = $3
WHERE id = $1 AND state = 'pending' AND (agent_id IS NULL OR agent_id = $2)
  AND (taken_by IS NULL OR taken_by = $2 OR taken_until <= $4)
RETURNING *;

-- name: let_go
UPDATE agenda_event SET taken_by = NULL, taken_until = NULL WHERE id = $1 AND taken_by = $2 AND state = 'pending';

-- name: manage_of_contact
-- The call an event asked for has been talked through: it is managed, by this interaction. Called by hand before its
-- time, it is the first one.
UPDATE agenda_event SET state = 'managed', managed_by = $2, closed_at = $3
WHERE contact_id = $1 AND state = 'pending'
  AND due_at <= greatest($3, (SELECT min(due_at) FROM agenda_event WHERE contact_id = $1 AND state = 'pending'))
RETURNING *;

-- name: agreed
SELECT EXISTS (SELECT FROM agenda_event WHERE contact_id = $1 AND state = 'pending' AND due_at > $2);

-- name: move_with_list
UPDATE agenda_event e SET campaign_id = $2 FROM contact c
WHERE c.id = e.contact_id AND c.dial_list_id = $1 AND e.state = 'pending'
RETURNING e.*, c.state = 'removed' AS ended;

-- name: other_contact
-- Who can be called for an event of campaign $1, customer $2, number $3.
SELECT c.id, c.state
FROM contact c
JOIN phone p ON p.customer_id = c.customer_id AND p.e164 = $3
WHERE c.campaign_id = $1 AND c.customer_id = $2 AND c.state IN ('pending', 'scheduled')
ORDER BY c.created_at, c.id LIMIT 1
FOR UPDATE OF c;

-- name: wait_instead
UPDATE agenda_event SET contact_id = $2 WHERE id = $1;

-- name: end_of_customer
-- $1 customer, $2 numbers, $3 campaign (NULL: all)
UPDATE agenda_event SET state = 'removed', closed_at = $4
WHERE state = 'pending' AND (customer_id = $1 OR e164 = ANY ($2::text[]))
  AND ($3::uuid IS NULL OR campaign_id = $3)
RETURNING *;

-- name: end_of_contact
UPDATE agenda_event SET state = 'removed', closed_at = $2
WHERE contact_id = $1 AND state = 'pending' AND due_at <= $2
RETURNING id;

-- name: end_all_of_contact
UPDATE agenda_event SET state = 'removed', closed_at = $2
WHERE contact_id = $1 AND state = 'pending'
RETURNING id;

-- name: end_of_list
-- A live contact's call goes on, and with it its event.
UPDATE agenda_event e SET state = 'removed', closed_at = $2 FROM contact c
WHERE c.dial_list_id = $1 AND c.state = 'removed' AND e.contact_id = c.id AND e.state = 'pending'
RETURNING e.id;

-- name: end_of_base
UPDATE agenda_event e SET state = 'removed', closed_at = $2 FROM customer k
WHERE k.base_id = $1 AND e.customer_id = k.id AND e.state = 'pending'
RETURNING e.id;

-- name: leave_expired
UPDATE agenda_event e SET contact_id = NULL FROM contact c
WHERE c.state = 'expired' AND e.contact_id = c.id AND e.state = 'pending'
RETURNING e.id;

-- name: awaits_anybody
SELECT EXISTS (SELECT FROM agenda_event
               WHERE state = 'pending' AND campaign_id = $1 AND e164 = $2 AND agent_id IS NULL);

-- name: waiting_contact
-- Only where the number is the customer's: a contact must not wait for a call that cannot be made.
SELECT c.id
FROM contact c
JOIN phone p ON p.customer_id = c.customer_id AND p.e164 = $3
WHERE c.campaign_id = $1 AND c.customer_id = $2 AND c.state = 'pending'
FOR UPDATE OF c;

-- name: left_waiting
-- Of these contacts, those that wait for an event and have none any more.
SELECT c.id
FROM contact c
WHERE c.id = ANY ($1::uuid[]) AND c.state = 'scheduled'
  AND NOT EXISTS (SELECT FROM agenda_event e WHERE e.contact_id = c.id AND e.state = 'pending')
FOR UPDATE OF c;

-- name: due
-- $1 now, $2 agents (NULL: everybody's and nobody's), $3 limit
SELECT * FROM agenda_event
WHERE state = 'pending' AND due_at <= $1 AND ($2::uuid[] IS NULL OR agent_id IS NULL OR agent_id = ANY ($2))
ORDER BY due_at, id
LIMIT $3;

-- name: due_contacts
-- Of each due contact its first event. Rows another worker holds are left to it; an event to a number that is
-- none of the customer's waits for a supervisor, out of the others' way.
SELECT e.*
FROM agenda_event e
JOIN contact c ON c.id = e.contact_id AND c.state = 'scheduled'
JOIN phone p ON p.customer_id = c.customer_id AND p.e164 = e.e164
WHERE e.state = 'pending' AND e.orphaned_at IS NULL AND e.due_at <= $1
  AND NOT EXISTS (SELECT FROM agenda_event s
                  WHERE s.contact_id = e.contact_id AND s.state = 'pending' AND (s.due_at, s.id) < (e.due_at, e.id))
  AND NOT (e.agent_id IS NULL AND e.campaign_id = ANY ($3::uuid[]))
ORDER BY e.due_at, e.id
LIMIT $2
FOR UPDATE OF e SKIP LOCKED;

-- name: due_for_anyone
-- $1 campaign, $2 now, $3 limit. Also those an agent was found for who did not come to it.
SELECT e.*
FROM agenda_event e
JOIN contact c ON c.id = e.contact_id
JOIN phone p ON p.customer_id = c.customer_id AND p.e164 = e.e164
WHERE e.state = 'pending' AND e.orphaned_at IS NULL AND e.due_at <= $2 AND e.campaign_id = $1 AND e.agent_id IS NULL
  AND (c.state = 'scheduled' OR (c.state = 'pending' AND c.agent_id IS NOT NULL AND c.next_at <= $2
                                 AND (c.reserved_until IS NULL OR c.reserved_until <= now())))
  AND NOT EXISTS (SELECT FROM agenda_event s
                  WHERE s.contact_id = e.contact_id AND s.state = 'pending' AND (s.due_at, s.id) < (e.due_at, e.id))
ORDER BY e.due_at, e.id
LIMIT $3
FOR UPDATE OF e SKIP LOCKED;

-- name: next_due
SELECT min(due_at) FROM agenda_event WHERE state = 'pending' AND due_at > $1;

-- name: tried
UPDATE agenda_event SET tries = tries + 1
WHERE contact_id = $1 AND state = 'pending' AND due_at <= $2
RETURNING tries;

-- name: between
-- $1 from, $2 to, $3 agents (NULL: all), $4 also nobody's, $5 states, $6 campaigns (NULL: all), $7 campaigns whose
-- events of nobody are meant (NULL: of all), $8 limit, $9 offset
SELECT * FROM agenda_event
WHERE due_at >= $1 AND due_at < $2 AND state = ANY ($5::text[])
  AND (CASE WHEN agent_id IS NULL THEN $4::boolean AND ($7::uuid[] IS NULL OR campaign_id = ANY ($7))
       ELSE $3::uuid[] IS NULL OR agent_id = ANY ($3) END)
  AND ($6::uuid[] IS NULL OR campaign_id = ANY ($6))
ORDER BY {order}
LIMIT $8 OFFSET $9;

-- name: count_between
-- As `between`.
SELECT count(*) FROM agenda_event
WHERE due_at >= $1 AND due_at < $2 AND state = ANY ($5::text[])
  AND (CASE WHEN agent_id IS NULL THEN $4::boolean AND ($7::uuid[] IS NULL OR campaign_id = ANY ($7))
       ELSE $3::uuid[] IS NULL OR agent_id = ANY ($3) END)
  AND ($6::uuid[] IS NULL OR campaign_id = ANY ($6));

-- name: of_customer
SELECT * FROM agenda_event
WHERE customer_id = $1 AND (state = 'pending' OR $2::boolean)
ORDER BY due_at, id
LIMIT 200;

-- name: knows_phone
SELECT EXISTS (SELECT FROM phone WHERE e164 = $1 AND ($2::uuid IS NULL OR customer_id = $2));
