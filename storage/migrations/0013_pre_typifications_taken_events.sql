-- An event that is nobody's is held for a while by the agent who took it first.
ALTER TABLE agenda_event ADD COLUMN taken_by uuid, ADD COLUMN taken_until timestamptz;
