-- The dialer room: why each campaign dials what it dials now, for whoever asks; about two seconds old while it dials.

CREATE TABLE pacing_now (
    campaign_id uuid PRIMARY KEY,
    at          timestamptz NOT NULL,
    figures     jsonb NOT NULL
);
