-- How the files of a base are read: kept with it, so that the next file is read as the last one was.

CREATE TABLE base_template (
    base_id    uuid PRIMARY KEY REFERENCES base,
    mapping    text NOT NULL,                       -- lists.loading.mapping.ColumnMap, as it is typed
    encoding   text,
    delimiter  text,
    updated_at timestamptz NOT NULL
);
