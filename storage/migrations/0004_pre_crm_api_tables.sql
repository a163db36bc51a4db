-- The API room: who may do what, and who did what.

CREATE TABLE user_account (
    id            uuid PRIMARY KEY,
    login         text NOT NULL UNIQUE,
    name          text NOT NULL,
    password_hash text NOT NULL,
    role          text NOT NULL CHECK (role IN ('admin', 'operator', 'supervisor', 'agent')),
    agent_id      uuid UNIQUE,                      -- an agent's own record in the dialer room
    language      text NOT NULL DEFAULT 'es',
    enabled       boolean NOT NULL DEFAULT true,
    created_at    timestamptz NOT NULL
);
-- The campaigns a supervisor watches.
CREATE TABLE user_campaign (
    user_id     uuid NOT NULL REFERENCES user_account ON DELETE CASCADE,
    campaign_id uuid NOT NULL,
    PRIMARY KEY (user_id, campaign_id)
);

CREATE TABLE session (
    token_hash bytea PRIMARY KEY,
    user_id    uuid NOT NULL REFERENCES user_account ON DELETE CASCADE,
    csrf       text NOT NULL,
    created_at timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX session_owner ON session (user_id);

CREATE TABLE api_token (
    id         uuid PRIMARY KEY,
    name       text NOT NULL,
    token_hash bytea NOT NULL UNIQUE,
    role       text NOT NULL CHECK (role IN ('admin', 'operator', 'supervisor', 'agent')),
    created_by uuid,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz
);

CREATE TABLE audit (
    id         uuid PRIMARY KEY,
    at         timestamptz NOT NULL,
    user_id    uuid,
    action     text NOT NULL,
    target     text NOT NULL DEFAULT '',
    detail     jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_at ON audit (at DESC);

-- Answers already given to POSTs that carried an Idempotency-Key.
CREATE TABLE idempotency (
    key        text PRIMARY KEY,
    user_id    uuid,
    request    text NOT NULL,                       -- method and path, with a hash of the body
    status     smallint NOT NULL,
    body       bytea NOT NULL,
    created_at timestamptz NOT NULL
);

-- Failed log-ins within a window, per login and address and per address: guessing is slowed down in all processes.
CREATE TABLE login_failure (
    key      text PRIMARY KEY,
    failures integer NOT NULL,
    since    timestamptz NOT NULL
);
