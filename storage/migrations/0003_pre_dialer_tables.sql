-- The dialer room: what is dialled through what, by whom, and who owns the dialling.

CREATE TABLE trunk (
    id              uuid PRIMARY KEY,
    name            text NOT NULL UNIQUE,
    server          text NOT NULL DEFAULT 'main',   -- the AMI link it is reached by
    dial            text NOT NULL,                  -- e.g. PJSIP/{number}@carrier
    number_format   text NOT NULL DEFAULT 'e164' CHECK (number_format IN ('e164', 'plus', 'national')),
    prefix          text NOT NULL DEFAULT '' CHECK (prefix ~ '^[0-9*#]*$'),
    region          text NOT NULL DEFAULT '',       -- of its national format
    caller_ids      text[] NOT NULL DEFAULT '{}',
    calls_per_s     numeric NOT NULL DEFAULT 5,
    channels        integer NOT NULL DEFAULT 30,
    enabled         boolean NOT NULL DEFAULT true,
    suspended_until timestamptz,
    created_at      timestamptz NOT NULL
);

CREATE TABLE campaign (
    id         uuid PRIMARY KEY,
    name       text NOT NULL UNIQUE,
    kind       text NOT NULL DEFAULT 'dialer' CHECK (kind IN ('dialer', 'voice')),
    desired    text NOT NULL DEFAULT 'stopped' CHECK (desired IN ('stopped', 'running', 'paused', 'draining')),
    settings   jsonb NOT NULL,                      -- dialer.campaign.Settings
    revision   bigint NOT NULL DEFAULT 1,           -- grows at every change, so that a worker sees it
    status     jsonb NOT NULL DEFAULT '{}',         -- what its worker says of it: state, why, since
    created_at timestamptz NOT NULL,
    deleted_at timestamptz
);

CREATE TABLE agent (
    id         uuid PRIMARY KEY,
    code       text NOT NULL UNIQUE CHECK (code ~ '^[A-Za-z0-9_-]{1,40}$'),
    name       text NOT NULL,
    line       text NOT NULL DEFAULT 'held' CHECK (line IN ('held', 'ringing')),
    dial       text NOT NULL,                       -- how to reach the phone: PJSIP/agent-1001
    auto_answer boolean NOT NULL DEFAULT true,
    server     text NOT NULL DEFAULT 'main',
    enabled    boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL
);
CREATE TABLE agent_campaign (
    agent_id    uuid NOT NULL REFERENCES agent ON DELETE CASCADE,
    campaign_id uuid NOT NULL REFERENCES campaign ON DELETE CASCADE,
    PRIMARY KEY (agent_id, campaign_id)
);

-- Where each agent is now, written by the worker; survives it, so that a new worker adopts living conversations.
CREATE TABLE agent_presence (
    agent_id    uuid PRIMARY KEY REFERENCES agent ON DELETE CASCADE,
    state       text NOT NULL,                      -- dialer.agent.AgentState
    reason      text NOT NULL DEFAULT '',
    since       timestamptz NOT NULL,
    logged_in_at timestamptz,
    channel     text NOT NULL DEFAULT '',           -- unique id of the held line
    attempt_id  uuid,
    attempt_at  timestamptz,
    pending     text NOT NULL DEFAULT '',           -- a pause or log-out to take effect after the call
    wrapup_until timestamptz
);
CREATE TABLE agent_log (
    agent_id uuid NOT NULL,
    state    text NOT NULL,
    reason   text NOT NULL DEFAULT '',
    campaign_id uuid,
    from_at  timestamptz NOT NULL,
    to_at    timestamptz NOT NULL
);
CREATE INDEX agent_log_agent ON agent_log (agent_id, from_at);

-- Ownership across workers; the only table that lives by the database server's clock.
CREATE TABLE lease (
    name       text PRIMARY KEY,
    owner      text NOT NULL,
    epoch      bigint NOT NULL,
    expires_at timestamptz NOT NULL
);

-- What the API wants done by the engine: a row first, the bus only wakes the worker up.
CREATE TABLE command (
    id              uuid PRIMARY KEY,
    kind            text NOT NULL,
    target          uuid,
    payload         jsonb NOT NULL DEFAULT '{}',
    state           text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'done', 'refused')),
    result          jsonb,
    idempotency_key text,
    created_by      uuid,
    created_at      timestamptz NOT NULL,
    finished_at     timestamptz
);
CREATE UNIQUE INDEX command_idempotency ON command (idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX command_queued ON command (created_at) WHERE state = 'queued';

-- Live counters by campaign and hour, the source of the abandonment window; recounted from the attempts by a test.
CREATE TABLE campaign_hour (
    campaign_id uuid NOT NULL,
    hour        timestamptz NOT NULL,
    attempts    bigint NOT NULL DEFAULT 0,
    answered    bigint NOT NULL DEFAULT 0,
    machines    bigint NOT NULL DEFAULT 0,
    connected   bigint NOT NULL DEFAULT 0,
    abandoned   bigint NOT NULL DEFAULT 0,
    gone        bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (campaign_id, hour)
);

CREATE TABLE pacing_memory (
    campaign_id uuid PRIMARY KEY,
    snapshot    jsonb NOT NULL,
    saved_at    timestamptz NOT NULL
);
