-- name: session_owner
SELECT u.id, u.login, u.role, u.agent_id, u.language, s.csrf, s.seen_at,
       ARRAY(SELECT campaign_id FROM user_campaign WHERE user_id = u.id) AS campaign_ids
FROM session s JOIN user_account u ON u.id = s.user_id
WHERE s.token_hash = $1 AND s.expires_at > $2 AND u.enabled

-- name: session_seen
UPDATE session SET seen_at = $2 WHERE token_hash = $1

-- name: open_session
INSERT INTO session (token_hash, user_id, csrf, created_at, seen_at, expires_at) VALUES ($1, $2, $3, $4, $4, $5)

-- name: close_session
DELETE FROM session WHERE token_hash = $1

-- name: close_sessions_of
DELETE FROM session WHERE user_id = $1

-- name: forget_sessions
DELETE FROM session WHERE expires_at < $1

-- name: token_owner
SELECT id, name, role FROM api_token WHERE token_hash = $1 AND revoked_at IS NULL

-- name: add_token
INSERT INTO api_token (id, name, token_hash, role, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6)

-- name: tokens
-- In an order of its own: those alike in what a page is sorted by keep it from page to page.
SELECT id, name, role, created_by, created_at, revoked_at FROM api_token ORDER BY id

-- name: revoke_token
UPDATE api_token SET revoked_at = COALESCE(revoked_at, $2) WHERE id = $1 RETURNING id

-- name: user_by_login
SELECT id, password_hash, enabled FROM user_account WHERE login = $1

-- name: users
-- Ordered as the tokens are.
SELECT u.id, u.login, u.name, u.role, u.agent_id, u.language, u.enabled, u.created_at,
       ARRAY(SELECT campaign_id FROM user_campaign WHERE user_id = u.id ORDER BY campaign_id) AS campaign_ids
FROM user_account u
WHERE $1::uuid IS NULL OR u.id = $1
ORDER BY u.id

-- name: add_user
INSERT INTO user_account (id, login, name, password_hash, role, agent_id, language, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: edit_user
UPDATE user_account SET name = $2, role = $3, agent_id = $4, language = $5, enabled = $6 WHERE id = $1 RETURNING id

-- name: set_password
UPDATE user_account SET password_hash = $2 WHERE id = $1 RETURNING id

-- name: password_hash_of
SELECT password_hash FROM user_account WHERE id = $1

-- name: still_lets_in
-- Whoever changes the password or disables the user waits until this transaction ends, or was faster.
SELECT true FROM user_account WHERE id = $1 AND password_hash = $2 AND enabled FOR NO KEY UPDATE

-- name: other_admins
SELECT count(*) FROM user_account WHERE role = 'admin' AND enabled AND id <> $1

-- name: drop_watched
DELETE FROM user_campaign WHERE user_id = $1

-- name: add_watched
INSERT INTO user_campaign (user_id, campaign_id) SELECT $1, unnest($2::uuid[]) ON CONFLICT DO NOTHING

-- name: add_audit
INSERT INTO audit (id, at, user_id, action, target, detail) VALUES ($1, $2, $3, $4, $5, $6)

-- name: audit_oldest_first
SELECT a.id, a.at, a.user_id, u.login, a.action, a.target, a.detail
FROM audit a LEFT JOIN user_account u ON u.id = a.user_id
WHERE ($1::uuid IS NULL OR a.user_id = $1) AND ($2::text IS NULL OR a.action = $2)
  AND ($3::timestamptz IS NULL OR a.at >= $3) AND ($4::timestamptz IS NULL OR a.at < $4)
ORDER BY a.at, a.id LIMIT $5 OFFSET $6

-- name: audit_newest_first
SELECT a.id, a.at, a.user_id, u.login, a.action, a.target, a.detail
FROM audit a LEFT JOIN user_account u ON u.id = a.user_id
WHERE ($1::uuid IS NULL OR a.user_id = $1) AND ($2::text IS NULL OR a.action = $2)
  AND ($3::timestamptz IS NULL OR a.at >= $3) AND ($4::timestamptz IS NULL OR a.at < $4)
ORDER BY a.at DESC, a.id DESC LIMIT $5 OFFSET $6

-- name: lock_key
-- Two requests with one key: the second waits here for the first one's answer.
SELECT pg_advisory_xact_lock(hashtextextended($1, 0))

-- name: answer_of_key
SELECT request, status, body FROM idempotency WHERE key = $1

-- name: keep_answer
INSERT INTO idempotency (key, user_id, request, status, body, created_at) VALUES ($1, $2, $3, $4, $5, $6)

-- name: forget_answers
DELETE FROM idempotency WHERE created_at < $1

-- name: count_try
-- Counted before the password is checked, so that a thousand tries at once are a thousand. A window that is over
-- begins anew.
INSERT INTO login_failure (key, failures, since) SELECT key, 1, $2 FROM unnest($1::text[]) AS key ORDER BY key
ON CONFLICT (key) DO UPDATE SET
    failures = CASE WHEN login_failure.since > $3 THEN login_failure.failures + 1 ELSE 1 END,
    since    = CASE WHEN login_failure.since > $3 THEN login_failure.since ELSE $2 END
RETURNING key, failures

-- name: forgive_try
UPDATE login_failure SET failures = greatest(0, failures - 1) WHERE key = ANY ($1::text[])

-- name: forget_tries
DELETE FROM login_failure WHERE since < $1
