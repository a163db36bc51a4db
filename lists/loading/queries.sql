-- name: done_before
SELECT id, base_id, dial_list_id, rows, loaded, moved, rejected, duplicates, do_not_call, bad_alternatives,
       numbers_not_in_use
FROM load WHERE file_hash = $2 AND campaign_id IS NOT DISTINCT FROM $1 AND state = 'done'

-- name: start
INSERT INTO load (id, campaign_id, file_name, file_hash, mapping, state, started_at, created_by)
VALUES ($1, $2, $3, $4, $5, 'running', $6, $7)

-- name: progress
UPDATE load SET rows = $2, rejected = $3 WHERE id = $1

-- name: failed
UPDATE load SET state = 'failed', error = $2, finished_at = $3, error_reason = $4, error_params = $5 WHERE id = $1

-- name: under_way
-- Held to the end of the load's transaction: whoever can take it knows that its process has ended.
SELECT pg_advisory_xact_lock(hashtextextended('load ' || $1::text, 0))

-- name: give_up
-- $1 now, $2 why in a sentence, $4 in a word, $3 begun before. The lock of each is tried, and only of these.
WITH old AS MATERIALIZED (SELECT id FROM load WHERE state = 'running' AND started_at < $3)
UPDATE load SET state = 'failed', error = $2, finished_at = $1, error_reason = $4
FROM old
WHERE load.id = old.id AND load.state = 'running'
  AND pg_try_advisory_xact_lock(hashtextextended('load ' || old.id::text, 0))
RETURNING load.id

-- name: done
UPDATE load SET state = 'done', base_id = $2, dial_list_id = $3, rows = $4, loaded = $5, rejected = $6,
                duplicates = $7, do_not_call = $8, moved = $9, bad_alternatives = $10, numbers_not_in_use = $11,
                finished_at = $12
WHERE id = $1

-- name: status
SELECT id, campaign_id, base_id, dial_list_id, file_name, state, rows, loaded, moved, rejected, duplicates, do_not_call,
       bad_alternatives, numbers_not_in_use, error, error_reason, error_params, started_at, finished_at, created_by
FROM load WHERE id = $1

-- name: of_campaign
SELECT id, campaign_id, base_id, dial_list_id, file_name, state, rows, loaded, moved, rejected, duplicates, do_not_call,
       bad_alternatives, numbers_not_in_use, error, error_reason, error_params, started_at, finished_at, created_by
FROM load WHERE $1::uuid IS NULL OR campaign_id = $1
ORDER BY CASE WHEN $4 THEN started_at END DESC, CASE WHEN $4 THEN id END DESC, started_at, id LIMIT $2 OFFSET $3

-- name: lock_base
SELECT pg_advisory_xact_lock(hashtextextended('load into ' || $1::text, 0))

-- name: stage
CREATE TEMP TABLE load_row (
    line bigint NOT NULL, campaign_id uuid NOT NULL, customer_id uuid NOT NULL, contact_id uuid NOT NULL,
    key text NOT NULL, document text NOT NULL, name text NOT NULL, folded text NOT NULL, grams integer[] NOT NULL,
    zone text, agent_id uuid, priority integer NOT NULL, data text NOT NULL, zone_key text NOT NULL,
    main text NOT NULL
) ON COMMIT DROP

-- name: stage_phones
-- The numbers of the rows; `phones`: how many the row has.
CREATE TEMP TABLE load_phone (
    line bigint NOT NULL, ord smallint NOT NULL, phones smallint NOT NULL, id uuid NOT NULL,
    customer_id uuid NOT NULL, e164 text NOT NULL, typed text NOT NULL, kind text NOT NULL, zones text NOT NULL
) ON COMMIT DROP

-- name: stage_refused
CREATE TEMP TABLE load_refused (line bigint PRIMARY KEY, reason text NOT NULL, detail text NOT NULL) ON COMMIT DROP

-- name: stage_known
-- Customers the base had before, by their staged id.
CREATE TEMP TABLE load_known (staged_id uuid PRIMARY KEY, customer_id uuid NOT NULL, zone text) ON COMMIT DROP

-- name: stage_moved
-- Rows whose customer waits in another list of the campaign, and comes to this one.
CREATE TEMP TABLE load_moved (line bigint PRIMARY KEY, contact_id uuid NOT NULL) ON COMMIT DROP

