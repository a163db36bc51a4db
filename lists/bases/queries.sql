-- name: keep_template
INSERT INTO base_template (base_id, mapping, encoding, delimiter, updated_at)
SELECT id, $2, $3, $4, $5 FROM base WHERE id = $1 AND deleted_at IS NULL
ON CONFLICT (base_id) DO UPDATE
SET mapping = excluded.mapping, encoding = excluded.encoding, delimiter = excluded.delimiter,
    updated_at = excluded.updated_at
RETURNING base_id

-- name: template
SELECT mapping, encoding, delimiter FROM base_template WHERE base_id = $1

-- name: template_by_name
SELECT t.mapping, t.encoding, t.delimiter
FROM base_template t JOIN base b ON b.id = t.base_id WHERE b.name = $1 AND b.deleted_at IS NULL

-- name: forget_template
DELETE FROM base_template WHERE base_id = $1

-- name: export_fields
-- Every extra column anybody of the base has.
SELECT DISTINCT f FROM customer k, jsonb_object_keys(k.data) f
WHERE k.base_id = $1 AND k.deleted_at IS NULL ORDER BY f

-- name: export
SELECT k.key, k.document, k.name, k.zone, k.data, p.e164s
FROM customer k
CROSS JOIN LATERAL (
    SELECT array_agg(p.e164 ORDER BY p.position) AS e164s FROM phone p WHERE p.customer_id = k.id
) p
WHERE k.base_id = $1 AND k.deleted_at IS NULL
ORDER BY k.id

-- name: lock_base
-- The same lock as a load's: one file at a time goes into a base.
SELECT pg_advisory_xact_lock(hashtextextended('load into ' || $1::text, 0))

-- name: stage
-- One row of the file each. `match` is what the customer is found by, `ticked` the extra columns to be updated.
CREATE TEMP TABLE update_row (
    line bigint PRIMARY KEY, new_id uuid NOT NULL, match text NOT NULL, document text NOT NULL, name text NOT NULL,
    zone text, data jsonb NOT NULL, ticked jsonb NOT NULL, main_id uuid, main text, main_typed text, main_zones text,
    ids uuid[] NOT NULL, e164s text[] NOT NULL, typed text[] NOT NULL, zones text[] NOT NULL
) ON COMMIT DROP

-- name: stage_wrong
-- Rows that could not be read.
CREATE TEMP TABLE update_wrong (
    line bigint NOT NULL, reason text NOT NULL, detail text NOT NULL, raw text NOT NULL
) ON COMMIT DROP

-- name: stage_refused
CREATE TEMP TABLE update_refused (line bigint PRIMARY KEY, reason text NOT NULL) ON COMMIT DROP

-- name: stage_known
CREATE TEMP TABLE update_known (
    line bigint NOT NULL, customer_id uuid NOT NULL, changed boolean NOT NULL DEFAULT false
) ON COMMIT DROP

-- name: analyze
ANALYZE update_row

-- name: analyze_known
ANALYZE update_known

-- name: find_repeated
INSERT INTO update_refused
SELECT line, 'repeated_key' FROM (SELECT line, row_number() OVER (PARTITION BY match ORDER BY line) AS nth FROM update_row) r
WHERE nth > 1

-- name: find_by_key
INSERT INTO update_known (line, customer_id)
SELECT r.line, coalesce(k.merged_into, k.id) FROM update_row r
JOIN customer k ON k.base_id = $1 AND k.key = r.match AND (k.deleted_at IS NULL OR k.merged_into IS NOT NULL)
WHERE NOT EXISTS (SELECT FROM update_refused x WHERE x.line = r.line)

-- name: find_by_document
INSERT INTO update_known (line, customer_id)
SELECT r.line, k.id FROM update_row r
JOIN customer k ON k.document = r.match AND k.document <> '' AND k.base_id = $1 AND k.deleted_at IS NULL
WHERE NOT EXISTS (SELECT FROM update_refused x WHERE x.line = r.line)

-- name: find_by_phone
INSERT INTO update_known (line, customer_id)
SELECT r.line, k.id FROM update_row r
JOIN phone p ON p.e164 = r.match
JOIN customer k ON k.id = p.customer_id AND k.base_id = $1 AND k.deleted_at IS NULL
WHERE NOT EXISTS (SELECT FROM update_refused x WHERE x.line = r.line)

-- name: find_several
INSERT INTO update_refused
SELECT line, 'several_customers' FROM update_known GROUP BY line HAVING count(*) > 1

-- name: find_same
-- Two rows that found one customer by different words: the first one counts.
INSERT INTO update_refused
SELECT line, 'repeated_key' FROM (
    SELECT line, row_number() OVER (PARTITION BY customer_id ORDER BY line) AS nth FROM update_known
) r
WHERE nth > 1
ON CONFLICT DO NOTHING

