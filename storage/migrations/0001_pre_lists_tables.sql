-- The lists room: who may be called, on which number, when, and what became of each attempt.
-- Ids are UUIDv7 made by the application; times are UTC; closed sets are text with a CHECK.

CREATE TABLE base (
    id          uuid PRIMARY KEY,
    name        text NOT NULL,
    key_columns text[] NOT NULL,                    -- the columns a customer's key is made of
    region      text NOT NULL,                      -- ISO 3166: how national numbers are read
    zone        text,                               -- IANA; overrides the zones of its numbers
    fields      jsonb NOT NULL DEFAULT '[]',        -- typed definitions of the extra columns
    created_at  timestamptz NOT NULL,
    deleted_at  timestamptz
);
CREATE UNIQUE INDEX base_name_live ON base (name) WHERE deleted_at IS NULL;

CREATE TABLE customer (
    id          uuid PRIMARY KEY,
    base_id     uuid NOT NULL REFERENCES base,
    key         text NOT NULL,
    document    text NOT NULL DEFAULT '',
    name        text NOT NULL DEFAULT '',
    folded      text NOT NULL DEFAULT '',           -- document and name without accents and case, for search
    zone        text,                               -- IANA, when the file gave one
    owner_id    uuid,                               -- the agent the customer is assigned to
    data        jsonb NOT NULL DEFAULT '{}',
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    deleted_at  timestamptz,
    UNIQUE (base_id, key)
);
CREATE INDEX customer_folded ON customer (folded text_pattern_ops);
CREATE INDEX customer_document ON customer (document) WHERE document <> '';
CREATE INDEX customer_owner ON customer (owner_id) WHERE owner_id IS NOT NULL;

CREATE TABLE phone (
    id          uuid PRIMARY KEY,
    customer_id uuid NOT NULL REFERENCES customer ON DELETE CASCADE,
    position    smallint NOT NULL,                  -- 0 is the main number, then the alternatives in order
    e164        text NOT NULL CHECK (e164 ~ '^\+[1-9][0-9]{5,14}$'),
    typed       text NOT NULL,                      -- as the file had it
    kind        text NOT NULL DEFAULT '',           -- mobile, work, home or nothing
    zones       text[] NOT NULL DEFAULT '{}',       -- every IANA zone the number may be in
    state       text NOT NULL DEFAULT 'good' CHECK (state IN ('good', 'bad', 'wrong_number')),
    UNIQUE (customer_id, e164)
);
CREATE INDEX phone_e164 ON phone (e164);
CREATE INDEX phone_tail ON phone (right(e164, 8));

CREATE TABLE dial_list (
    id          uuid PRIMARY KEY,
    campaign_id uuid NOT NULL,
    base_id     uuid NOT NULL REFERENCES base,
    name        text NOT NULL,
    zone        text,
    priority    integer NOT NULL DEFAULT 100,       -- lower is dialled first
    paused      boolean NOT NULL DEFAULT false,
    ready       boolean NOT NULL DEFAULT false,     -- flips last: a list becomes visible whole
    expires_at  timestamptz,
    created_at  timestamptz NOT NULL,
    deleted_at  timestamptz
);
CREATE UNIQUE INDEX dial_list_name_live ON dial_list (campaign_id, name) WHERE deleted_at IS NULL;

-- One upload: its progress while it runs, its counts and rejects afterwards.
CREATE TABLE load (
    id           uuid PRIMARY KEY,
    base_id      uuid REFERENCES base,
    dial_list_id uuid REFERENCES dial_list,
    campaign_id  uuid,
    file_name    text NOT NULL,
    file_hash    text NOT NULL,                     -- of file and mapping: the same load twice does nothing
    mapping      jsonb NOT NULL,
    state        text NOT NULL CHECK (state IN ('running', 'done', 'failed')),
    rows         bigint NOT NULL DEFAULT 0,
    loaded       bigint NOT NULL DEFAULT 0,
    rejected     bigint NOT NULL DEFAULT 0,
    duplicates   bigint NOT NULL DEFAULT 0,
    do_not_call  bigint NOT NULL DEFAULT 0,
    error        text,
    started_at   timestamptz NOT NULL,
    finished_at  timestamptz
);
CREATE UNIQUE INDEX load_once ON load (campaign_id, file_hash) NULLS NOT DISTINCT WHERE state = 'done';