-- name: room
-- Sorting and hashing a whole load in memory, and the index of names written in few large pieces, not many small ones.
SELECT set_config('work_mem', '64MB', true), set_config('gin_pending_list_limit', '64MB', true)

-- name: analyze
ANALYZE load_row (line, key), load_phone (line, e164)

-- name: find_repeated
INSERT INTO load_refused
SELECT line, 'repeated_key', 'as in line ' || first
FROM (SELECT line, first_value(line) OVER w AS first, row_number() OVER w AS nth
      FROM load_row WINDOW w AS (PARTITION BY campaign_id, key ORDER BY line)) r
WHERE nth > 1

-- name: share_customers
-- One customer for the rows of one key in several campaigns.
UPDATE load_row r SET customer_id = f.customer_id
FROM (SELECT DISTINCT ON (key) key, customer_id FROM load_row ORDER BY key, line) f
WHERE f.key = r.key AND f.customer_id <> r.customer_id

-- name: find_known
INSERT INTO load_known
SELECT DISTINCT r.customer_id, k.id, k.zone FROM load_row r JOIN customer k ON k.base_id = $1 AND k.key = r.key

-- name: find_merged
-- A key of somebody who was merged into another: whoever stays is known by the other key.
INSERT INTO load_refused
SELECT r.line, 'repeated_key', 'merged into ' || m.key
FROM load_row r
JOIN load_known n ON n.staged_id = r.customer_id
JOIN customer k ON k.id = n.customer_id
JOIN customer m ON m.id = k.merged_into
ON CONFLICT DO NOTHING

-- name: any_merged
SELECT EXISTS (SELECT FROM customer WHERE merged_into IS NOT NULL)

-- name: find_in_list
-- To a list that is there only those are added who were never in it: adding does not recycle.
INSERT INTO load_refused
SELECT r.line, 'already_in_list', ''
FROM load_row r
JOIN load_known k ON k.staged_id = r.customer_id
JOIN contact c ON c.customer_id = k.customer_id AND c.dial_list_id = $1
ON CONFLICT DO NOTHING

-- name: find_movable
-- Not those in a call or lent to a worker: the dialer need not wait for a load. Of several the oldest comes.
INSERT INTO load_moved
SELECT DISTINCT ON (r.line) r.line, c.id
FROM load_row r
JOIN load_known k ON k.staged_id = r.customer_id
JOIN contact c ON c.customer_id = k.customer_id AND c.campaign_id = r.campaign_id
WHERE c.state IN ('pending', 'awaiting_typification', 'scheduled')
  AND (c.reserved_until IS NULL OR c.reserved_until <= now())
  AND NOT EXISTS (SELECT FROM load_refused x WHERE x.line = r.line)
ORDER BY r.line, c.created_at, c.id

-- name: find_waiting
INSERT INTO load_refused
SELECT r.line, 'already_in_campaign', ''
FROM load_row r
JOIN load_known k ON k.staged_id = r.customer_id
JOIN contact c ON c.customer_id = k.customer_id AND c.campaign_id = r.campaign_id
WHERE c.state IN ('pending', 'live', 'awaiting_typification', 'scheduled')
  AND NOT EXISTS (SELECT FROM load_moved m WHERE m.line = r.line)
ON CONFLICT DO NOTHING

-- name: any_do_not_call
SELECT EXISTS (SELECT FROM do_not_call WHERE lifted_at IS NULL)

-- name: find_do_not_call
-- Rows all of whose numbers are forbidden for their campaign.
INSERT INTO load_refused
SELECT p.line, 'do_not_call', ''
FROM load_phone p
JOIN do_not_call d ON d.e164 = p.e164 AND d.lifted_at IS NULL
JOIN load_row r ON r.line = p.line AND (d.campaign_id IS NULL OR d.campaign_id = r.campaign_id)
GROUP BY p.line HAVING count(DISTINCT p.ord) = max(p.phones)
ON CONFLICT DO NOTHING

-- name: insert_customers
INSERT INTO customer (id, base_id, key, document, name, folded, grams, zone, data, created_at, updated_at)
SELECT r.customer_id, $1, r.key, r.document, r.name, r.folded, r.grams, r.zone, r.data::jsonb, $2, $2
FROM load_row r
WHERE NOT EXISTS (SELECT FROM load_refused x WHERE x.line = r.line AND x.reason = 'repeated_key')
  AND NOT EXISTS (SELECT FROM load_known k WHERE k.staged_id = r.customer_id)

