-- The API room: reports that are made and delivered by themselves, and what became of each time.

CREATE TABLE report_delivery (
    id         uuid PRIMARY KEY,
    user_id    uuid NOT NULL REFERENCES user_account ON DELETE CASCADE, -- whose campaigns it tells of, and whose it is
    name       text NOT NULL,
    report     text NOT NULL,
    question   jsonb NOT NULL,                      -- what is asked, but for the days
    period     text NOT NULL,
    format     text NOT NULL CHECK (format IN ('csv', 'xlsx')),
    times      jsonb NOT NULL,
    recipients text[] NOT NULL,
    folder     text,                                -- below the configured one; NULL: by e-mail
    next_at    timestamptz,                         -- NULL: stopped
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK ((folder IS NULL) = (cardinality(recipients) > 0))
);
CREATE INDEX report_delivery_due ON report_delivery (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX report_delivery_user ON report_delivery (user_id);

-- One row for each time it was due: written before anything is made or sent, so that no time has two.
CREATE TABLE report_delivery_run (
    id          uuid PRIMARY KEY,
    delivery_id uuid NOT NULL REFERENCES report_delivery ON DELETE CASCADE,
    due_at      timestamptz NOT NULL,
    state       text NOT NULL CHECK (state IN ('waiting', 'making', 'sending', 'delivered', 'failed', 'unknown')),
    tries       smallint NOT NULL DEFAULT 0,
    next_at     timestamptz NOT NULL,               -- while it waits: not before
    lease_until timestamptz,                        -- while it is worked on: the server's clock
    file_name   text NOT NULL DEFAULT '',
    rows        integer,
    error_id    text,
    error       text NOT NULL DEFAULT '',
    finished_at timestamptz,
    UNIQUE (delivery_id, due_at)
);
CREATE INDEX report_delivery_run_open ON report_delivery_run (next_at) WHERE state IN ('waiting', 'making', 'sending');
