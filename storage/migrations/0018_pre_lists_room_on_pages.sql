-- A row that changes stays on its page where the page has room: no index hears of the change (a heap-only update).
-- An attempt is closed by one update, a contact changes four times a call.
ALTER TABLE contact SET (fillfactor = 75);

-- New partitions are made so (storage/partitions.py); these are those that exist.
DO $$
DECLARE part regclass;
BEGIN
    FOR part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'attempt'::regclass LOOP
        EXECUTE format('ALTER TABLE %s SET (fillfactor = 70)', part);
    END LOOP;
END $$;
