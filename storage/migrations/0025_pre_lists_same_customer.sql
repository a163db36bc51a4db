-- A customer may stand in several lists of one campaign where a supervisor allows it: such a further contact is marked,
-- and only the unmarked ones are held to one. Two of their calls at once stay impossible (live_attempt_customer).
ALTER TABLE contact ADD COLUMN again boolean NOT NULL DEFAULT false;
DROP INDEX contact_once;
CREATE UNIQUE INDEX contact_once ON contact (campaign_id, customer_id)
    WHERE state IN ('pending', 'live', 'awaiting_typification', 'scheduled') AND NOT again;

ALTER TABLE load ADD COLUMN moved bigint NOT NULL DEFAULT 0;         -- contacts that came from other lists
ALTER TABLE list_refresh ADD COLUMN same_customer text NOT NULL DEFAULT 'refuse'
    CHECK (same_customer IN ('refuse', 'move', 'allow'));