CREATE TABLE load_reject (
    load_id uuid NOT NULL REFERENCES load ON DELETE CASCADE,
    line    bigint NOT NULL,                        -- in the file, the header being line 1
    reason  text NOT NULL,                          -- a stable word: bad_phone, repeated_key, ...
    detail  text NOT NULL DEFAULT '',
    raw     text NOT NULL
);
CREATE INDEX load_reject_load ON load_reject (load_id, line);

CREATE TABLE contact (
    id             uuid PRIMARY KEY,
    dial_list_id   uuid NOT NULL REFERENCES dial_list,
    campaign_id    uuid NOT NULL,
    customer_id    uuid NOT NULL REFERENCES customer,
    state          text NOT NULL DEFAULT 'pending' CHECK (state IN (
        'pending', 'live', 'awaiting_typification', 'scheduled',
        'done', 'do_not_call', 'exhausted', 'expired', 'removed', 'rejected')),
    priority       integer NOT NULL DEFAULT 100,
    position       bigint NOT NULL,                 -- its place in the list; a recall takes a new last one
    next_at        timestamptz NOT NULL,            -- not dialled before: waits, gaps and hours materialised
    zone_key       text NOT NULL DEFAULT '',        -- the zones of the number at the cursor, joined by '|'
    cursor         smallint NOT NULL DEFAULT 0,     -- position of the phone to call next
    attempts       smallint NOT NULL DEFAULT 0,
    retries        jsonb NOT NULL DEFAULT '{}',     -- network retries so far, per outcome
    agent_id       uuid,                            -- bound to this agent: dialled outside pacing
    reserved_by    text,
    reserved_until timestamptz,
    last_outcome   text,
    last_at        timestamptz,
    final_reason   text,
    finished_at    timestamptz,
    data           jsonb NOT NULL DEFAULT '{}',
    created_at     timestamptz NOT NULL
);
-- A reservation is one range of this index.
CREATE INDEX contact_due ON contact (dial_list_id, priority, next_at, position)
    WHERE state = 'pending' AND agent_id IS NULL;
CREATE INDEX contact_due_agent ON contact (agent_id, next_at) WHERE state = 'pending' AND agent_id IS NOT NULL;
CREATE INDEX contact_customer ON contact (customer_id);
CREATE INDEX contact_list_state ON contact (dial_list_id, state);
-- The same customer twice in a campaign is refused while one contact is open.
CREATE UNIQUE INDEX contact_once ON contact (campaign_id, customer_id)
    WHERE state IN ('pending', 'live', 'awaiting_typification', 'scheduled');

-- Attempts per contact and number; a row appears at the first attempt.
CREATE TABLE contact_phone (
    contact_id uuid NOT NULL REFERENCES contact ON DELETE CASCADE,
    e164       text NOT NULL,
    attempts   smallint NOT NULL,
    PRIMARY KEY (contact_id, e164)
);

-- Rolling caps and gaps over all lists and campaigns, kept with the attempt and never counted over history.
CREATE TABLE number_use (
    e164    text PRIMARY KEY,
    last_at timestamptz NOT NULL,
    recent  timestamptz[] NOT NULL                  -- the last 10 attempts, oldest first
);
CREATE TABLE customer_use (
    customer_id     uuid PRIMARY KEY,
    last_at         timestamptz NOT NULL,
    recent          timestamptz[] NOT NULL,
    conversation_at timestamptz
);

