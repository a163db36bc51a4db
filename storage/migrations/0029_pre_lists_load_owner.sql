-- A file that names its campaigns, or numbers nobody may dial, is of no one campaign: its owner may see what became of it.
ALTER TABLE load ADD COLUMN created_by uuid;
