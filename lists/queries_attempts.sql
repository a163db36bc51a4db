-- name: claim
-- The unique indexes on contact, customer and number decide here who may have the call; whoever comes second waits
-- for the first one's commit and gets nothing. Ordered, so that two workers rarely wait for each other crosswise.
-- The shared lock is the gate: whoever forbids something (do-not-call, pause, fence) holds it alone, so that
-- afterwards no attempt begins that had not seen it.
WITH gate AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared($13))
INSERT INTO live_attempt (attempt_id, begun_at, campaign_id, contact_id, customer_id, e164, worker, server, trunk,
                          agent_id, state, updated_at)
SELECT u.attempt_id, u.begun_at, u.campaign_id, u.contact_id, u.customer_id, u.e164, u.worker, u.server, u.trunk,
       u.agent_id, 'begun', $12
FROM gate, unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[],
                  $8::text[], $9::text[], $10::uuid[], $11::int[])
     AS u (attempt_id, begun_at, campaign_id, contact_id, customer_id, e164, worker, server, trunk, agent_id, ord)
ORDER BY u.customer_id, u.e164, u.ord
ON CONFLICT DO NOTHING
RETURNING attempt_id

-- name: close_gate
SELECT pg_advisory_xact_lock($1)

-- name: holders
-- Which of the three claims of a refused attempt is taken by another.
SELECT u.attempt_id,
       EXISTS (SELECT FROM live_attempt l WHERE l.contact_id = u.contact_id) AS contact,
       EXISTS (SELECT FROM live_attempt l WHERE l.e164 = u.e164) AS number
FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS u (attempt_id, contact_id, e164)

-- name: probe
-- Everything that may have changed since the contact was reserved, read after the claim.
-- The LIMIT here and below only tells the planner that a batch is small: the plan it keeps must walk the indexes,
-- however small the tables were when it was made.
SELECT u.attempt_id,
       f.epoch, f.open,
       coalesce(l.ready AND l.deleted_at IS NULL AND (l.expires_at IS NULL OR l.expires_at > $7), false) AS list_open,
       coalesce(l.paused, false) AS list_paused,
       c.state AS contact_state, c.reserved_by, coalesce(c.attempts, 0) AS attempts, coalesce(cp.attempts, 0) AS number_attempts,
       coalesce(p.state = 'good', false) AS phone_good,
       n.last_at AS number_last, coalesce(n.recent, '{}') AS number_recent,
       k.last_at AS customer_last, coalesce(k.recent, '{}') AS customer_recent, k.conversation_at,
       EXISTS (SELECT FROM do_not_call d WHERE d.e164 = u.e164 AND d.lifted_at IS NULL
               AND (d.campaign_id IS NULL OR d.campaign_id = u.campaign_id)) AS do_not_call
FROM (SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[]) LIMIT $8)
     AS u (attempt_id, campaign_id, contact_id, customer_id, phone_id, e164)
LEFT JOIN dial_fence f ON f.campaign_id = u.campaign_id
LEFT JOIN contact c ON c.id = u.contact_id
LEFT JOIN dial_list l ON l.id = c.dial_list_id
LEFT JOIN contact_phone cp ON cp.contact_id = u.contact_id AND cp.e164 = u.e164
LEFT JOIN phone p ON p.id = u.phone_id AND p.customer_id = u.customer_id AND p.e164 = u.e164
LEFT JOIN number_use n ON n.e164 = u.e164
LEFT JOIN customer_use k ON k.customer_id = u.customer_id

-- name: begin
-- The attempt and its counters. The claims already held make every key here ours alone.
WITH u AS MATERIALIZED (
    SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::uuid[], $5::uuid[], $6::uuid[], $7::uuid[],
                         $8::uuid[], $9::text[], $10::text[], $11::text[], $12::text[], $13::bigint[], $14::uuid[])
    AS u (id, begun_at, kind, campaign_id, dial_list_id, contact_id, customer_id, phone_id, e164, trunk, server,
          caller_id, epoch, agent_id)
    LIMIT $16
), contact_now AS (
    UPDATE contact c SET state = 'live', attempts = c.attempts + 1, last_at = u.begun_at,
                         reserved_by = NULL, reserved_until = NULL
    FROM u WHERE c.id = u.contact_id AND c.state IN ('pending', 'scheduled')  -- ended meanwhile: it stays ended
), per_number AS (
    INSERT INTO contact_phone AS p (contact_id, e164, attempts)
    SELECT contact_id, e164, 1 FROM u WHERE contact_id IS NOT NULL
    ON CONFLICT (contact_id, e164) DO UPDATE SET attempts = p.attempts + 1
), number AS (
    INSERT INTO number_use AS n (e164, last_at, recent)
    SELECT e164, begun_at, ARRAY[begun_at] FROM u
    ON CONFLICT (e164) DO UPDATE SET last_at = excluded.last_at,
        recent = n.recent[greatest(1, cardinality(n.recent) - $15 + 2):] || excluded.recent
), customer AS (
    INSERT INTO customer_use AS k (customer_id, last_at, recent)
    SELECT customer_id, begun_at, ARRAY[begun_at] FROM u WHERE customer_id IS NOT NULL
    ON CONFLICT (customer_id) DO UPDATE SET last_at = excluded.last_at,
        recent = k.recent[greatest(1, cardinality(k.recent) - $15 + 2):] || excluded.recent
)
INSERT INTO attempt (id, begun_at, kind, campaign_id, dial_list_id, contact_id, customer_id, phone_id, e164, trunk,
                     server, caller_id, epoch, agent_id)
