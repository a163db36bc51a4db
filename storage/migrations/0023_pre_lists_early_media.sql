-- When the network spoke before the answer (SIP 183): ringing in its own voice, or an announcement.
ALTER TABLE attempt ADD COLUMN early_media_at timestamptz;
