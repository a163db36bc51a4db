-- The API room: what an installation words and times its own way, and the calendars agents subscribe to.

CREATE TABLE preference (
    name       text PRIMARY KEY,
    value      jsonb NOT NULL,
    updated_by uuid,
    updated_at timestamptz NOT NULL
);

-- Whoever has the address of a feed reads it: the address holds a secret, of which only the hash is kept.
CREATE TABLE agenda_feed (
    agent_id    uuid PRIMARY KEY,
    secret_hash bytea NOT NULL UNIQUE,
    created_at  timestamptz NOT NULL
);
