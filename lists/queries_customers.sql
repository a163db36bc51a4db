-- name: cards
-- $1 customer ids; answers in the order asked, each phone set as parallel arrays. Who was merged into another is
-- that other.
SELECT k.id, k.base_id, k.key, k.document, k.name, k.zone, k.owner_id, k.data, k.created_at, k.updated_at,
       b.region, p.ids, p.positions, p.e164s, p.typed, p.kinds, p.zones, p.states
FROM unnest($1::uuid[]) WITH ORDINALITY AS asked (id, ord)
JOIN customer a ON a.id = asked.id
JOIN customer k ON k.id = coalesce(a.merged_into, a.id) AND k.deleted_at IS NULL
JOIN base b ON b.id = k.base_id
CROSS JOIN LATERAL (
    SELECT array_agg(p.id ORDER BY p.position) AS ids, array_agg(p.position ORDER BY p.position) AS positions,
           array_agg(p.e164 ORDER BY p.position) AS e164s, array_agg(p.typed ORDER BY p.position) AS typed,
           array_agg(p.kind ORDER BY p.position) AS kinds,
           array_agg(array_to_string(p.zones, '|') ORDER BY p.position) AS zones,
           array_agg(p.state ORDER BY p.position) AS states
    FROM phone p WHERE p.customer_id = k.id
) p
ORDER BY asked.ord

-- name: by_e164
SELECT DISTINCT k.id, k.updated_at FROM phone p
JOIN customer k ON k.id = p.customer_id AND k.deleted_at IS NULL
WHERE p.e164 = $1
ORDER BY k.updated_at DESC, k.id LIMIT $2

-- name: by_tail
-- $1 the last digits backwards, $2 where their range ends (LIKE would need the pattern to plan by).
SELECT DISTINCT k.id, k.updated_at FROM phone p
JOIN customer k ON k.id = p.customer_id AND k.deleted_at IS NULL
WHERE reverse(p.e164) COLLATE "C" >= $1 AND reverse(p.e164) COLLATE "C" < $2
ORDER BY k.updated_at DESC, k.id LIMIT $3

-- The searches: each walks the index of one condition and looks at the others on the way. In all of them $1 is a
-- LIKE pattern of the document or NULL, $2 the patterns every one of which the name must match (a blank before it),
-- $3 owner, $4 base, $5 limit, $6 offset. What an index may find too much of is cut at $7 before it is sorted.

-- name: search_phone
-- $8 the last digits backwards, $9 where their range ends, $10 how many numbers are looked at.
SELECT id FROM (
    SELECT k.id, k.folded FROM (
        SELECT customer_id FROM phone WHERE reverse(e164) COLLATE "C" >= $8 AND reverse(e164) COLLATE "C" < $9 LIMIT $10
    ) p
    JOIN customer k ON k.id = p.customer_id
    WHERE k.deleted_at IS NULL AND ($1::text IS NULL OR k.document LIKE $1) AND ' ' || k.folded LIKE ALL ($2::text[])
      AND ($3::uuid IS NULL OR k.owner_id = $3) AND ($4::uuid IS NULL OR k.base_id = $4)
    LIMIT $7
) found
GROUP BY id, folded ORDER BY folded COLLATE "C", id LIMIT $5 OFFSET $6

-- name: search_document
-- $8 the document's beginning, $9 where its range ends.
SELECT id FROM (
    SELECT k.id, k.folded FROM customer k
    WHERE k.document COLLATE "C" >= $8 AND k.document COLLATE "C" < $9 AND k.document <> ''
      AND k.deleted_at IS NULL AND ($1::text IS NULL OR k.document LIKE $1) AND ' ' || k.folded LIKE ALL ($2::text[])
      AND ($3::uuid IS NULL OR k.owner_id = $3) AND ($4::uuid IS NULL OR k.base_id = $4)
    LIMIT $7
) found
ORDER BY folded COLLATE "C", id LIMIT $5 OFFSET $6

-- name: search_owner
-- Answered inside the index customer_owner but for the page itself: it asks nothing that is not in it.
SELECT k.id FROM customer k
WHERE k.owner_id = $3
  AND k.deleted_at IS NULL AND $1::text IS NULL AND ' ' || k.folded LIKE ALL ($2::text[])
  AND ($4::uuid IS NULL OR k.base_id = $4)
ORDER BY k.folded COLLATE "C", k.id LIMIT $5 OFFSET $6

-- name: search_name_start
-- $7 the name's beginning, $8 where its range ends. Who begins so has all the words ($2): asked for again, they would
-- look so rare to the planner that it reads all who begin so, thousands, before it sorts them.
SELECT k.id FROM customer k
WHERE k.folded COLLATE "C" >= $7 AND k.folded COLLATE "C" < $8
  AND k.deleted_at IS NULL AND ($1::text IS NULL OR k.document LIKE $1) AND $2::text[] IS NOT NULL
  AND ($3::uuid IS NULL OR k.owner_id = $3) AND ($4::uuid IS NULL OR k.base_id = $4)
ORDER BY k.folded COLLATE "C", k.id LIMIT $5 OFFSET $6

