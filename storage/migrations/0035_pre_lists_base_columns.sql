-- A base remembers the extra columns its customers have, so that every one of them can be filtered by, and a later
-- file that spells one of them otherwise means the same column.
ALTER TABLE base ADD COLUMN columns text[] NOT NULL DEFAULT '{}';
UPDATE base SET columns = found.names
FROM (SELECT base_id, array_agg(name ORDER BY name) AS names
      FROM (SELECT DISTINCT k.base_id, f AS name FROM customer k, jsonb_object_keys(k.data) f WHERE k.deleted_at IS NULL) used
      GROUP BY base_id) found
WHERE id = found.base_id;

-- Values of a field as its type reads them, where they were stored before anybody defined it: as lists.fields.read
-- does. NULL: not of that type.
CREATE FUNCTION field_number(value jsonb, point text) RETURNS numeric LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT CASE
        WHEN jsonb_typeof(value) = 'number' THEN typed::numeric
        WHEN jsonb_typeof(value) <> 'string' THEN NULL
        WHEN point = ',' AND typed ~ '^[+-]?([0-9]{1,40}|[0-9]{1,3}(\.[0-9]{3}){1,12})(,[0-9]{1,40})?$'
            THEN replace(replace(typed, '.', ''), ',', '.')::numeric
        WHEN point <> ',' AND typed ~ '^[+-]?([0-9]{1,40}|[0-9]{1,3}(,[0-9]{3}){1,12})(\.[0-9]{1,40})?$'
            THEN replace(typed, ',', '')::numeric
        WHEN typed ~ '^[+-]?[0-9]{1,40}\.[0-9]{1,40}$' THEN typed::numeric  -- of a spreadsheet
    END
    FROM (SELECT translate(value #>> '{}', E' \t\r\n\u00a0', '') AS typed) said
);

CREATE FUNCTION field_date(value text, day_first boolean) RETURNS date LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT CASE WHEN year > 0 AND month BETWEEN 1 AND 12 THEN
        CASE WHEN day BETWEEN 1 AND extract(day FROM make_date(year, month, 1) + interval '1 month - 1 day')
            THEN make_date(year, month, day) END
    END
    FROM (SELECT coalesce(iso[1], local[3])::integer AS year,
                 coalesce(iso[2], CASE WHEN day_first THEN local[2] ELSE local[1] END)::integer AS month,
                 coalesce(iso[3], CASE WHEN day_first THEN local[1] ELSE local[2] END)::integer AS day
          FROM (SELECT regexp_match(value, '^\s*([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})([ T]0?0:00(:00)?)?\s*$') AS iso,
                       regexp_match(value, '^\s*([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})([ T]0?0:00(:00)?)?\s*$') AS local
          ) read
    ) parts
);
