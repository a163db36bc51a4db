-- name: shown
-- These contacts in their turn, each with the phone that would be called next: one that may be, if there is any.
SELECT c.id, c.dial_list_id, c.campaign_id, c.customer_id, k.key, k.name, c.state, c.priority, c.position, c.next_at,
       c.attempts, c.agent_id, c.last_outcome, c.last_at, c.final_reason, c.finished_at, c.created_at, p.e164
FROM ({contacts}) c
JOIN customer k ON k.id = c.customer_id
LEFT JOIN LATERAL (
    SELECT e164 FROM phone WHERE phone.customer_id = c.customer_id
    ORDER BY phone.state <> 'good' OR EXISTS (SELECT FROM do_not_call d WHERE d.e164 = phone.e164 AND d.lifted_at IS NULL
                                              AND (d.campaign_id IS NULL OR d.campaign_id = c.campaign_id)),
             phone.position < c.cursor, phone.position
    LIMIT 1
) p ON true
ORDER BY c.turn

-- name: of_list
-- $2 states (NULL: all), $3 limit, $4 offset.
SELECT c.*, row_number() OVER (ORDER BY {order}) AS turn FROM contact c
WHERE c.dial_list_id = $1 AND ($2::text[] IS NULL OR c.state = ANY ($2))
ORDER BY {order} LIMIT $3 OFFSET $4

-- name: one
SELECT c.*, 1 AS turn FROM contact c WHERE c.id = $1

-- name: upcoming
-- What a reservation at $2 would take, in its order and by its index (see reserve), lent ones too; nothing is locked.
SELECT waiting.*, row_number() OVER (ORDER BY list.ord, waiting.priority, waiting.next_at, waiting.position) AS turn
FROM (
    SELECT id, row_number() OVER (ORDER BY priority, created_at, id) AS ord FROM dial_list
    WHERE campaign_id = $1 AND ready AND NOT paused AND deleted_at IS NULL
      AND (expires_at IS NULL OR expires_at > $2)
) list
CROSS JOIN LATERAL (
    SELECT first.* FROM waiting_priorities(list.id) level
    CROSS JOIN LATERAL (
        SELECT k.* FROM contact k
        WHERE k.dial_list_id = list.id AND k.priority = level.priority AND k.next_at <= $2
          AND k.state = 'pending' AND k.agent_id IS NULL
        ORDER BY k.next_at, k.position LIMIT $3
    ) first
) waiting
ORDER BY list.ord, waiting.priority, waiting.next_at, waiting.position
LIMIT $3

-- name: remove
UPDATE contact SET state = 'removed', final_reason = 'by_hand', finished_at = $2, reserved_by = NULL, reserved_until = NULL
WHERE id = $1 AND state IN ('pending', 'awaiting_typification', 'scheduled')
RETURNING id

-- name: set_priority
UPDATE contact SET priority = $2 WHERE id = $1 AND state IN ('pending', 'live', 'awaiting_typification', 'scheduled')
RETURNING id
