-- What reports read: hourly sums of closed attempts, interactions and agents' time. A year of calls is a few million
-- short rows here. Hours are UTC and belong to the beginning of the call, of its interaction, too.

-- Over all agents, one row for each list and kind of call. Interactions without a call, and agents' time, have neither.
CREATE TABLE report_hour (
    hour         timestamptz NOT NULL,
    campaign_id  uuid,
    dial_list_id uuid,
    kind         text NOT NULL,
    of_connected        integer NOT NULL,
    of_abandoned        integer NOT NULL,
    of_machine          integer NOT NULL,
    of_gone             integer NOT NULL,
    of_busy             integer NOT NULL,
    of_no_answer        integer NOT NULL,
    of_declined         integer NOT NULL,
    of_unreachable      integer NOT NULL,
    of_congestion       integer NOT NULL,
    of_invalid_number   integer NOT NULL,
    of_failed_trunk     integer NOT NULL,
    of_refused          integer NOT NULL,
    of_cancelled        integer NOT NULL,
    of_unknown          integer NOT NULL,
    ring_ms      bigint NOT NULL,                   -- ringing until answered or ended
    wait_ms      bigint NOT NULL,                   -- answered until joined to an agent
    talk_ms      bigint NOT NULL,                   -- joined until ended
    interactions integer NOT NULL,
    untypified   integer NOT NULL,
    right_party  integer NOT NULL,
    successes    integer NOT NULL,
    machines_met integer NOT NULL,
    measure      numeric NOT NULL
);
CREATE UNIQUE INDEX report_hour_key ON report_hour (campaign_id, hour, dial_list_id, kind) NULLS NOT DISTINCT;
CREATE INDEX report_hour_hour ON report_hour (hour);

-- Per agent, of what had one; interactions stand with the connected calls of their kind.
CREATE TABLE report_agent_call_hour (
    hour         timestamptz NOT NULL,
    agent_id     uuid NOT NULL,
    campaign_id  uuid,
    dial_list_id uuid,
    kind         text NOT NULL,
    outcome      text NOT NULL,
    attempts     integer NOT NULL,
    ring_ms      bigint NOT NULL,                   -- ringing until answered or ended
    wait_ms      bigint NOT NULL,                   -- answered until joined to an agent
    talk_ms      bigint NOT NULL,                   -- joined until ended
    interactions integer NOT NULL,
    untypified   integer NOT NULL,
    right_party  integer NOT NULL,
    successes    integer NOT NULL,
    machines_met integer NOT NULL,
    measure      numeric NOT NULL
);
CREATE UNIQUE INDEX report_agent_call_hour_key
    ON report_agent_call_hour (agent_id, hour, campaign_id, dial_list_id, kind, outcome) NULLS NOT DISTINCT;
CREATE INDEX report_agent_call_hour_campaign ON report_agent_call_hour (campaign_id, hour);
CREATE INDEX report_agent_call_hour_hour ON report_agent_call_hour (hour);

