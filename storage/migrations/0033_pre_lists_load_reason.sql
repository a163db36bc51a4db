-- Why a load failed, as a stable word with what it is about: people read it in their own language.
ALTER TABLE load ADD COLUMN error_reason text;
ALTER TABLE load ADD COLUMN error_params jsonb NOT NULL DEFAULT '{}';
