-- name: tree
-- $1 campaign (NULL: all), $2 only what may be chosen now. A child is offered only below an offered parent.
WITH RECURSIVE reach AS (
    SELECT r.* FROM result r
    WHERE r.parent_id IS NULL
      AND ($1::uuid IS NULL
           OR EXISTS (SELECT FROM result_campaign rc WHERE rc.result_id = r.id AND rc.campaign_id = $1))
      AND (NOT $2::boolean OR (r.enabled AND r.retired_at IS NULL))
    UNION ALL
    SELECT r.* FROM result r JOIN reach p ON r.parent_id = p.id
    WHERE NOT $2::boolean OR (r.enabled AND r.retired_at IS NULL)
)
SELECT * FROM reach ORDER BY level, ordinal, name, id;

-- name: get
SELECT * FROM result WHERE id = $1;

-- name: create
INSERT INTO result (id, parent_id, level, name, action, schedules, do_not_call_scope, recall_wait_ms,
                    deletes_events, removes_from_lists, classes, measure, ordinal, enabled, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
RETURNING *;

-- name: edit
UPDATE result
SET name = $2, action = $3, schedules = $4, do_not_call_scope = $5, recall_wait_ms = $6, deletes_events = $7,
    removes_from_lists = $8, classes = $9, measure = $10, ordinal = $11, enabled = $12,
    revision = revision + 1
WHERE id = $1 AND ($13::bigint IS NULL OR revision = $13)
RETURNING *;

-- name: set_campaigns
WITH gone AS (
    DELETE FROM result_campaign WHERE result_id = $1 AND campaign_id <> ALL ($2::uuid[])
)
INSERT INTO result_campaign (result_id, campaign_id)
SELECT $1, campaign_id FROM unnest($2::uuid[]) AS campaign_id
ON CONFLICT DO NOTHING;

-- name: campaigns_of
SELECT campaign_id FROM result_campaign WHERE result_id = $1 ORDER BY campaign_id;

-- name: campaigns_by_root
SELECT id, ARRAY (SELECT campaign_id FROM result_campaign rc WHERE rc.result_id = asked.id ORDER BY 1) AS campaign_ids
FROM unnest($1::uuid[]) AS asked (id);

-- name: twin
-- $1 name, $2 parent, $3 campaigns (of a first level), $4 the result itself. Venta and VENTA are one to an agent.
SELECT EXISTS (
    SELECT FROM result r
    WHERE r.retired_at IS NULL AND folded(r.name) = folded($1) AND r.parent_id IS NOT DISTINCT FROM $2
      AND r.id IS DISTINCT FROM $4
      AND (r.parent_id IS NOT NULL
           OR EXISTS (SELECT FROM result_campaign rc
                      WHERE rc.result_id = r.id AND rc.campaign_id = ANY ($3::uuid[])))
);

-- name: below
WITH RECURSIVE below AS (
    SELECT * FROM result WHERE parent_id = $1
    UNION ALL
    SELECT r.* FROM result r JOIN below b ON r.parent_id = b.id
)
SELECT * FROM below;

-- name: retire
WITH RECURSIVE below AS (
    SELECT id FROM result WHERE id = $1
    UNION ALL
    SELECT r.id FROM result r JOIN below b ON r.parent_id = b.id
)
UPDATE result SET retired_at = $2 WHERE id IN (SELECT id FROM below) AND retired_at IS NULL RETURNING id;
