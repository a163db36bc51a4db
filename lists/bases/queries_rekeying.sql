-- name: lock_base
-- The same lock as a load's: one at a time changes a base.
SELECT pg_advisory_xact_lock(hashtextextended('load into ' || $1::text, 0))

-- name: fields
SELECT DISTINCT f FROM customer k, jsonb_object_keys(k.data) f WHERE k.base_id = $1 AND k.deleted_at IS NULL

-- name: stage
CREATE TEMP TABLE rekeyed (customer_id uuid PRIMARY KEY, old text NOT NULL, new text) ON COMMIT DROP

-- name: fill
-- A key of several columns is joined as a load joins it. NULL: one of them is empty.
INSERT INTO rekeyed
SELECT id, key, CASE WHEN '' <> ALL (parts) THEN array_to_string(parts, '|') END
FROM (SELECT k.id, k.key, ARRAY(SELECT btrim(part) FROM unnest(ARRAY[{parts}]::text[]) WITH ORDINALITY u (part, n)
                                ORDER BY n) AS parts
      FROM customer k WHERE k.base_id = $1 AND k.deleted_at IS NULL) found

-- name: counts
SELECT count(*) AS customers, count(*) FILTER (WHERE new <> old) AS changed, count(*) FILTER (WHERE new IS NULL) AS missing,
       count(*) FILTER (WHERE new IN (SELECT new FROM rekeyed WHERE new IS NOT NULL GROUP BY new HAVING count(*) > 1)) AS shared
FROM rekeyed

-- name: examples
SELECT old, new FROM rekeyed WHERE new <> old ORDER BY old COLLATE "C" LIMIT $1

-- name: shared
SELECT new FROM rekeyed WHERE new IS NOT NULL GROUP BY new HAVING count(*) > 1 ORDER BY new COLLATE "C" LIMIT $1

-- name: step_aside
-- Who was merged or deleted keeps no key that somebody is to have.
UPDATE customer k SET key = k.key || ' before ' || k.id
WHERE k.base_id = $1 AND k.deleted_at IS NOT NULL AND k.key IN (SELECT new FROM rekeyed)

-- name: clear
-- One may get the key that another gives up: nobody has any in between.
UPDATE customer k SET key = 'rekeyed ' || k.id FROM rekeyed r WHERE k.id = r.customer_id AND r.new <> r.old AND k.base_id = $1

-- name: rekey
UPDATE customer k SET key = r.new, updated_at = $1 FROM rekeyed r WHERE k.id = r.customer_id AND r.new <> r.old

-- name: keep_columns
UPDATE base SET key_columns = $2 WHERE id = $1
