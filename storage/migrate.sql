-- name: create_table
CREATE TABLE IF NOT EXISTS schema_migration (
    number     integer PRIMARY KEY,
    name       text NOT NULL,
    checksum   text NOT NULL,
    -- The server's own clock, and nobody's business time.
    applied_at timestamptz NOT NULL DEFAULT now()
)

-- name: applied
SELECT number, name, checksum FROM schema_migration

-- name: record
INSERT INTO schema_migration (number, name, checksum) VALUES ($1, $2, $3)

-- name: try_lock
-- Advisory locks are per database; the number only has to be nobody else's.
SELECT pg_try_advisory_lock(7236839441)

-- name: unlock
SELECT pg_advisory_unlock(7236839441)