SELECT * FROM u

-- name: unclaim
DELETE FROM live_attempt WHERE attempt_id = ANY($1)

-- name: begin_inbound
WITH known AS (
    UPDATE live_attempt SET channel = $8 WHERE attempt_id = $1
)
INSERT INTO attempt (id, begun_at, kind, campaign_id, customer_id, e164, trunk, server)
VALUES ($1, $2, 'inbound', $3, $4, coalesce($5, ''), $6, $7)

-- name: identify
-- The unique index on customers decides: whoever is in another call is not in this one.
UPDATE live_attempt SET customer_id = $2 WHERE attempt_id = $1 AND contact_id IS NULL RETURNING attempt_id

-- name: identify_attempt
-- $4: how many times are kept. A call we placed counts for whom it turned out to be, not for whom it was taken.
WITH former AS (
    SELECT id, begun_at, customer_id, kind FROM attempt WHERE id = $1 AND begun_at = $2
), now_known AS (
    UPDATE attempt a SET customer_id = $3 FROM former f WHERE a.id = f.id AND a.begun_at = f.begun_at
), taken_back AS (
    UPDATE customer_use k SET recent = array_remove(k.recent, f.begun_at)
    FROM former f WHERE k.customer_id = f.customer_id AND f.customer_id <> $3 AND f.kind <> 'inbound'
)
INSERT INTO customer_use AS k (customer_id, last_at, recent)
SELECT $3, f.begun_at, ARRAY[f.begun_at] FROM former f
WHERE f.kind <> 'inbound' AND f.customer_id IS DISTINCT FROM $3
ON CONFLICT (customer_id) DO UPDATE SET last_at = greatest(k.last_at, excluded.last_at),
    recent = k.recent[greatest(1, cardinality(k.recent) - $4 + 2):] || excluded.recent

-- name: identify_ended
-- Its customer was not known while it lived. $4: how many times are kept.
WITH known AS (
    UPDATE attempt SET customer_id = $3
    WHERE id = $1 AND begun_at = $2 AND ended_at IS NOT NULL AND customer_id IS NULL AND contact_id IS NULL
    RETURNING begun_at, connected_at, ended_at, kind <> 'inbound' AS placed
)
INSERT INTO customer_use AS k (customer_id, last_at, recent, conversation_at)
SELECT $3, CASE WHEN placed THEN begun_at ELSE to_timestamp(0) END,
       CASE WHEN placed THEN ARRAY[begun_at] ELSE '{}' END,
       CASE WHEN connected_at IS NOT NULL THEN ended_at END
FROM known
ON CONFLICT (customer_id) DO UPDATE SET last_at = greatest(k.last_at, excluded.last_at),
    recent = CASE WHEN excluded.recent = '{}' THEN k.recent
                  ELSE k.recent[greatest(1, cardinality(k.recent) - $4 + 2):] || excluded.recent END,
    conversation_at = greatest(k.conversation_at, excluded.conversation_at)

-- name: progress
UPDATE live_attempt l
SET state = u.state, updated_at = u.at, agent_id = coalesce(u.agent_id, l.agent_id)
FROM (SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::uuid[]) LIMIT $5)
     AS u (attempt_id, state, at, agent_id)
WHERE l.attempt_id = u.attempt_id

-- name: note_keys
UPDATE attempt SET pressed = $3 WHERE id = $1 AND begun_at = $2

