-- name: candidates
-- Ended contacts of list $1 to be called anew: by last outcome ($2), by the customer's last typification in the
-- campaign ($3, any level), ended from $4 to before $5; NULL: whichever. Never one that may not be called, whose
-- customer is open in the campaign already, or who has no number left. Of a customer's several the last one.
SELECT DISTINCT ON (c.customer_id) c.id, phone.position, coalesce(k.zone, l.zone, b.zone, phone.zones, '') AS zone_key
FROM contact c
JOIN dial_list l ON l.id = c.dial_list_id
JOIN base b ON b.id = l.base_id
JOIN customer k ON k.id = c.customer_id AND k.deleted_at IS NULL
CROSS JOIN LATERAL (
    SELECT p.position, array_to_string(ARRAY(SELECT z FROM unnest(p.zones) z ORDER BY z COLLATE "C"), '|') AS zones
    FROM phone p
    WHERE p.customer_id = c.customer_id AND p.state = 'good'
      AND NOT EXISTS (SELECT FROM do_not_call d WHERE d.e164 = p.e164 AND d.lifted_at IS NULL
                      AND (d.campaign_id IS NULL OR d.campaign_id = c.campaign_id))
    ORDER BY p.position LIMIT 1
) phone
WHERE c.dial_list_id = $1 AND c.state IN ('done', 'exhausted')
  AND ($2::text[] IS NULL OR c.last_outcome = ANY ($2))
  AND ($3::uuid[] IS NULL OR (
      SELECT i.result_ids && $3 FROM interaction i
      WHERE i.customer_id = c.customer_id AND i.campaign_id = c.campaign_id AND i.state = 'typified'
      ORDER BY i.created_at DESC, i.id DESC LIMIT 1))
  AND ($4::timestamptz IS NULL OR c.finished_at >= $4) AND ($5::timestamptz IS NULL OR c.finished_at < $5)
  AND NOT EXISTS (SELECT FROM contact o WHERE o.customer_id = c.customer_id AND o.campaign_id = c.campaign_id
                  AND o.state IN ('pending', 'live', 'awaiting_typification', 'scheduled'))
ORDER BY c.customer_id, c.finished_at DESC NULLS LAST, c.id

-- name: recycle
-- Attempts and retries begin anew and the contact stands last; a wait that still runs is not shortened.
UPDATE contact c
SET state = 'pending', attempts = 0, retries = '{}', agent_id = NULL, cursor = u.cursor, zone_key = u.zone_key,
    position = $4 + u.ord - 1, next_at = greatest(c.next_at, $5), final_reason = NULL, finished_at = NULL,
    reserved_by = NULL, reserved_until = NULL
FROM unnest($1::uuid[], $2::smallint[], $3::text[]) WITH ORDINALITY AS u (id, cursor, zone_key, ord)
WHERE c.id = u.id AND c.state IN ('done', 'exhausted')
RETURNING c.id

-- name: forget_attempts
DELETE FROM contact_phone WHERE contact_id = ANY ($1)