-- Interactions by the deepest result chosen (its path is the tree's); NULL: untypified.
CREATE TABLE report_result_hour (
    hour         timestamptz NOT NULL,
    campaign_id  uuid,
    dial_list_id uuid,
    result_id    uuid,
    interactions integer NOT NULL
);
CREATE UNIQUE INDEX report_result_hour_key
    ON report_result_hour (campaign_id, hour, dial_list_id, result_id) NULLS NOT DISTINCT;
CREATE INDEX report_result_hour_hour ON report_result_hour (hour);

CREATE TABLE report_agent_result_hour (
    hour         timestamptz NOT NULL,
    agent_id     uuid NOT NULL,
    campaign_id  uuid,
    dial_list_id uuid,
    result_id    uuid,
    interactions integer NOT NULL
);
CREATE UNIQUE INDEX report_agent_result_hour_key
    ON report_agent_result_hour (agent_id, hour, campaign_id, dial_list_id, result_id) NULLS NOT DISTINCT;
CREATE INDEX report_agent_result_hour_campaign ON report_agent_result_hour (campaign_id, hour);
CREATE INDEX report_agent_result_hour_hour ON report_agent_result_hour (hour);

-- An agent's time within an hour. Waiting is shared among the campaigns the agent talked for in that hour.
CREATE TABLE report_agent_hour (
    hour        timestamptz NOT NULL,
    agent_id    uuid NOT NULL,
    campaign_id uuid,
    ready_ms    bigint NOT NULL,
    talk_ms     bigint NOT NULL,
    wrapup_ms   bigint NOT NULL,
    paused_ms   bigint NOT NULL,
    other_ms    bigint NOT NULL                     -- offered, reserved, connecting, line lost
);
CREATE UNIQUE INDEX report_agent_hour_key ON report_agent_hour (agent_id, hour, campaign_id) NULLS NOT DISTINCT;
CREATE INDEX report_agent_hour_hour ON report_agent_hour (hour);

-- The same summed over the agents.
CREATE TABLE report_time_hour (
    hour        timestamptz NOT NULL,
    campaign_id uuid,
    ready_ms    bigint NOT NULL,
    talk_ms     bigint NOT NULL,
    wrapup_ms   bigint NOT NULL,
    paused_ms   bigint NOT NULL,
    other_ms    bigint NOT NULL
);
CREATE UNIQUE INDEX report_time_hour_key ON report_time_hour (hour, campaign_id) NULLS NOT DISTINCT;

-- Whole days of UTC, `hour` being their midnight: a long stretch of time reads these, and hours at its two ends only.
CREATE TABLE report_agent_call_day (LIKE report_agent_call_hour INCLUDING INDEXES);
CREATE TABLE report_agent_day (LIKE report_agent_hour INCLUDING INDEXES);

-- Customers of a campaign with and without a typified interaction, as last counted.
CREATE TABLE report_coverage (
    campaign_id uuid PRIMARY KEY,
    customers   bigint NOT NULL,
    managed     bigint NOT NULL,
    counted_at  timestamptz NOT NULL
);

-- What must be counted again. Rows are only added, by the transaction that changed something, and taken away by the
-- roll-up that has counted the change: nothing is missed however late a transaction commits.
CREATE TABLE report_mark (
    what text NOT NULL CHECK (what IN ('calls', 'stays')),
    id   uuid,                                      -- the campaign; of stays the agent
    hour timestamptz NOT NULL
);
-- When the last complete roll-up began: everything committed before is in the sums.
CREATE TABLE report_state (
    only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    rolled_at timestamptz
);
INSERT INTO report_state DEFAULT VALUES;

CREATE INDEX interaction_call ON interaction (campaign_id, (coalesce(attempt_at, created_at)));
CREATE INDEX agent_log_end ON agent_log (agent_id, to_at);

-- Statement triggers, one mark per campaign and hour of a batch: the rooms that write need not know of reports.
CREATE FUNCTION report_mark_calls() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO report_mark (what, id, hour)
    SELECT DISTINCT 'calls', campaign_id, date_trunc('hour', begun_at, 'UTC') FROM changed WHERE ended_at IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER report_calls AFTER UPDATE ON attempt REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION report_mark_calls();

CREATE FUNCTION report_mark_results() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO report_mark (what, id, hour)
    SELECT DISTINCT 'calls', campaign_id, date_trunc('hour', coalesce(attempt_at, created_at), 'UTC') FROM changed;
    RETURN NULL;
END $$;
CREATE TRIGGER report_results_new AFTER INSERT ON interaction REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION report_mark_results();
CREATE TRIGGER report_results_changed AFTER UPDATE ON interaction REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION report_mark_results();

-- What a result counts as may change: the hours it was chosen in are counted anew.
CREATE FUNCTION report_mark_result() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO report_mark (what, id, hour)
    WITH RECURSIVE below AS (
        SELECT NEW.id UNION SELECT r.id FROM result r JOIN below b ON r.parent_id = b.id
    )
    SELECT DISTINCT 'calls', h.campaign_id, h.hour FROM report_result_hour h JOIN below b ON b.id = h.result_id;
    RETURN NULL;
END $$;
CREATE TRIGGER report_result AFTER UPDATE ON result FOR EACH ROW
    WHEN (OLD.classes <> NEW.classes OR OLD.measure IS DISTINCT FROM NEW.measure
          OR OLD.parent_id IS DISTINCT FROM NEW.parent_id)
    EXECUTE FUNCTION report_mark_result();

CREATE FUNCTION report_mark_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO report_mark (what, id, hour)
    SELECT DISTINCT 'stays', c.agent_id, h.hour
    FROM changed c, generate_series(date_trunc('hour', c.from_at, 'UTC'), c.to_at, interval '1 hour') AS h (hour);
    RETURN NULL;
END $$;
CREATE TRIGGER report_stays AFTER INSERT ON agent_log REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION report_mark_stays();

-- Drilling into a stretch of time without naming a campaign. Attempts are stored in the order they begin.
CREATE INDEX attempt_begun ON attempt USING brin (begun_at);