-- name: drop_refused
DELETE FROM update_known n USING update_refused x WHERE x.line = n.line

-- name: mark_changed
-- $1 document, $2 name, $3 zone, $4 main number, $5 alternatives: whether the column is ticked. Empty cells change
-- nothing.
UPDATE update_known n SET changed = true
FROM update_row r, customer k
WHERE r.line = n.line AND k.id = n.customer_id AND (
    ($1 AND r.document <> '' AND r.document <> k.document)
    OR ($2 AND r.name <> '' AND r.name <> k.name)
    OR ($3 AND r.zone IS NOT NULL AND r.zone IS DISTINCT FROM k.zone)
    OR EXISTS (SELECT FROM jsonb_each_text(r.ticked) e WHERE k.data ->> e.key IS DISTINCT FROM e.value)
    OR ($4 AND r.main IS NOT NULL AND r.main IS DISTINCT FROM (
            SELECT p.e164 FROM phone p WHERE p.customer_id = k.id ORDER BY p.position LIMIT 1))
    OR ($5 AND EXISTS (SELECT FROM unnest(r.e164s) e (e164) WHERE NOT EXISTS (
            SELECT FROM phone p WHERE p.customer_id = k.id AND p.e164 = e.e164))))

-- name: counts
SELECT count(*) FILTER (WHERE n.line IS NULL AND x.line IS NULL) AS unknown,
       count(*) FILTER (WHERE n.changed) AS changed,
       count(*) FILTER (WHERE NOT n.changed) AS same,
       count(*) FILTER (WHERE x.line IS NOT NULL) + (SELECT count(*) FROM update_wrong) AS refused
FROM update_row r
LEFT JOIN update_known n ON n.line = r.line
LEFT JOIN update_refused x ON x.line = r.line

-- name: refused
SELECT line, reason FROM update_refused UNION ALL SELECT line, reason FROM update_wrong ORDER BY line LIMIT $1

-- name: examples
SELECT r.line, k.key, k.document, k.name, k.zone, k.data, p.e164s AS phones,
       r.document AS new_document, r.name AS new_name, r.zone AS new_zone, r.ticked, r.main, r.e164s
FROM update_known n
JOIN update_row r ON r.line = n.line
JOIN customer k ON k.id = n.customer_id
CROSS JOIN LATERAL (
    SELECT array_agg(p.e164 ORDER BY p.position) AS e164s FROM phone p WHERE p.customer_id = k.id
) p
WHERE n.changed
ORDER BY r.line LIMIT $1

-- name: update_customers
-- $1 document, $2 name, $3 zone: whether the column is ticked. $4 now.
UPDATE customer k
SET document = CASE WHEN $1 AND r.document <> '' THEN r.document ELSE k.document END,
    name = CASE WHEN $2 AND r.name <> '' THEN r.name ELSE k.name END,
    folded = CASE WHEN $2 AND r.name <> '' THEN folded(r.name) ELSE k.folded END,
    zone = CASE WHEN $3 AND r.zone IS NOT NULL THEN r.zone ELSE k.zone END,
    data = k.data || r.ticked, updated_at = $4
FROM update_known n JOIN update_row r ON r.line = n.line
WHERE k.id = n.customer_id AND n.changed

-- name: swap_mains
-- The new main number was one of the customer's alternatives: the two change places.
UPDATE phone p SET position = CASE WHEN p.id = found.id THEN found.first ELSE found.position END
FROM (
    SELECT p.id, p.position, m.id AS main_id, m.position AS first
    FROM update_known n
    JOIN update_row r ON r.line = n.line AND r.main IS NOT NULL
    JOIN phone p ON p.customer_id = n.customer_id AND p.e164 = r.main
    CROSS JOIN LATERAL (
        SELECT f.id, f.position FROM phone f WHERE f.customer_id = n.customer_id ORDER BY f.position LIMIT 1) m
    WHERE n.changed AND m.id <> p.id
) found
WHERE p.id IN (found.id, found.main_id)

-- name: replace_mains
UPDATE phone p
SET e164 = found.main, typed = found.main_typed, kind = '', state = 'good',
    zones = CASE WHEN found.main_zones = '' THEN '{}' ELSE string_to_array(found.main_zones, '|') END
FROM (
    SELECT m.id, r.main, r.main_typed, r.main_zones
    FROM update_known n
    JOIN update_row r ON r.line = n.line AND r.main IS NOT NULL
    CROSS JOIN LATERAL (
        SELECT f.id FROM phone f WHERE f.customer_id = n.customer_id ORDER BY f.position LIMIT 1) m
    WHERE n.changed AND NOT EXISTS (
        SELECT FROM phone h WHERE h.customer_id = n.customer_id AND h.e164 = r.main)
) found
WHERE p.id = found.id

