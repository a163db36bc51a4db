-- Search over many customers: every route of it is a range of one index, or a GIN index over trigrams of the name.
-- No extension, and "C" order throughout, so that it answers alike on every server.

-- As lists.folding.grams does it: every word behind a blank, cut into threes, each three as one number.
-- Numbers of different threes may coincide beyond ASCII: whoever searches compares the name as well.
CREATE FUNCTION name_grams(folded text) RETURNS integer[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN coalesce((
    SELECT array_agg(DISTINCT (((ascii(substr(word, i, 1))::bigint << 20) # (ascii(substr(word, i + 1, 1))::bigint << 10)
                                # ascii(substr(word, i + 2, 1))::bigint) & 2147483647)::integer)
    FROM (SELECT ' ' || w AS word FROM string_to_table(folded, ' ') w) words,
         generate_series(1, char_length(word) - 2) i
), '{}');

ALTER TABLE customer ADD COLUMN grams integer[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN customer.folded IS 'the name without accents and case';
COMMENT ON COLUMN customer.grams IS 'name_grams(folded)';
UPDATE customer SET folded = folded(name), grams = name_grams(folded(name)) WHERE name <> '' OR folded <> '';

-- Whoever changes a name need not know of this. New rows bring both, as a load has no time for a trigger a row.
CREATE FUNCTION customer_named() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.folded := folded(NEW.name);
    NEW.grams := name_grams(NEW.folded);
    RETURN NEW;
END
$$;
CREATE TRIGGER customer_named BEFORE UPDATE OF name, folded, grams ON customer FOR EACH ROW
    WHEN (NEW.name IS DISTINCT FROM OLD.name OR NEW.folded IS DISTINCT FROM OLD.folded)
    EXECUTE FUNCTION customer_named();

DROP INDEX customer_folded;
CREATE INDEX customer_folded ON customer (folded COLLATE "C");
DROP INDEX customer_document;
CREATE INDEX customer_document ON customer (document COLLATE "C") WHERE document <> '';
DROP INDEX customer_owner;
CREATE INDEX customer_owner ON customer (owner_id, folded COLLATE "C") WHERE owner_id IS NOT NULL;
CREATE INDEX customer_grams ON customer USING gin (grams);

-- The last digits of a number, however many of them are known.
DROP INDEX phone_tail;
CREATE INDEX phone_tail ON phone (reverse(e164) COLLATE "C");
