-- Filters over customers: text folded inside the database, saved filters, dial lists refreshed from a filter.

-- As lists.folding.fold does it: without accents and case, blanks single; the same on every server, whatever its
-- locale. Both sides of a comparison go through this function, so it need only agree with itself.
CREATE FUNCTION folded(typed text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE
    WHEN octet_length(typed) = char_length(typed) AND strpos(translate(typed, E'\t\n\r', '   '), '  ') = 0
        THEN btrim(lower(translate(typed, E'\t\n\r', '   ') COLLATE "C"))
    ELSE btrim(regexp_replace(replace(
        translate(
            lower(regexp_replace(normalize(typed, NFKD), '[\u0300-\u036f]', '', 'g') COLLATE "C"),
            'ÆÐØÞĐĦŁŊŒŦͰͲͶͿΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩςϏϘϚϜϞϠϢϤϦϨϪϬϮϷϺϽϾϿЂЄЅІЈЉЊЋЏАБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯҐ',
            'æðøþđħłŋœŧͱͳͷϳαβγδεζηθικλμνξοπρστυφχψωσϗϙϛϝϟϡϣϥϧϩϫϭϯϸϻͻͼͽђєѕіјљњћџабвгдежзиклмнопрстуфхцчшщъыьэюяґ'),
        'ß', 'ss'), '\s+', ' ', 'g'))
END;

CREATE TABLE saved_filter (
    id         uuid PRIMARY KEY,
    name       text NOT NULL,
    user_id    uuid,                                -- NULL: everybody's
    filter     jsonb NOT NULL,                      -- lists.filtering.model.Filter
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE NULLS NOT DISTINCT (user_id, name)
);

-- A dial list that a filter keeps filling. It has its own copy of the filter: editing a saved one changes no list.
CREATE TABLE list_refresh (
    dial_list_id uuid PRIMARY KEY REFERENCES dial_list,
    filter       jsonb NOT NULL,
    schedule     jsonb NOT NULL,                    -- lists.filtering.schedule.Schedule
    next_at      timestamptz,                       -- NULL: stopped
    last_at      timestamptz,
    last_sent    jsonb,                             -- the counts of the last run
    error        text,                              -- why the last run did nothing
    created_at   timestamptz NOT NULL
);
CREATE INDEX list_refresh_due ON list_refresh (next_at) WHERE next_at IS NOT NULL;
