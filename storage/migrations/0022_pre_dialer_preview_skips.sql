-- A contact that was shown to an agent and not called: who skipped it, and why.
CREATE TABLE preview_skip (
    id          uuid PRIMARY KEY,
    at          timestamptz NOT NULL,
    campaign_id uuid NOT NULL,
    contact_id  uuid NOT NULL,
    customer_id uuid NOT NULL,
    agent_id    uuid NOT NULL,
    e164        text NOT NULL,
    reason      text NOT NULL,
    by_timer    boolean NOT NULL
);
CREATE INDEX preview_skip_contact ON preview_skip (contact_id, at);
CREATE INDEX preview_skip_campaign ON preview_skip (campaign_id, at);
