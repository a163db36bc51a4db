-- name: lock_list
SELECT name, campaign_id, ready FROM dial_list WHERE id = $1 AND deleted_at IS NULL FOR UPDATE

-- name: live
SELECT count(*) FROM contact c
WHERE c.dial_list_id = $1
  AND (c.state = 'live' OR EXISTS (SELECT FROM live_attempt a WHERE a.contact_id = c.id))

-- name: end_known
-- The same customer twice in a campaign is refused: who waits there already waits on there.
UPDATE contact c SET state = 'removed', final_reason = 'already_in_campaign', finished_at = $3,
                     reserved_by = NULL, reserved_until = NULL
WHERE c.dial_list_id = $1 AND c.state IN ('pending', 'awaiting_typification', 'scheduled')
  AND EXISTS (SELECT FROM contact o WHERE o.campaign_id = $2 AND o.customer_id = c.customer_id
              AND o.state IN ('pending', 'live', 'awaiting_typification', 'scheduled'))
RETURNING c.id

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
