-- name: add
INSERT INTO report_delivery (id, user_id, name, report, question, period, format, times, recipients, folder, next_at,
                             created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)

-- name: edit
UPDATE report_delivery SET name = $2, report = $3, question = $4, period = $5, format = $6, times = $7, recipients = $8,
                           folder = $9, next_at = $10, updated_at = $11
WHERE id = $1

-- name: remove
DELETE FROM report_delivery WHERE id = $1

-- name: every
-- $1 whose, $2 which one (NULL: all).
SELECT d.*, last.state AS last_state, last.due_at AS last_due_at
FROM report_delivery d
LEFT JOIN LATERAL (
    SELECT state, due_at FROM report_delivery_run WHERE delivery_id = d.id ORDER BY due_at DESC LIMIT 1
) last ON true
WHERE ($1::uuid IS NULL OR d.user_id = $1) AND ($2::uuid IS NULL OR d.id = $2)
ORDER BY d.id

-- name: how_many
SELECT count(*) FROM report_delivery WHERE user_id = $1

-- name: runs
SELECT * FROM report_delivery_run WHERE delivery_id = $1
ORDER BY CASE WHEN $4 THEN due_at END DESC, due_at LIMIT $2 OFFSET $3

-- name: run
SELECT * FROM report_delivery_run WHERE delivery_id = $1 AND due_at = $2

-- name: due
SELECT id, times, next_at FROM report_delivery WHERE next_at <= $1
ORDER BY next_at, id LIMIT $2
FOR UPDATE SKIP LOCKED

-- name: plan
INSERT INTO report_delivery_run (id, delivery_id, due_at, state, next_at) VALUES ($1, $2, $3, 'waiting', $4)
ON CONFLICT (delivery_id, due_at) DO NOTHING

-- name: due_again
UPDATE report_delivery SET next_at = $2 WHERE id = $1

-- name: claim
-- $1 now, $2 seconds of the lease. Whoever ended while making a file has sent nothing: it is made anew.
UPDATE report_delivery_run r
SET state = 'making', tries = r.tries + 1, lease_until = now() + make_interval(secs => $2)
FROM report_delivery d
WHERE d.id = r.delivery_id AND r.id = (
    SELECT id FROM report_delivery_run
    WHERE state = 'waiting' AND next_at <= $1 OR state = 'making' AND lease_until < now()
    ORDER BY next_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING r.id AS run_id, r.due_at, r.tries, d.*

-- name: sending
-- False: the lease ran out and somebody else has it.
UPDATE report_delivery_run SET state = 'sending', lease_until = now() + make_interval(secs => $3)
WHERE id = $1 AND state = 'making' AND tries = $2 RETURNING true

-- name: give_up_sending
-- Whoever ended while sending may have sent: it is not sent again.
UPDATE report_delivery_run SET state = 'unknown', error_id = 'broken_off', finished_at = $1,
       error = 'the process that sent it ended meanwhile'
WHERE state = 'sending' AND lease_until < now()

-- name: finish
-- $1 run, $2 its try, $3 state, $4 not before, $5 file, $6 rows, $7 error id, $8 error, $9 now (NULL: not finished).
UPDATE report_delivery_run
SET state = $3, next_at = coalesce($4, next_at), file_name = $5, rows = $6, error_id = $7, error = $8, finished_at = $9,
    lease_until = NULL
WHERE id = $1 AND tries = $2 AND state IN ('making', 'sending')

-- name: forget_runs
DELETE FROM report_delivery_run WHERE finished_at < $1
