-- The keys a broadcast's customer pressed, in order.
ALTER TABLE attempt ADD COLUMN pressed text NOT NULL DEFAULT '';
