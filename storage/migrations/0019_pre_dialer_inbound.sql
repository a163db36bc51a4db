-- Which campaign answers which of our numbers.
CREATE TABLE did (
    id          uuid PRIMARY KEY,
    number      text NOT NULL UNIQUE CHECK (number ~ '^(\+[0-9]{6,15}|[0-9A-Za-z]{1,10})$'),  -- E.164, or an extension
    campaign_id uuid NOT NULL REFERENCES campaign ON DELETE CASCADE,
    shared      boolean NOT NULL DEFAULT false,     -- who was dialled before goes to the campaign that dialled
    note        text NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL
);
CREATE INDEX did_campaign ON did (campaign_id);

ALTER TABLE report_hour ADD COLUMN of_out_of_hours integer NOT NULL DEFAULT 0;
