-- As results, speech and profiles have them.
ALTER TABLE saved_filter ADD COLUMN revision bigint NOT NULL DEFAULT 1;
