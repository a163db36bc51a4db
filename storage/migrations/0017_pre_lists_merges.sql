-- Customers merged into another: their key leads to the one that stays, and what moved is kept, so that it can be undone.

ALTER TABLE customer ADD COLUMN merged_into uuid REFERENCES customer;
CREATE INDEX customer_merged_into ON customer (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE customer_merge (
    id        uuid PRIMARY KEY,
    kept_id   uuid NOT NULL REFERENCES customer,
    merged_id uuid NOT NULL REFERENCES customer,
    at        timestamptz NOT NULL,
    by        uuid,                                 -- the user
    undo      jsonb NOT NULL                        -- both as they were, and the ids of everything that moved
);
CREATE INDEX customer_merge_kept ON customer_merge (kept_id);
CREATE INDEX customer_merge_merged ON customer_merge (merged_id);
