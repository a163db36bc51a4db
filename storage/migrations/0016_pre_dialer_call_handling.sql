-- How a conversation stands when it is not a plain one, for whoever comes to look; Asterisk's bridges are the truth.
CREATE TABLE call_handling (
    attempt_id uuid PRIMARY KEY,
    agent_id   uuid,                       -- whose call it is; NULL once it was given away
    state      text NOT NULL CHECK (state IN ('held', 'consulting', 'conference', 'transferred')),
    third      text NOT NULL DEFAULT '',   -- a number, or an agent's code
    since      timestamptz NOT NULL
);
