-- Due "Para mí" events whose agent stayed away and which wait for a supervisor to give them to somebody.
ALTER TABLE agenda_event ADD COLUMN orphaned_at timestamptz;
CREATE INDEX agenda_event_orphaned ON agenda_event (due_at) WHERE state = 'pending' AND orphaned_at IS NOT NULL;
