-- Thousands share one name: the id stands behind it in the index, so that a page of them is read and not all.
DROP INDEX customer_folded;
CREATE INDEX customer_folded ON customer (folded COLLATE "C", id);

-- An agent's own customers are searched by default: their names are compared inside the index, and only the page that
-- is shown is read from the table. A load makes customers without an owner, so it pays nothing for this.
DROP INDEX customer_owner;
CREATE INDEX customer_owner ON customer (owner_id, folded COLLATE "C", id) INCLUDE (base_id)
    WHERE owner_id IS NOT NULL AND deleted_at IS NULL;
