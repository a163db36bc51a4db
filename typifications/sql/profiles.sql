-- name: create
INSERT INTO profile (id, name, fields, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING RETURNING id;

-- name: lock
SELECT revision FROM profile WHERE id = $1 FOR UPDATE;

-- name: edit
UPDATE profile SET name = $2, fields = $3, revision = revision + 1
WHERE id = $1 AND NOT EXISTS (SELECT FROM profile other WHERE other.name = $2 AND other.id <> $1)
RETURNING id;

-- name: set_campaigns
WITH gone AS (
    DELETE FROM profile_campaign WHERE profile_id = $1 AND campaign_id <> ALL ($2::uuid[])
)
INSERT INTO profile_campaign (profile_id, campaign_id)
SELECT $1, campaign_id FROM unnest($2::uuid[]) AS campaign_id
ON CONFLICT DO NOTHING;

-- name: remove
DELETE FROM profile WHERE id = $1 RETURNING id;

-- name: select
-- $1 profile (NULL: all), $2 campaign (NULL: all)
SELECT p.*, ARRAY (SELECT campaign_id FROM profile_campaign pc WHERE pc.profile_id = p.id ORDER BY 1) AS campaigns
FROM profile p
WHERE ($1::uuid IS NULL OR p.id = $1)
  AND ($2::uuid IS NULL
       OR EXISTS (SELECT FROM profile_campaign pc WHERE pc.profile_id = p.id AND pc.campaign_id = $2))
ORDER BY p.name;