-- name: first_mains
-- Of customers who had no number at all.
INSERT INTO phone (id, customer_id, position, e164, typed, zones)
SELECT r.main_id, n.customer_id, 0, r.main, r.main_typed,
       CASE WHEN r.main_zones = '' THEN '{}' ELSE string_to_array(r.main_zones, '|') END
FROM update_known n JOIN update_row r ON r.line = n.line
WHERE n.changed AND r.main IS NOT NULL AND NOT EXISTS (SELECT FROM phone h WHERE h.customer_id = n.customer_id)

-- name: add_alternatives
-- Behind those there are.
INSERT INTO phone (id, customer_id, position, e164, typed, zones)
SELECT e.id, c.customer_id, c.last + e.ord, e.e164, e.typed,
       CASE WHEN e.zones = '' THEN '{}' ELSE string_to_array(e.zones, '|') END
FROM update_row r
JOIN (
    SELECT n.line, n.customer_id, coalesce((SELECT max(position) FROM phone p WHERE p.customer_id = n.customer_id), -1) AS last
    FROM update_known n WHERE n.changed
) c ON c.line = r.line
CROSS JOIN LATERAL unnest(r.ids, r.e164s, r.typed, r.zones) WITH ORDINALITY AS e (id, e164, typed, zones, ord)
WHERE NOT EXISTS (SELECT FROM phone h WHERE h.customer_id = c.customer_id AND h.e164 = e.e164)
ON CONFLICT (customer_id, e164) DO NOTHING

-- name: rezone
-- The number a waiting contact is to be called on may lie elsewhere now: its hours are judged by the new one.
UPDATE contact c SET zone_key = found.zone_key
FROM (
    SELECT c.id, coalesce(k.zone, l.zone, b.zone,
                          array_to_string(ARRAY(SELECT z FROM unnest(p.zones) z ORDER BY z COLLATE "C"), '|'), '') AS zone_key
    FROM update_known n
    JOIN customer k ON k.id = n.customer_id
    JOIN contact c ON c.customer_id = k.id AND c.state IN ('pending', 'awaiting_typification', 'scheduled')
    JOIN dial_list l ON l.id = c.dial_list_id
    JOIN base b ON b.id = l.base_id
    LEFT JOIN phone p ON p.customer_id = k.id AND p.position = c.cursor
    WHERE n.changed
) found
WHERE c.id = found.id AND c.zone_key <> found.zone_key

-- name: create_customers
INSERT INTO customer (id, base_id, key, document, name, zone, data, created_at, updated_at)
SELECT r.new_id, $1, r.match, r.document, r.name, r.zone, r.data, $2, $2
FROM update_row r
WHERE NOT EXISTS (SELECT FROM update_known n WHERE n.line = r.line)
  AND NOT EXISTS (SELECT FROM update_refused x WHERE x.line = r.line)
ON CONFLICT (base_id, key) DO NOTHING

-- name: fold_created
-- Behind the insert, so that what the table derives of a name is derived of these, too.
UPDATE customer k SET folded = folded(k.name) FROM update_row r WHERE k.id = r.new_id AND k.name <> ''

-- name: create_phones
INSERT INTO phone (id, customer_id, position, e164, typed, zones)
SELECT e.id, k.id, e.ord - 1, e.e164, e.typed, CASE WHEN e.zones = '' THEN '{}' ELSE string_to_array(e.zones, '|') END
FROM update_row r
JOIN customer k ON k.id = r.new_id
CROSS JOIN LATERAL unnest(
    array_remove(r.main_id || r.ids, NULL), array_remove(r.main || r.e164s, NULL),
    array_remove(r.main_typed || r.typed, NULL), array_remove(r.main_zones || r.zones, NULL)
) WITH ORDINALITY AS e (id, e164, typed, zones, ord)
ON CONFLICT (customer_id, e164) DO NOTHING

-- name: note_load
INSERT INTO load (id, base_id, file_name, file_hash, mapping, state, rows, loaded, rejected, duplicates, started_at,
                  finished_at)
VALUES ($1, $2, $3, $4, $5, 'done', $6, $7, $8, 0, $9, $9)

-- name: keep_refused
-- Of a row that was read and then refused what it was to be found by is kept.
INSERT INTO load_reject (load_id, line, reason, detail, raw)
SELECT $1::uuid, x.line, x.reason, '', r.match FROM update_refused x JOIN update_row r ON r.line = x.line
UNION ALL
SELECT $1, line, reason, detail, raw FROM update_wrong
