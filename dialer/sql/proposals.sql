-- name: put
INSERT INTO proposal (agent_id, attempt_id, stage, direction, campaign_id, contact_id, customer_id, e164, since, until,
                      at_end, skips_left, worker)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT (agent_id) DO UPDATE
SET attempt_id = excluded.attempt_id, stage = excluded.stage, direction = excluded.direction,
    campaign_id = excluded.campaign_id, contact_id = excluded.contact_id, customer_id = excluded.customer_id,
    e164 = excluded.e164, since = excluded.since, until = excluded.until, at_end = excluded.at_end,
    skips_left = excluded.skips_left, worker = excluded.worker;

-- name: remove
DELETE FROM proposal WHERE agent_id = $1 AND attempt_id = $2;

-- name: take_over
DELETE FROM proposal RETURNING contact_id, worker;

-- name: of_agent
SELECT attempt_id, direction, e164, campaign_id, customer_id, contact_id, stage, until, at_end, skips_left
FROM proposal
WHERE agent_id = $1;

-- name: skip
INSERT INTO preview_skip (id, at, campaign_id, contact_id, customer_id, agent_id, e164, reason, by_timer)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (id) DO NOTHING;

-- name: skips
SELECT id, at, campaign_id, contact_id, customer_id, agent_id, e164, reason, by_timer
FROM preview_skip
WHERE ($1::uuid[] IS NULL OR campaign_id = ANY ($1)) AND ($2::uuid IS NULL OR contact_id = $2)
  AND ($3::uuid IS NULL OR agent_id = $3)
ORDER BY CASE WHEN $4 THEN at END DESC, CASE WHEN NOT $4 THEN at END, id
LIMIT $5 OFFSET $6;
