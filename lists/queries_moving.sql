-- name: lock_list
SELECT name, campaign_id, ready FROM dial_list WHERE id = $1 AND deleted_at IS NULL FOR UPDATE

-- name: live
SELECT count(*) FROM contact c
WHERE c.dial_list_id = $1
  AND (c.state = 'live' OR EXISTS (SELECT FROM live_attempt a WHERE a.contact_id = c.id))

-- name: end_known
-- The same customer twice in a campaign is refused: who waits there already waits on there, or here (take_in).
UPDATE contact c SET state = 'removed', final_reason = 'already_in_campaign', finished_at = $3,
                     reserved_by = NULL, reserved_until = NULL
WHERE c.dial_list_id = $1 AND c.state IN ('pending', 'awaiting_typification', 'scheduled')
  AND EXISTS (SELECT FROM contact o WHERE o.campaign_id = $2 AND o.customer_id = c.customer_id
              AND o.state IN ('pending', 'live', 'awaiting_typification', 'scheduled'))
RETURNING c.id, c.customer_id, c.priority, c.position

-- name: allow_known
-- … or is allowed, and such contacts are marked.
UPDATE contact c SET again = true
WHERE c.dial_list_id = $1 AND c.state IN ('pending', 'awaiting_typification', 'scheduled')
  AND EXISTS (SELECT FROM contact o WHERE o.campaign_id = $2 AND o.customer_id = c.customer_id
              AND o.state IN ('pending', 'live', 'awaiting_typification', 'scheduled'))

-- name: take_in
-- Who waited in the campaign already comes to the place of the one that ended; not from a call, nor from a worker.
UPDATE contact o
SET dial_list_id = $1, priority = u.priority, position = u.position, reserved_by = NULL, reserved_until = NULL,
    zone_key = coalesce(k.zone, l.zone, b.zone, array_to_string(ARRAY(
        SELECT z FROM phone p, unnest(p.zones) z WHERE p.customer_id = o.customer_id AND p.position = o.cursor
        ORDER BY z COLLATE "C"), '|'))
FROM unnest($3::uuid[], $4::int[], $5::bigint[]) AS u (customer_id, priority, position),
     customer k, dial_list l JOIN base b ON b.id = l.base_id
WHERE o.campaign_id = $2 AND o.customer_id = u.customer_id AND NOT o.again AND k.id = o.customer_id AND l.id = $1
  AND o.dial_list_id <> $1 AND o.state IN ('pending', 'awaiting_typification', 'scheduled')
  AND (o.reserved_until IS NULL OR o.reserved_until <= now())
RETURNING o.id

-- name: move_list
UPDATE dial_list SET campaign_id = $2 WHERE id = $1

-- name: move_contacts
-- A worker of the former campaign that had reserved some of them finds its reservations gone.
WITH moved AS (
    UPDATE contact SET campaign_id = $2, reserved_by = NULL, reserved_until = NULL WHERE dial_list_id = $1
    RETURNING state
)
SELECT count(*) FROM moved WHERE state IN ('pending', 'awaiting_typification', 'scheduled')

-- name: move_loads
-- Its files may be loaded again, into the one campaign or the other.
UPDATE load SET campaign_id = $2, file_hash = file_hash || ' moved ' || id WHERE dial_list_id = $1 AND state = 'done'
