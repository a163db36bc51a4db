-- name: of_base
SELECT region, fields, columns FROM base WHERE id = $1 AND deleted_at IS NULL

-- name: note_columns
-- $2 names of extra columns somebody of the base has now, $3 how many are remembered at most.
UPDATE base SET columns = (columns || ARRAY(SELECT n FROM unnest($2::text[]) n WHERE n <> ALL (columns)))[1:$3::int]
WHERE id = $1 AND NOT columns @> $2::text[] AND cardinality(columns) < $3::int

-- name: all_definitions
SELECT fields FROM base WHERE deleted_at IS NULL AND fields <> '[]' ORDER BY created_at, id

-- name: define
UPDATE base SET fields = $2 WHERE id = $1 AND deleted_at IS NULL