-- name: insert_shared_customers
-- As insert_customers where several rows may name one customer: the first of them tells of it.
INSERT INTO customer (id, base_id, key, document, name, folded, grams, zone, data, created_at, updated_at)
SELECT DISTINCT ON (r.customer_id)
       r.customer_id, $1, r.key, r.document, r.name, r.folded, r.grams, r.zone, r.data::jsonb, $2, $2
FROM load_row r
WHERE NOT EXISTS (SELECT FROM load_refused x WHERE x.line = r.line AND x.reason = 'repeated_key')
  AND NOT EXISTS (SELECT FROM load_known k WHERE k.staged_id = r.customer_id)
ORDER BY r.customer_id, r.line

-- name: update_customers
-- What the file says of customers known before: filled cells win, empty ones change nothing.
UPDATE customer k
SET document = coalesce(nullif(r.document, ''), k.document), name = coalesce(nullif(r.name, ''), k.name),
    folded = CASE WHEN r.name <> '' THEN r.folded ELSE k.folded END,
    grams = CASE WHEN r.name <> '' THEN r.grams ELSE k.grams END,
    zone = coalesce(r.zone, k.zone), data = k.data || r.data::jsonb, updated_at = $1, deleted_at = NULL
FROM load_row r JOIN load_known n ON n.staged_id = r.customer_id
WHERE k.id = n.customer_id
  AND NOT EXISTS (SELECT FROM load_refused x WHERE x.line = r.line AND x.reason = 'repeated_key')

-- name: insert_phones
INSERT INTO phone (id, customer_id, position, e164, typed, kind, zones)
SELECT p.id, p.customer_id, p.ord, p.e164, p.typed, p.kind,
       CASE WHEN p.zones = '' THEN '{}' ELSE string_to_array(p.zones, '|') END
FROM load_phone p
WHERE NOT EXISTS (SELECT FROM load_refused x WHERE x.line = p.line AND x.reason = 'repeated_key')
  AND NOT EXISTS (SELECT FROM load_known k WHERE k.staged_id = p.customer_id)

-- name: insert_shared_phones
-- As insert_phones where several rows may name one customer: the first row that has a number brings it.
INSERT INTO phone (id, customer_id, position, e164, typed, kind, zones)
SELECT id, customer_id, row_number() OVER (PARTITION BY customer_id ORDER BY line, ord) - 1, e164, typed, kind,
       CASE WHEN zones = '' THEN '{}' ELSE string_to_array(zones, '|') END
FROM (SELECT DISTINCT ON (r.customer_id, p.e164)
             p.id, r.customer_id, p.line, p.ord, p.e164, p.typed, p.kind, p.zones
      FROM load_row r JOIN load_phone p ON p.line = r.line
      WHERE NOT EXISTS (SELECT FROM load_refused x WHERE x.line = r.line AND x.reason = 'repeated_key')
        AND NOT EXISTS (SELECT FROM load_known k WHERE k.staged_id = r.customer_id)
      ORDER BY r.customer_id, p.e164, p.line, p.ord) first

-- name: add_phones
-- Numbers that customers known before did not have yet become their last alternatives.
INSERT INTO phone (id, customer_id, position, e164, typed, kind, zones)
SELECT id, customer_id, last + row_number() OVER (PARTITION BY customer_id ORDER BY line, ord), e164, typed, kind,
       CASE WHEN zones = '' THEN '{}' ELSE string_to_array(zones, '|') END
FROM (SELECT DISTINCT ON (k.customer_id, p.e164)
             p.id, k.customer_id, p.line, p.ord, p.e164, p.typed, p.kind, p.zones, coalesce(old.last, -1) AS last
      FROM load_row r
      JOIN load_known k ON k.staged_id = r.customer_id
      JOIN load_phone p ON p.line = r.line
      CROSS JOIN LATERAL (SELECT max(position) AS last FROM phone WHERE phone.customer_id = k.customer_id) old
      WHERE NOT EXISTS (SELECT FROM load_refused x WHERE x.line = r.line AND x.reason = 'repeated_key')
        AND NOT EXISTS (SELECT FROM phone h WHERE h.customer_id = k.customer_id AND h.e164 = p.e164)
      ORDER BY k.customer_id, p.e164, p.line, p.ord) new

-- name: insert_contacts
-- $1 list, $2 campaign, $3 now, $4 first position, $5 rows may share customers, $6 a customer may be there again.
-- The main number of the row is where the cursor starts.
INSERT INTO contact (id, dial_list_id, campaign_id, customer_id, priority, position, next_at, zone_key, cursor,
                     agent_id, created_at, again)
