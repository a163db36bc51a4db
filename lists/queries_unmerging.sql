-- name: lock
SELECT id, kept_id, merged_id, at, by, undo, undone_at FROM customer_merge WHERE id = $1 FOR UPDATE

-- name: lock_customers
SELECT id, document, name, zone, owner_id, data, deleted_at, merged_into FROM customer
WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE

-- name: later
-- Whether either was merged again afterwards: that merge is undone first.
SELECT EXISTS (SELECT FROM customer_merge m
               WHERE m.undone_at IS NULL AND m.id <> $1 AND m.id > $1 AND (m.kept_id = ANY ($2) OR m.merged_id = ANY ($2)))

-- name: live
SELECT EXISTS (SELECT FROM live_attempt WHERE customer_id = ANY ($1::uuid[]))

-- name: cursors
-- At which number each of these contacts stands now.
SELECT c.id, p.e164 FROM contact c JOIN phone p ON p.customer_id = c.customer_id AND p.position = c.cursor
WHERE c.id = ANY ($1::uuid[]) AND c.customer_id = $2

-- name: return_phones
-- Those still there, where they stood.
UPDATE phone p SET customer_id = $1, position = u.position
FROM unnest($3::uuid[], $4::smallint[]) AS u (id, position)
WHERE p.id = u.id AND p.customer_id = $2
  AND NOT EXISTS (SELECT FROM phone h WHERE h.customer_id = $1 AND h.e164 = p.e164)
RETURNING p.id

-- name: return_contacts
UPDATE contact SET customer_id = $1, reserved_by = NULL, reserved_until = NULL
WHERE id = ANY ($3::uuid[]) AND customer_id = $2
RETURNING id

-- name: return_cursors
UPDATE contact c SET cursor = p.position
FROM unnest($1::uuid[], $2::text[]) AS u (id, e164), phone p
WHERE c.id = u.id AND p.customer_id = c.customer_id AND p.e164 = u.e164

-- name: mend
-- Where the number to be called went away, the next one; and the zone of whichever it is.
UPDATE contact c
SET cursor = p.position, reserved_by = NULL, reserved_until = NULL,
    zone_key = coalesce(k.zone, l.zone, b.zone,
                        array_to_string(ARRAY(SELECT z FROM unnest(p.zones) z ORDER BY z COLLATE "C"), '|'))
FROM customer k, dial_list l, base b, phone p
WHERE c.customer_id = ANY ($1::uuid[]) AND k.id = c.customer_id AND l.id = c.dial_list_id AND b.id = l.base_id
  AND c.state IN ('pending', 'awaiting_typification', 'scheduled')
  AND p.id = (SELECT h.id FROM phone h WHERE h.customer_id = c.customer_id
              ORDER BY h.position < c.cursor, h.position LIMIT 1)

-- name: reopen
-- Contacts that had ended because both waited in one campaign: as they were, where nothing else has come instead.
-- A call-back that is no longer agreed on ($4: those that are) leaves a contact that simply waits.
UPDATE contact c
SET state = CASE WHEN u.state = 'scheduled' AND NOT c.id = ANY ($4::uuid[]) THEN 'pending' ELSE u.state END,
    final_reason = NULL, finished_at = NULL
FROM unnest($1::uuid[], $2::text[]) AS u (id, state), dial_list l
WHERE c.id = u.id AND c.state = 'removed' AND c.final_reason = 'merged'
  AND l.id = c.dial_list_id AND l.deleted_at IS NULL AND (l.expires_at IS NULL OR l.expires_at > $3)
  AND NOT EXISTS (SELECT FROM contact o WHERE o.customer_id = c.customer_id AND o.campaign_id = c.campaign_id AND o.id <> c.id
                  AND o.state IN ('pending', 'live', 'awaiting_typification', 'scheduled'))
RETURNING c.id

-- name: subtract
-- The attempts that were the other's.
UPDATE contact c SET attempts = greatest(c.attempts - u.attempts, 0)
FROM unnest($1::uuid[], $2::smallint[]) AS u (id, attempts) WHERE c.id = u.id

-- name: return_attempts
UPDATE attempt SET customer_id = $1 WHERE id = ANY ($3::uuid[]) AND customer_id = $2 RETURNING id

-- name: revive
UPDATE customer SET deleted_at = NULL, merged_into = NULL, updated_at = $2 WHERE id = $1

-- name: unfollow
-- Who had been merged into the one that went is merged into that one again.
UPDATE customer k SET merged_into = $1
FROM customer_merge m
WHERE m.kept_id = $1 AND m.merged_id = k.id AND m.undone_at IS NULL AND k.merged_into = $2

-- name: undone
UPDATE customer_merge SET undone_at = $2, undone_by = $3 WHERE id = $1
