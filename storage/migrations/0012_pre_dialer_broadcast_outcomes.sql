-- How a broadcast's calls end (dialer.outcome.Outcome).
ALTER TABLE report_hour
    ADD COLUMN of_played integer NOT NULL DEFAULT 0,
    ADD COLUMN of_pressed integer NOT NULL DEFAULT 0,
    ADD COLUMN of_opted_out integer NOT NULL DEFAULT 0,
    ADD COLUMN of_message_left integer NOT NULL DEFAULT 0,
    ADD COLUMN of_unattended integer NOT NULL DEFAULT 0;
