-- A merge may be undone once.
ALTER TABLE customer_merge ADD COLUMN undone_at timestamptz, ADD COLUMN undone_by uuid;