-- Who may dial a campaign now: begin attempt compares its epoch with this row. A new owner raises it.
CREATE TABLE dial_fence (
    campaign_id uuid PRIMARY KEY,
    epoch       bigint NOT NULL,
    open        boolean NOT NULL DEFAULT true       -- false: paused, draining or stopped; nothing begins
);

-- One originate to one number, or one inbound call. Inserted before the act, closed by one update, never deleted.
CREATE TABLE attempt (
    id            uuid NOT NULL,                    -- also the channel id in Asterisk
    begun_at      timestamptz NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('dialled', 'agent_bound', 'manual', 'preview', 'broadcast', 'inbound')),
    campaign_id   uuid,
    dial_list_id  uuid,
    contact_id    uuid,
    customer_id   uuid,
    phone_id      uuid,
    e164          text NOT NULL,                    -- '' when an inbound caller hides the number
    trunk         text NOT NULL DEFAULT '',
    server        text NOT NULL DEFAULT '',
    caller_id     text NOT NULL DEFAULT '',
    epoch         bigint NOT NULL DEFAULT 0,
    agent_id      uuid,
    ringing_at    timestamptz,
    answered_at   timestamptz,
    connected_at  timestamptz,
    ended_at      timestamptz,
    outcome       text,                             -- dialer.outcome.Outcome
    fault         text,                             -- dialer.outcome.Fault
    cause         smallint,                         -- Q.850
    reason        text NOT NULL DEFAULT '',
    amd           text NOT NULL DEFAULT '',
    hung_up_by    text NOT NULL DEFAULT '',         -- customer, agent, dialer, network
    typified_at   timestamptz,
    wrapup_until  timestamptz,
    PRIMARY KEY (id, begun_at)
) PARTITION BY RANGE (begun_at);
CREATE INDEX attempt_contact ON attempt (contact_id, begun_at);
CREATE INDEX attempt_customer ON attempt (customer_id, begun_at);
CREATE INDEX attempt_campaign ON attempt (campaign_id, begun_at);
CREATE INDEX attempt_e164 ON attempt (e164, begun_at);

-- The calls that live now. Small and unpartitioned, so that its unique indexes make two live calls to one contact,
-- customer or number impossible, whatever the lists and campaigns.
CREATE TABLE live_attempt (
    attempt_id  uuid PRIMARY KEY,
    begun_at    timestamptz NOT NULL,
    campaign_id uuid,
    contact_id  uuid,
    customer_id uuid,
    e164        text,                               -- NULL when an inbound caller hides the number
    worker      text NOT NULL,
    server      text NOT NULL DEFAULT '',
    trunk       text NOT NULL DEFAULT '',
    agent_id    uuid,
    state       text NOT NULL CHECK (state IN ('begun', 'ringing', 'answered', 'connected')),
    updated_at  timestamptz NOT NULL
);
CREATE UNIQUE INDEX live_attempt_contact ON live_attempt (contact_id);
CREATE UNIQUE INDEX live_attempt_customer ON live_attempt (customer_id);
CREATE UNIQUE INDEX live_attempt_e164 ON live_attempt (e164);
CREATE INDEX live_attempt_campaign ON live_attempt (campaign_id);

CREATE TABLE do_not_call (
    id            uuid PRIMARY KEY,
    e164          text NOT NULL,
    campaign_id   uuid,                             -- NULL: every campaign
    source        text NOT NULL CHECK (source IN ('agent', 'opt_out', 'file', 'supervisor', 'api')),
    reason        text NOT NULL DEFAULT '',
    attempt_id    uuid,
    created_by    uuid,
    created_at    timestamptz NOT NULL,
    lifted_at     timestamptz,
    lifted_by     uuid,
    lifted_reason text
);
CREATE UNIQUE INDEX do_not_call_live ON do_not_call (e164, campaign_id) NULLS NOT DISTINCT WHERE lifted_at IS NULL;
