-- Grows with each edit: whoever edits what somebody else changed meanwhile can be told so.
ALTER TABLE result ADD COLUMN revision bigint NOT NULL DEFAULT 1;
ALTER TABLE speech ADD COLUMN revision bigint NOT NULL DEFAULT 1;
ALTER TABLE profile ADD COLUMN revision bigint NOT NULL DEFAULT 1;
