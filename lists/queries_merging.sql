-- name: lock
-- Both at once, in the order of ids, so that two merges crosswise do not wait for each other.
SELECT id, base_id, key, document, name, zone, owner_id, data, created_at FROM customer
WHERE id = ANY ($1::uuid[]) AND deleted_at IS NULL ORDER BY id FOR UPDATE

-- name: live
SELECT count(*) FROM live_attempt WHERE customer_id = ANY ($1::uuid[])

-- name: phones
-- Of $2 (the one that goes) each number, its place with $1 (the one that stays) if it has it, and the worse state.
SELECT p.id, p.position AS old_position, p.e164, h.id AS kept_id, h.position AS kept_position,
       CASE WHEN h.state = 'good' AND p.state <> 'good' THEN p.state END AS worse
FROM phone p LEFT JOIN phone h ON h.customer_id = $1 AND h.e164 = p.e164
WHERE p.customer_id = $2 ORDER BY p.position

-- name: move_phones
-- New alternatives, behind those there are.
UPDATE phone p SET customer_id = $1, position = u.position
FROM unnest($2::uuid[], $3::smallint[]) AS u (id, position) WHERE p.id = u.id

-- name: last_position
SELECT coalesce(max(position), -1) FROM phone WHERE customer_id = $1

-- name: worsen
UPDATE phone p SET state = u.state FROM unnest($1::uuid[], $2::text[]) AS u (id, state) WHERE p.id = u.id

-- name: twice_open
-- Open contacts of both in one campaign: one of the two stays. An agreed call-back goes before a conversation to be
-- typified, that before a waiting contact; of equals, that of the customer who stays ($1). Who was allowed to be in
-- several lists is in as many afterwards.
SELECT mine.id AS mine_id, theirs.id AS theirs_id, mine.state AS mine_state, theirs.state AS theirs_state,
       mine.attempts AS mine_attempts, theirs.attempts AS theirs_attempts
FROM contact mine
JOIN contact theirs ON theirs.campaign_id = mine.campaign_id AND theirs.customer_id = $2
                   AND theirs.state IN ('pending', 'awaiting_typification', 'scheduled')
                   AND NOT theirs.again
WHERE mine.customer_id = $1 AND mine.state IN ('pending', 'awaiting_typification', 'scheduled') AND NOT mine.again
ORDER BY mine.id

-- name: end_twice
-- What the one that goes has been through counts for the one that stays: attempts add up, no wait is shortened.
WITH ended AS (
    UPDATE contact c SET state = 'removed', final_reason = 'merged', finished_at = $3, reserved_by = NULL,
                         reserved_until = NULL
    FROM unnest($1::uuid[]) AS u (id) WHERE c.id = u.id
    RETURNING c.id, c.attempts, c.next_at
)
UPDATE contact c SET attempts = least(c.attempts + e.attempts, 32767), next_at = greatest(c.next_at, e.next_at)
FROM unnest($1::uuid[], $2::uuid[]) AS u (ended_id, kept_id) JOIN ended e ON e.id = u.ended_id
WHERE c.id = u.kept_id

-- name: add_number_attempts
INSERT INTO contact_phone AS p (contact_id, e164, attempts)
SELECT u.kept_id, o.e164, o.attempts
FROM unnest($1::uuid[], $2::uuid[]) AS u (ended_id, kept_id) JOIN contact_phone o ON o.contact_id = u.ended_id
ON CONFLICT (contact_id, e164) DO UPDATE SET attempts = least(p.attempts + excluded.attempts, 32767)

-- name: move_contacts
-- The cursor follows the number it stood at. $3, $4: places of the numbers before and now.
UPDATE contact c
SET customer_id = $1, reserved_by = NULL, reserved_until = NULL,
    cursor = coalesce((SELECT u.now FROM unnest($3::smallint[], $4::smallint[]) AS u (was, now) WHERE u.was = c.cursor),
                      c.cursor)
WHERE c.customer_id = $2
RETURNING c.id

-- name: rezone
-- Whose zone is known by the customer, by list or base, or by the number at the cursor.
UPDATE contact c
SET zone_key = coalesce(k.zone, l.zone, b.zone, array_to_string(ARRAY(
        SELECT z FROM phone p, unnest(p.zones) z WHERE p.customer_id = k.id AND p.position = c.cursor
        ORDER BY z COLLATE "C"), '|'))
FROM customer k, dial_list l JOIN base b ON b.id = l.base_id
WHERE c.customer_id = $1 AND k.id = c.customer_id AND l.id = c.dial_list_id
  AND c.state IN ('pending', 'awaiting_typification', 'scheduled')

-- name: move_attempts
UPDATE attempt SET customer_id = $1 WHERE customer_id = $2 RETURNING id

-- name: merge_use
-- Rolling caps and the quiet after a conversation count what happened to either; $3: how many times are kept.
INSERT INTO customer_use AS k (customer_id, last_at, recent, conversation_at)
SELECT $1, last_at, recent, conversation_at FROM customer_use WHERE customer_id = $2
ON CONFLICT (customer_id) DO UPDATE SET
    last_at = greatest(k.last_at, excluded.last_at),
    conversation_at = greatest(k.conversation_at, excluded.conversation_at),
    recent = (SELECT coalesce(array_agg(t ORDER BY t), '{}')
              FROM (SELECT t FROM unnest(k.recent || excluded.recent) t ORDER BY t DESC LIMIT $3) newest)

-- name: take_over
-- What only the other knew is kept; what both say is the one's who stays.
UPDATE customer SET document = $2, name = $3, zone = $4, owner_id = $5, data = $6, updated_at = $7 WHERE id = $1

-- name: retire
UPDATE customer SET deleted_at = $3, merged_into = $2, updated_at = $3 WHERE id = $1

-- name: follow
-- Whoever was merged into the one that goes is merged into the one that stays.
UPDATE customer SET merged_into = $2 WHERE merged_into = $1

-- name: record
INSERT INTO customer_merge (id, kept_id, merged_id, at, by, undo) VALUES ($1, $2, $3, $4, $5, $6)

-- name: note
UPDATE customer_merge SET undo = undo || $2 WHERE id = $1

-- name: merges_of
SELECT id, kept_id, merged_id, at, by, undo, undone_at FROM customer_merge
WHERE kept_id = $1 OR merged_id = $1 ORDER BY at DESC, id DESC LIMIT 200

-- name: campaigns_of
SELECT campaign_id FROM contact WHERE customer_id = ANY ($1::uuid[])
UNION
SELECT campaign_id FROM attempt WHERE customer_id = ANY ($1::uuid[]) AND campaign_id IS NOT NULL

-- name: count_attempts
SELECT count(*) FROM attempt WHERE customer_id = $1

-- name: count_contacts
SELECT count(*) FROM contact WHERE customer_id = $1

-- name: same_document
SELECT k.document AS value, count(*) AS customers, (array_agg(k.id ORDER BY k.created_at, k.id))[:20] AS ids
FROM customer k WHERE k.base_id = $1 AND k.deleted_at IS NULL AND k.document <> ''
GROUP BY k.document HAVING count(*) > 1
ORDER BY k.document COLLATE "C" LIMIT $2 OFFSET $3

-- name: same_phone
SELECT p.e164 AS value, count(*) AS customers, (array_agg(k.id ORDER BY k.created_at, k.id))[:20] AS ids
FROM customer k JOIN phone p ON p.customer_id = k.id
WHERE k.base_id = $1 AND k.deleted_at IS NULL
GROUP BY p.e164 HAVING count(*) > 1
ORDER BY p.e164 COLLATE "C" LIMIT $2 OFFSET $3
