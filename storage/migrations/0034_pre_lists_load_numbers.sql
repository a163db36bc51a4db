-- What a load left out of rows it loaded, and what it let in with a doubt: nobody should have to count for himself.
ALTER TABLE load ADD COLUMN bad_alternatives bigint NOT NULL DEFAULT 0;
ALTER TABLE load ADD COLUMN numbers_not_in_use bigint NOT NULL DEFAULT 0;
