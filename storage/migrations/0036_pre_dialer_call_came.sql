-- How an agent's call came to it, for a desktop that comes back: the pop said so, and the snapshot did not.
ALTER TABLE agent_presence ADD COLUMN came text NOT NULL DEFAULT '' CHECK (came IN ('', 'rescued', 'transferred'));
