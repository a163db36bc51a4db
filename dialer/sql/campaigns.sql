-- name: create
INSERT INTO campaign (id, name, kind, settings, created_at)
VALUES ($1, $2, $3, $4, $5)
RETURNING *;

-- name: get
SELECT * FROM campaign WHERE id = $1 AND deleted_at IS NULL;

-- name: by_name
SELECT * FROM campaign WHERE name = $1 AND deleted_at IS NULL;

-- name: names
-- Of deleted ones, too: their past is still told, by the name they had.
SELECT id, CASE WHEN deleted_at IS NULL THEN name ELSE replace(name, ' ' || id, '') END AS name
FROM campaign WHERE id = ANY ($1);

-- name: zones
-- Of these campaigns, deleted ones too; $1 NULL: of all that are not.
SELECT DISTINCT coalesce(settings ->> 'zone', 'UTC') AS zone FROM campaign
WHERE CASE WHEN $1::uuid[] IS NULL THEN deleted_at IS NULL ELSE id = ANY ($1) END;

-- name: page
SELECT * FROM campaign
WHERE deleted_at IS NULL AND ($1::uuid[] IS NULL OR id = ANY ($1))
ORDER BY name
LIMIT $2 OFFSET $3;

-- name: edit
UPDATE campaign
SET name = coalesce($2, name), settings = coalesce($3, settings), revision = revision + 1
WHERE id = $1 AND deleted_at IS NULL AND ($4::bigint IS NULL OR revision = $4)
RETURNING *;

-- name: set_desired
UPDATE campaign
SET desired = $2, revision = revision + 1
WHERE id = $1 AND deleted_at IS NULL
RETURNING *;

-- name: remove
-- The name carries the id from now on, so that a new campaign may take it.
UPDATE campaign
SET deleted_at = $2, desired = 'stopped', revision = revision + 1, name = name || ' ' || id::text
WHERE id = $1 AND deleted_at IS NULL
RETURNING *;

-- name: say
UPDATE campaign SET status = $2 WHERE id = $1;

-- name: revisions
SELECT id, revision FROM campaign WHERE deleted_at IS NULL;
