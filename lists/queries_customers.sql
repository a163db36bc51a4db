-- name: cards
-- $1 customer ids; answers in the order asked, each phone set as parallel arrays.
SELECT k.id, k.base_id, k.key, k.document, k.name, k.zone, k.owner_id, k.data, k.created_at, k.updated_at,
       b.region, p.ids, p.positions, p.e164s, p.typed, p.kinds, p.zones, p.states
FROM unnest($1::uuid[]) WITH ORDINALITY AS asked (id, ord)
JOIN customer k ON k.id = asked.id AND k.deleted_at IS NULL
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
SELECT DISTINCT k.id, k.updated_at FROM phone p
JOIN customer k ON k.id = p.customer_id AND k.deleted_at IS NULL
WHERE right(p.e164, 8) = right($1, 8)
ORDER BY k.updated_at DESC, k.id LIMIT $2

-- name: search
-- Every condition given must hold. $1 document, $2 name (LIKE patterns or NULL), $3 phone digits, $4 owner, $5 base.
SELECT k.id FROM customer k
WHERE k.deleted_at IS NULL
  AND ($1::text IS NULL OR k.document LIKE $1)
  AND ($2::text IS NULL OR k.folded LIKE $2)
  AND ($3::text IS NULL OR EXISTS (SELECT FROM phone p WHERE p.customer_id = k.id AND p.e164 LIKE $3))
  AND ($4::uuid IS NULL OR k.owner_id = $4)
  AND ($5::uuid IS NULL OR k.base_id = $5)
ORDER BY k.name, k.id LIMIT $6 OFFSET $7

-- name: search_tail
-- As search, when 8 digits or more of a number are given: from the phone's index.
SELECT DISTINCT k.id, k.name FROM phone p
JOIN customer k ON k.id = p.customer_id AND k.deleted_at IS NULL
WHERE right(p.e164, 8) = right($3, 8) AND p.e164 LIKE '%' || $3
  AND ($1::text IS NULL OR k.document LIKE $1)
  AND ($2::text IS NULL OR k.folded LIKE $2)
  AND ($4::uuid IS NULL OR k.owner_id = $4)
  AND ($5::uuid IS NULL OR k.base_id = $5)
ORDER BY k.name, k.id LIMIT $6 OFFSET $7

-- name: create
INSERT INTO customer (id, base_id, key, document, name, folded, zone, owner_id, data, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
ON CONFLICT (base_id, key) DO NOTHING
RETURNING id

-- name: by_key
SELECT id FROM customer WHERE base_id = $1 AND key = $2 AND deleted_at IS NULL

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

-- name: base_region
SELECT region FROM base WHERE id = $1 AND deleted_at IS NULL
