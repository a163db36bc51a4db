-- name: count
SELECT (SELECT count(*) FROM interaction WHERE customer_id = $1) AS interactions,
       (SELECT count(*) FROM agenda_event WHERE customer_id = $1) AS events;

-- name: campaigns_of
SELECT campaign_id FROM interaction WHERE customer_id = ANY ($1::uuid[]) AND campaign_id IS NOT NULL
UNION
SELECT campaign_id FROM agenda_event WHERE customer_id = ANY ($1::uuid[]) AND campaign_id IS NOT NULL;

-- name: move_interactions
UPDATE interaction SET customer_id = $1 WHERE customer_id = $2 RETURNING id;

-- name: move_events
UPDATE agenda_event SET customer_id = $1 WHERE customer_id = $2 RETURNING id;

-- name: move_waiting
UPDATE agenda_event e SET contact_id = u.stays
FROM unnest($1::uuid[], $2::uuid[]) AS u (ended, stays)
WHERE e.contact_id = u.ended AND e.state = 'pending'
RETURNING e.id, u.ended;

-- name: move_these_interactions
UPDATE interaction SET customer_id = $1 WHERE customer_id = $2 AND id = ANY ($3::uuid[]) RETURNING id;

-- name: move_these_events
UPDATE agenda_event SET customer_id = $1 WHERE customer_id = $2 AND id = ANY ($3::uuid[]) RETURNING id;

-- name: wait_again
UPDATE agenda_event e SET contact_id = u.contact_id
FROM unnest($1::uuid[], $2::uuid[]) AS u (id, contact_id)
WHERE e.id = u.id AND e.state = 'pending'
RETURNING e.contact_id;