-- name: close
-- An attempt is closed by the first who says so. Where the trunk was at fault every counter is given back.
WITH u AS MATERIALIZED (
    SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::text[], $5::text[], $6::smallint[],
                         $7::text[], $8::text[], $9::text[], $10::timestamptz[], $11::timestamptz[],
                         $12::timestamptz[], $13::uuid[], $14::boolean[], $15::text[], $17::timestamptz[])
    AS u (id, begun_at, ended_at, outcome, fault, cause, reason, amd, hung_up_by, ringing_at, answered_at,
          connected_at, agent_id, costs, phone_state, early_media_at)
    LIMIT $16
), closed AS (
    UPDATE attempt a
    SET ended_at = u.ended_at, outcome = u.outcome, fault = u.fault, cause = u.cause, reason = u.reason, amd = u.amd,
        hung_up_by = u.hung_up_by, ringing_at = u.ringing_at, early_media_at = u.early_media_at, answered_at = u.answered_at,
        connected_at = u.connected_at, agent_id = coalesce(u.agent_id, a.agent_id)
    FROM u WHERE a.id = u.id AND a.begun_at = u.begun_at AND a.ended_at IS NULL
    RETURNING a.id, a.begun_at, a.kind, a.contact_id, a.customer_id, a.phone_id, a.e164, a.outcome, a.ended_at,
              a.connected_at, u.costs, u.phone_state
), ended AS (
    DELETE FROM live_attempt l USING u WHERE l.attempt_id = u.id
), of_contact AS (
    UPDATE contact c SET last_outcome = x.outcome, last_at = x.ended_at,
        attempts = CASE WHEN x.costs THEN c.attempts ELSE greatest(c.attempts - 1, 0) END
    FROM closed x WHERE c.id = x.contact_id
), of_pair AS (
    UPDATE contact_phone p SET attempts = greatest(p.attempts - 1, 0)
    FROM closed x WHERE NOT x.costs AND p.contact_id = x.contact_id AND p.e164 = x.e164
), of_number AS (
    UPDATE number_use n SET recent = array_remove(n.recent, x.begun_at),
        last_at = coalesce((SELECT max(t) FROM unnest(array_remove(n.recent, x.begun_at)) t), to_timestamp(0))
    FROM closed x WHERE NOT x.costs AND x.kind <> 'inbound' AND n.e164 = x.e164
), of_customer AS (
    UPDATE customer_use k SET recent = array_remove(k.recent, x.begun_at),
        last_at = coalesce((SELECT max(t) FROM unnest(array_remove(k.recent, x.begun_at)) t), to_timestamp(0))
    FROM closed x WHERE NOT x.costs AND x.kind <> 'inbound' AND k.customer_id = x.customer_id
), conversation AS (
    INSERT INTO customer_use AS k (customer_id, last_at, recent, conversation_at)
    SELECT customer_id, to_timestamp(0), '{}', ended_at FROM closed
    WHERE customer_id IS NOT NULL AND connected_at IS NOT NULL AND costs
    ON CONFLICT (customer_id) DO UPDATE SET conversation_at = excluded.conversation_at
), of_phone AS (
    UPDATE phone p SET state = x.phone_state
    FROM closed x WHERE x.phone_state IS NOT NULL AND p.id = x.phone_id
)
SELECT id FROM closed

-- name: called
SELECT e164, customer_id, campaign_id FROM attempt WHERE id = $1

-- name: live
SELECT l.attempt_id, l.begun_at, a.kind, l.campaign_id, l.contact_id, l.customer_id, a.phone_id, l.e164, l.worker,
       l.server, l.trunk, l.agent_id, l.state, l.updated_at, l.channel, a.pressed
FROM live_attempt l
JOIN attempt a ON a.id = l.attempt_id AND a.begun_at = l.begun_at
WHERE ($1::text IS NULL OR l.worker = $1) AND ($2::uuid IS NULL OR l.campaign_id = $2)
ORDER BY l.begun_at, l.attempt_id

-- name: live_one
SELECT l.attempt_id, l.begun_at, a.kind, l.campaign_id, l.contact_id, l.customer_id, a.phone_id, l.e164, l.worker,
       l.server, l.trunk, l.agent_id, l.state, l.updated_at, l.channel, a.pressed
FROM live_attempt l
JOIN attempt a ON a.id = l.attempt_id AND a.begun_at = l.begun_at
WHERE l.attempt_id = $1

-- name: adopt
UPDATE live_attempt SET worker = $2 WHERE attempt_id = ANY($1) RETURNING attempt_id

-- name: fence
INSERT INTO dial_fence AS f (campaign_id, epoch, open) VALUES ($1, $2, $3)
ON CONFLICT (campaign_id) DO UPDATE SET epoch = excluded.epoch, open = excluded.open
WHERE f.epoch <= excluded.epoch
RETURNING true
