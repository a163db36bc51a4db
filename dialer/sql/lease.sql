-- name: take
-- The database server's clock alone: workers' clocks may differ.
INSERT INTO lease (name, owner, epoch, expires_at)
VALUES ($1, $2, 1, now() + make_interval(secs => $3))
ON CONFLICT (name) DO UPDATE
SET owner = excluded.owner, epoch = lease.epoch + 1, expires_at = excluded.expires_at
WHERE lease.expires_at < now()
RETURNING epoch;

-- name: renew
-- Also a lease that ran out, as long as nobody else has taken it.
UPDATE lease SET expires_at = now() + make_interval(secs => $4)
WHERE name = $1 AND owner = $2 AND epoch = $3
RETURNING epoch;

-- name: give_back
UPDATE lease SET expires_at = now() WHERE name = $1 AND owner = $2 AND epoch = $3;