-- name: search_name_within
-- $8 the threes of the words, $9 and $10 the range of names that begin with all of it: the search before this one
-- had those.
SELECT id FROM (
    SELECT k.id, k.folded FROM customer k
    WHERE k.grams @> $8::int[]
      AND NOT (k.folded COLLATE "C" >= $9 AND k.folded COLLATE "C" < $10)
      AND k.deleted_at IS NULL AND ($1::text IS NULL OR k.document LIKE $1) AND ' ' || k.folded LIKE ALL ($2::text[])
      AND ($3::uuid IS NULL OR k.owner_id = $3) AND ($4::uuid IS NULL OR k.base_id = $4)
    LIMIT $7
) found
ORDER BY folded COLLATE "C", id LIMIT $5 OFFSET $6

-- name: search_newest
-- $7 how many are shown at most, $8 how many customers are looked at, $9 and $10 the range of names already shown.
SELECT id FROM (
    SELECT k.id, k.folded FROM (
        SELECT id, document, folded, owner_id, base_id, deleted_at FROM customer ORDER BY id DESC LIMIT $8
    ) k
    WHERE NOT (k.folded COLLATE "C" >= $9 AND k.folded COLLATE "C" < $10)
      AND k.deleted_at IS NULL AND ($1::text IS NULL OR k.document LIKE $1) AND ' ' || k.folded LIKE ALL ($2::text[])
      AND ($3::uuid IS NULL OR k.owner_id = $3) AND ($4::uuid IS NULL OR k.base_id = $4)
    LIMIT $7
) found
ORDER BY folded COLLATE "C", id LIMIT $5 OFFSET $6

-- name: search_base
-- As search_newest, within one base.
SELECT id FROM (
    SELECT k.id, k.folded FROM (
        SELECT id, document, folded, owner_id, base_id, deleted_at FROM customer WHERE base_id = $4 ORDER BY key LIMIT $8
    ) k
    WHERE NOT (k.folded COLLATE "C" >= $9 AND k.folded COLLATE "C" < $10)
      AND k.deleted_at IS NULL AND ($1::text IS NULL OR k.document LIKE $1) AND ' ' || k.folded LIKE ALL ($2::text[])
      AND ($3::uuid IS NULL OR k.owner_id = $3)
    LIMIT $7
) found
ORDER BY folded COLLATE "C", id LIMIT $5 OFFSET $6

-- name: base_within
-- Whether the base has at most so many customers.
SELECT count(*) <= $2::bigint FROM (SELECT FROM customer WHERE base_id = $1 LIMIT $2::bigint + 1) found

-- name: shares_of_threes
-- The share of all names that have each of these threes, from the server's own statistics; rare ones are not in them.
SELECT common.three, common.share
FROM pg_stats s,
     ROWS FROM (unnest(s.most_common_elems::text::integer[]), unnest(s.most_common_elem_freqs)) AS common (three, share)
WHERE s.tablename = 'customer' AND s.attname = 'grams' AND s.schemaname = ANY (current_schemas(false))
  AND common.three = ANY ($1::integer[])

-- name: search_all
SELECT k.id FROM customer k
WHERE k.deleted_at IS NULL AND ($1::text IS NULL OR k.document LIKE $1) AND ' ' || k.folded LIKE ALL ($2::text[])
  AND ($3::uuid IS NULL OR k.owner_id = $3) AND ($4::uuid IS NULL OR k.base_id = $4)
ORDER BY k.folded COLLATE "C", k.id LIMIT $5 OFFSET $6

-- name: create
INSERT INTO customer (id, base_id, key, document, name, folded, grams, zone, owner_id, data, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, name_grams($6), $7, $8, $9, $10, $10)
ON CONFLICT (base_id, key) DO NOTHING
RETURNING id

-- name: by_key
SELECT coalesce(merged_into, id) FROM customer
WHERE base_id = $1 AND key = $2 AND (deleted_at IS NULL OR merged_into IS NOT NULL)

-- name: revive
-- A customer of that key was deleted once: it comes back under its old id, and with its history.
UPDATE customer SET deleted_at = NULL, updated_at = $3
WHERE base_id = $1 AND key = $2 AND deleted_at IS NOT NULL
RETURNING id

-- name: edit
UPDATE customer SET document = $2, name = $3, folded = $4, zone = $5, data = $6, updated_at = $7 WHERE id = $1

-- name: lock
SELECT id FROM customer WHERE id = $1 AND deleted_at IS NULL FOR UPDATE

-- name: add_phone
INSERT INTO phone (id, customer_id, position, e164, typed, kind, zones)
SELECT $1, $2, coalesce(max(position) + 1, 0), $3, $4, $5, $6 FROM phone WHERE customer_id = $2
ON CONFLICT (customer_id, e164) DO NOTHING

-- name: retire_phone
UPDATE phone SET state = $2 WHERE id = $1 RETURNING customer_id

-- name: touch
UPDATE customer SET updated_at = $2 WHERE id = $1

-- name: assign
UPDATE customer SET owner_id = $2, updated_at = $3 WHERE id = ANY($1) AND deleted_at IS NULL RETURNING id