SELECT r.contact_id, $1, $2, coalesce(k.customer_id, r.customer_id), r.priority, $4 + r.line, $3,
       coalesce(k.zone, r.zone_key),
       CASE WHEN k.customer_id IS NULL AND NOT $5 THEN 0
            ELSE (SELECT p.position FROM phone p
                  WHERE p.customer_id = coalesce(k.customer_id, r.customer_id) AND p.e164 = r.main) END,
       r.agent_id, $3,
       CASE WHEN $6 AND k.customer_id IS NOT NULL
            THEN EXISTS (SELECT FROM contact o WHERE o.customer_id = k.customer_id AND o.campaign_id = $2
                         AND o.state IN ('pending', 'live', 'awaiting_typification', 'scheduled'))
            ELSE false END
FROM load_row r LEFT JOIN load_known k ON k.staged_id = r.customer_id
WHERE r.campaign_id = $2 AND NOT EXISTS (SELECT FROM load_refused x WHERE x.line = r.line)
  AND NOT EXISTS (SELECT FROM load_moved m WHERE m.line = r.line)

-- name: move_contacts
-- $1 list, $2 campaign, $3 first position. Attempts, waits, phone and call-back come along; place and priority are
-- the row's, and so is its agent, if it names one. A worker that had reserved one finds its reservation gone.
UPDATE contact c
SET dial_list_id = $1, priority = r.priority, position = $3 + r.line, agent_id = coalesce(r.agent_id, c.agent_id),
    reserved_by = NULL, reserved_until = NULL,
    zone_key = coalesce(k.zone, l.zone, b.zone, array_to_string(ARRAY(
        SELECT z FROM phone p, unnest(p.zones) z WHERE p.customer_id = c.customer_id AND p.position = c.cursor
        ORDER BY z COLLATE "C"), '|'))
FROM load_moved m JOIN load_row r ON r.line = m.line, customer k, dial_list l JOIN base b ON b.id = l.base_id
WHERE c.id = m.contact_id AND r.campaign_id = $2 AND k.id = c.customer_id AND l.id = $1
  AND NOT EXISTS (SELECT FROM load_refused x WHERE x.line = m.line)

-- name: counts
SELECT count(*) FILTER (WHERE reason IN ('repeated_key', 'already_in_campaign', 'already_in_list')) AS duplicates,
       count(*) FILTER (WHERE reason = 'do_not_call') AS do_not_call
FROM load_refused

-- name: refused
-- The next of them after line $1.
SELECT line, reason, detail FROM load_refused WHERE line > $1 ORDER BY line LIMIT $2

-- name: reject_reasons
SELECT reason, count(*) AS rows FROM load_reject WHERE load_id = $1 GROUP BY reason ORDER BY count(*) DESC, reason

-- name: rejects
SELECT line, reason, detail, raw FROM load_reject WHERE load_id = $1 ORDER BY line

-- name: index_names
-- What an insert only noted for the index of names is put in its place, so that no search need read the notes.
SELECT gin_clean_pending_list('customer_grams')

-- name: ready
-- Only those still there, and where they were: whoever deletes or moves a list meanwhile is the first.
UPDATE dial_list SET ready = true WHERE id = ANY($1) AND campaign_id = ANY($2) AND deleted_at IS NULL RETURNING id

-- name: list_name_taken
SELECT EXISTS (SELECT FROM dial_list WHERE campaign_id = $1 AND name = $2 AND deleted_at IS NULL)

-- name: stage_numbers
CREATE TEMP TABLE forbidden (id uuid NOT NULL, e164 text NOT NULL, campaign_id uuid) ON COMMIT DROP

-- name: forbid
INSERT INTO do_not_call (id, e164, campaign_id, source, created_by, created_at)
SELECT DISTINCT ON (e164, campaign_id) id, e164, campaign_id, 'file', $1, $2 FROM forbidden
ORDER BY e164, campaign_id
ON CONFLICT DO NOTHING

-- name: forbidden_and_known
-- Those that are somebody's number or that ring now: only they have anything to end.
SELECT DISTINCT f.e164, f.campaign_id FROM forbidden f
WHERE EXISTS (SELECT FROM phone p WHERE p.e164 = f.e164)
   OR EXISTS (SELECT FROM live_attempt l WHERE l.e164 = f.e164)
