-- A call that came in has a channel of Asterisk's own naming: the next owner finds the call by it.
ALTER TABLE live_attempt ADD COLUMN channel text NOT NULL DEFAULT '';  -- '': the attempt's id
