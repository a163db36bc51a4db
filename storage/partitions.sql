-- name: exists
SELECT to_regclass($1::text) IS NOT NULL

-- name: lock
-- Two processes making the same partition: the second waits, and then finds it there.
SELECT pg_advisory_xact_lock(hashtextextended('partitions of ' || $1::text, 0))
