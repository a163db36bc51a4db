-- What an agent is shown before there is a call: the contact the agent's phone rings for, or one to decide on.
CREATE TABLE proposal (
    agent_id    uuid PRIMARY KEY REFERENCES agent ON DELETE CASCADE,
    attempt_id  uuid NOT NULL,                      -- the id its call will have
    stage       text NOT NULL CHECK (stage IN ('preview', 'ringing')),
    direction   text NOT NULL,
    campaign_id uuid NOT NULL,
    contact_id  uuid,
    customer_id uuid,
    e164        text NOT NULL,
    since       timestamptz NOT NULL,
    until       timestamptz,                        -- of a preview: when its time ends
    at_end      text NOT NULL DEFAULT '',           -- what happens then: dial, skip
    skips_left  integer,
    worker      text NOT NULL                       -- who holds the contact's reservation
);
