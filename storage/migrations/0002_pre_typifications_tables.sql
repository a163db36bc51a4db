-- The typifications room: what an agent says a conversation was, and what follows from it.

CREATE TABLE result (
    id                    uuid PRIMARY KEY,
    parent_id             uuid REFERENCES result,
    level                 smallint NOT NULL CHECK (level BETWEEN 1 AND 3),
    name                  text NOT NULL,
    action                text CHECK (action IN ('recall', 'recall_alternate', 'no_action', 'do_not_call')),
    schedules             boolean NOT NULL DEFAULT false,
    do_not_call_scope     text NOT NULL DEFAULT 'campaign'
        CHECK (do_not_call_scope IN ('campaign', 'all_campaigns', 'number_only')),
    recall_wait_ms        integer,                  -- NULL: the campaign's
    deletes_events        boolean NOT NULL DEFAULT false,
    removes_from_lists    boolean NOT NULL DEFAULT false,
    classes               text[] NOT NULL DEFAULT '{}',
    measure               numeric,
    ordinal               integer NOT NULL DEFAULT 0,
    enabled               boolean NOT NULL DEFAULT true,
    retired_at            timestamptz,              -- in use once: kept for history, never offered again
    created_at            timestamptz NOT NULL,
    CHECK (NOT (schedules AND action IS NOT NULL)),
    CHECK ((level = 1) = (parent_id IS NULL))
);
CREATE UNIQUE INDEX result_name_live ON result (parent_id, name, id) WHERE retired_at IS NULL;
CREATE INDEX result_parent ON result (parent_id);

-- Campaigns belong to the first level; deeper levels follow their parent.
CREATE TABLE result_campaign (
    result_id   uuid NOT NULL REFERENCES result ON DELETE CASCADE,
    campaign_id uuid NOT NULL,
    PRIMARY KEY (result_id, campaign_id)
);
CREATE INDEX result_campaign_campaign ON result_campaign (campaign_id);

CREATE TABLE interaction (
    id              uuid PRIMARY KEY,
    channel         text NOT NULL DEFAULT 'voice',
    customer_id     uuid,
    campaign_id     uuid,
    contact_id      uuid,
    attempt_id      uuid,
    attempt_at      timestamptz,                    -- the attempt's begun_at, which names its partition
    agent_id        uuid,
    e164            text NOT NULL DEFAULT '',
    state           text NOT NULL CHECK (state IN ('typified', 'untypified')),
    result_ids      uuid[] NOT NULL DEFAULT '{}',   -- the chosen path, first level first
    result_names    text[] NOT NULL DEFAULT '{}',   -- as they read then
    action          text,                           -- what was applied: an action, 'schedule', or NULL
    schedule        jsonb,                          -- the call-back asked for: kept until it is applied
    note            text NOT NULL DEFAULT '',
    profile_data    jsonb NOT NULL DEFAULT '{}',
    idempotency_key text,
    applied_at      timestamptz,                    -- NULL while the conversation still runs
    created_at      timestamptz NOT NULL
);
CREATE UNIQUE INDEX interaction_idempotency ON interaction (idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE UNIQUE INDEX interaction_attempt ON interaction (attempt_id) WHERE attempt_id IS NOT NULL;
CREATE INDEX interaction_customer ON interaction (customer_id, created_at DESC);
CREATE INDEX interaction_agent ON interaction (agent_id, created_at DESC);
CREATE INDEX interaction_campaign ON interaction (campaign_id, created_at DESC);

CREATE TABLE agenda_event (
    id             uuid PRIMARY KEY,
    type           text NOT NULL DEFAULT 'call',
    state          text NOT NULL CHECK (state IN ('pending', 'managed', 'removed')),
    customer_id    uuid,
    customer_name  text NOT NULL DEFAULT '',        -- an event's own copy: editing it leaves the customer alone
    campaign_id    uuid,
    contact_id     uuid,
    agent_id       uuid,                            -- NULL: whoever is free
    e164           text NOT NULL,
    due_at         timestamptz NOT NULL,
    zone           text NOT NULL,                   -- the customer's, in which it was typed
    note           text NOT NULL DEFAULT '',
    tries          smallint NOT NULL DEFAULT 0,
    interaction_id uuid,                            -- the one that scheduled it
    managed_by     uuid,                            -- the interaction that managed it
    created_by     uuid,
    created_at     timestamptz NOT NULL,
    closed_at      timestamptz
);
CREATE INDEX agenda_event_due ON agenda_event (due_at) WHERE state = 'pending';
CREATE INDEX agenda_event_agent ON agenda_event (agent_id, due_at) WHERE state = 'pending';
CREATE INDEX agenda_event_customer ON agenda_event (customer_id);

CREATE TABLE speech (
    id          uuid PRIMARY KEY,
    campaign_id uuid NOT NULL,
    title       text NOT NULL DEFAULT '',
    body        text NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL
);
CREATE INDEX speech_campaign ON speech (campaign_id);

CREATE TABLE profile (
    id         uuid PRIMARY KEY,
    name       text NOT NULL UNIQUE,
    fields     jsonb NOT NULL DEFAULT '[]',
    created_at timestamptz NOT NULL
);
CREATE TABLE profile_campaign (
    profile_id  uuid NOT NULL REFERENCES profile ON DELETE CASCADE,
    campaign_id uuid NOT NULL,
    PRIMARY KEY (profile_id, campaign_id)
);
