-- name: reserve
-- $1 campaign, $2 now, $3 limit, $4 worker, $5 lease in seconds.
-- Priorities are walked one by one, so that each step is one range of contact_due and contacts that still wait in
-- an earlier priority are never read. The lease is the one thing here that lives by the database's own clock.
WITH picked AS MATERIALIZED (
    SELECT due.id, row_number() OVER () AS ord
    FROM (
        SELECT c.id
        FROM (
            SELECT id FROM dial_list
            WHERE campaign_id = $1 AND ready AND NOT paused AND deleted_at IS NULL
              AND (expires_at IS NULL OR expires_at > $2)
            ORDER BY priority, created_at, id
        ) list
        CROSS JOIN LATERAL (
            SELECT waiting.id
            FROM waiting_priorities(list.id) level
            CROSS JOIN LATERAL (
                SELECT k.id FROM contact k
                WHERE k.dial_list_id = list.id AND k.priority = level.priority AND k.next_at <= $2
                  AND k.state = 'pending' AND k.agent_id IS NULL
                  AND (k.reserved_until IS NULL OR k.reserved_until <= now())
                ORDER BY k.next_at, k.position
                LIMIT $3
                FOR UPDATE SKIP LOCKED
            ) waiting
        ) c
        LIMIT $3
    ) due
), lent AS (
    UPDATE contact c SET reserved_by = $4, reserved_until = now() + make_interval(secs => $5)
    FROM picked WHERE c.id = picked.id
    RETURNING c.*, picked.ord
)
SELECT lent.id, lent.dial_list_id, lent.campaign_id, lent.customer_id, lent.cursor, lent.attempts, lent.retries,
       lent.agent_id, lent.priority, lent.zone_key, lent.data, number.*
FROM lent, next_number(lent.id, lent.customer_id, lent.dial_list_id, lent.cursor) number
ORDER BY lent.ord

-- name: reserve_bound
-- $1 agents, $2 now, $3 limit, $4 worker, $5 lease in seconds, $6 campaigns.
WITH picked AS MATERIALIZED (
    SELECT c.id, c.next_at, c.position
    FROM contact c
    JOIN dial_list l ON l.id = c.dial_list_id
    WHERE c.agent_id = ANY($1) AND c.campaign_id = ANY($6) AND c.state = 'pending' AND c.next_at <= $2
      AND (c.reserved_until IS NULL OR c.reserved_until <= now())
      AND l.ready AND NOT l.paused AND l.deleted_at IS NULL AND (l.expires_at IS NULL OR l.expires_at > $2)
    ORDER BY c.next_at, c.position
    LIMIT $3
    FOR UPDATE OF c SKIP LOCKED
), lent AS (
    UPDATE contact c SET reserved_by = $4, reserved_until = now() + make_interval(secs => $5)
    FROM picked WHERE c.id = picked.id
    RETURNING c.*
)
SELECT lent.id, lent.dial_list_id, lent.campaign_id, lent.customer_id, lent.cursor, lent.attempts, lent.retries,
       lent.agent_id, lent.priority, lent.zone_key, lent.data, number.*
FROM lent, next_number(lent.id, lent.customer_id, lent.dial_list_id, lent.cursor) number
ORDER BY lent.next_at, lent.position

-- name: reserve_one
-- $1 contact, $2 worker, $3 lease in seconds. A paused list stops the dialer, not an agent's hand; a deleted one
-- stops both.
WITH picked AS MATERIALIZED (
    SELECT c.id FROM contact c
    JOIN dial_list l ON l.id = c.dial_list_id
    WHERE c.id = $1 AND c.state IN ('pending', 'scheduled')
      AND (c.reserved_until IS NULL OR c.reserved_until <= now() OR c.reserved_by = $2)
      AND l.ready AND l.deleted_at IS NULL
    FOR UPDATE OF c SKIP LOCKED
), lent AS (
    UPDATE contact c SET reserved_by = $2, reserved_until = now() + make_interval(secs => $3)
    FROM picked WHERE c.id = picked.id
    RETURNING c.*
)
SELECT lent.id, lent.dial_list_id, lent.campaign_id, lent.customer_id, lent.cursor, lent.attempts, lent.retries,
       lent.agent_id, lent.priority, lent.zone_key, lent.data, number.*
FROM lent, next_number(lent.id, lent.customer_id, lent.dial_list_id, lent.cursor) number

-- name: release
UPDATE contact SET reserved_by = NULL, reserved_until = NULL
WHERE id = ANY($1) AND state IN ('pending', 'scheduled') AND reserved_by = $2
RETURNING id

-- name: postpone
UPDATE contact SET next_at = greatest(next_at, $2), reserved_by = NULL, reserved_until = NULL
WHERE id = ANY($1) AND state = 'pending'
RETURNING id

-- name: postpone_zone
-- $1 list, $2 zone key, $3 until, $4 limit. Contacts lent to a worker are its own to postpone.
WITH due AS MATERIALIZED (
    SELECT id FROM contact
    WHERE dial_list_id = $1 AND state = 'pending' AND agent_id IS NULL AND zone_key = $2 AND next_at < $3
      AND (reserved_until IS NULL OR reserved_until <= now())
    ORDER BY priority, next_at, position
    LIMIT $4
    FOR UPDATE SKIP LOCKED
)
UPDATE contact c SET next_at = $3 FROM due WHERE c.id = due.id
RETURNING c.id

-- name: next_due
SELECT min(waiting.next_at)
FROM dial_list list
CROSS JOIN LATERAL (
    SELECT first.next_at
    FROM waiting_priorities(list.id) level
    CROSS JOIN LATERAL (
        SELECT k.next_at FROM contact k
        WHERE k.dial_list_id = list.id AND k.priority = level.priority
          AND k.state = 'pending' AND k.agent_id IS NULL
          AND (k.reserved_until IS NULL OR k.reserved_until <= now())
        ORDER BY k.next_at
        LIMIT 1
    ) first
) waiting
WHERE list.campaign_id = $1 AND list.ready AND NOT list.paused AND list.deleted_at IS NULL
  AND (list.expires_at IS NULL OR list.expires_at > $2)

-- name: remaining
SELECT c.state, count(*) AS contacts
FROM dial_list l JOIN contact c ON c.dial_list_id = l.id
WHERE l.campaign_id = $1 AND l.deleted_at IS NULL
GROUP BY c.state
