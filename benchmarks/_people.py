"""Millions of fictional customers, made inside the server with the rows a load would have stored."""

import random
import re
from datetime import UTC, datetime
from uuid import UUID

from lists import dial_lists
from lists.folding import fold, grams
from storage.database import Connection

HOUR = 3600.0
PIECE = 500_000
OWNERS = 500
FIRST, LAST = 3_000, 40_000
SMALL_BASE = 2_000
"""Customers of a second base, all others being in the first: a search in it walks past nearly everybody."""

# The commonest names of the Spanish-speaking world stand first: every eleventh customer is a María, one in
# eight has García among two family names, so that "maria garcia" is said of one in a hundred.
_FIRST = re.split(
    " ", "María José Ana Juan Luis Carlos Carmen Antonio Rosa Jorge Sofía Miguel Lucía Pedro Andrés Jesús"
)
_LAST = re.split(
    " ", "García Rodríguez López Martínez González Pérez Sánchez Fernández Gómez Díaz Núñez Ibáñez Peña"
)
_SYLLABLES = re.split(
    " ",
    "ma ri jo sé ana lu cía gar ro drí guez ló pez mar tín fer nán dez san chez gó mez ruiz díaz mo re no al"
    " va rez be ni to ca sti llo va le ra il da cu ña ple",
)

_PARTS = """
CREATE TEMP TABLE {name} (
    n integer PRIMARY KEY, name text NOT NULL, folded text NOT NULL, grams integer[] NOT NULL
)
"""
# The n-th name of a list is n times rarer than the first, nearly.
_CUSTOMERS = f"""
INSERT INTO customer (id, base_id, key, document, name, folded, grams, owner_id, created_at, updated_at)
SELECT {{id}}, CASE WHEN d.n < {SMALL_BASE} THEN $4::uuid ELSE $3::uuid END, document, document,
       concat_ws(' ', f.name, a.name, b.name), concat_ws(' ', f.folded, a.folded, b.folded),
       ARRAY(SELECT DISTINCT unnest(f.grams || a.grams || b.grams)), {{owner}}, $5, $5
FROM (SELECT n, (10000000 + n::bigint * 31)::text AS document,
             floor(power({FIRST}, random()))::int - 1 AS nf,
             floor(power({LAST}, random()))::int - 1 AS na,
             floor(power({LAST}, random()))::int - 1 AS nb
      FROM generate_series($1::int, $2::int) n) d
JOIN first_name f ON f.n = nf JOIN last_name a ON a.n = na JOIN last_name b ON b.n = nb
"""
_PHONES = """
INSERT INTO phone (id, customer_id, position, e164, typed, zones)
SELECT {phone}, {id}, other, '+33' || number, '0' || number, ARRAY['Europe/Paris']
FROM generate_series($1::int, $2::int) n, generate_series(0, CASE WHEN n % 10 < 3 THEN 1 ELSE 0 END) other,
     LATERAL (SELECT CASE other WHEN 0 THEN '6' ELSE '1' END
                     || lpad((n::bigint * 7919 % 100000000)::text, 8, '0') AS number) typed
"""
_ID = "('01900000-0000-7000-8000-' || lpad(to_hex({n}), 12, '0'))::uuid"
_PHONE_ID = "('01900000-0000-7000-9000-' || lpad(to_hex(n * 2::bigint + other), 12, '0'))::uuid"
_OWNER = f"('00000000-0000-4000-8000-' || lpad(to_hex(d.n % {OWNERS}), 12, '0'))::uuid"


def phone(n: int) -> str:
    return f"+336{n * 7_919 % 10**8:08d}"


def document(n: int) -> str:
    return str(10_000_000 + n * 31)


def owner(n: int) -> UUID:
    return UUID(int=0x4000_8000_000000000000 | n % OWNERS)


def invented(count: int, real: list[str], dice: random.Random) -> list[str]:
    """The real ones, then names that sound so: two to four syllables."""
    return real + [
        "".join(dice.choices(_SYLLABLES, k=dice.choice((2, 2, 3, 3, 4)))).title()
        for _ in range(count - len(real))
    ]


async def fill(conn: Connection, count: int, seed: int) -> None:
    """`count` customers in tables whose indexes are made last, as somebody would who fills a new server."""
    dice = random.Random(seed)
    now = datetime.now(UTC)
    everybody = await dial_lists.create_base(conn, "people", region="FR", now=now)
    few = await dial_lists.create_base(conn, "few", region="FR", now=now)
    for table, names in (
        ("first_name", invented(FIRST, _FIRST, dice)),
        ("last_name", invented(LAST, _LAST, dice)),
    ):
        await conn.execute(_PARTS.format(name=table))
        rows = [(n, name, fold(name), grams(fold(name))) for n, name in enumerate(names)]
        await conn.copy_records_to_table(table, records=rows)
        await conn.execute(f"ANALYZE {table}")
    made_last = await _without_indexes(conn)
    await conn.execute(f"SELECT setseed({dice.random()})")
    customers, phones = (
        _CUSTOMERS.format(id=_ID.format(n="d.n"), owner=_OWNER),
        _PHONES.format(id=_ID.format(n="n"), phone=_PHONE_ID),
    )
    for start in range(0, count, PIECE):
        end = min(start + PIECE, count) - 1
        await conn.execute(customers, start, end, everybody.id, few.id, now, timeout=HOUR)
        await conn.execute(phones, start, end, timeout=HOUR)
    await conn.execute("SET maintenance_work_mem = '1GB'")
    for sql in made_last:
        await conn.execute(sql, timeout=HOUR)
    await conn.execute("VACUUM ANALYZE customer, phone", timeout=HOUR)


async def _without_indexes(conn: Connection) -> list[str]:
    """Drop what a filled table is checked and found by; the statements that make it again, in their order."""
    constraints = await conn.fetch(
        "SELECT conrelid::regclass::text AS on_table, quote_ident(conname) AS name,"
        " pg_get_constraintdef(oid) AS sql"
        " FROM pg_constraint"
        " WHERE contype IN ('p', 'u', 'f')"
        "   AND (conrelid IN ('customer'::regclass, 'phone'::regclass) OR confrelid = 'customer'::regclass)"
        " ORDER BY contype = 'f', contype <> 'p'"
    )
    indexes = await conn.fetch(
        "SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS sql FROM pg_index i"
        " WHERE indrelid IN ('customer'::regclass, 'phone'::regclass)"
        "   AND NOT EXISTS (SELECT FROM pg_constraint c"
        "                   WHERE c.conindid = i.indexrelid AND contype IN ('p', 'u'))"
    )
    for one in reversed(constraints):
        await conn.execute(f"ALTER TABLE {one['on_table']} DROP CONSTRAINT {one['name']}")
    for one in indexes:
        await conn.execute(f"DROP INDEX {one['name']}")
    return [
        *(f"ALTER TABLE {one['on_table']} ADD CONSTRAINT {one['name']} {one['sql']}" for one in constraints),
        *(one["sql"] for one in indexes),
    ]


async def check(conn: Connection, count: int, sample: int, dice: random.Random) -> None:
    """The folded names and their threes are what Python makes of the names. Raises AssertionError."""
    ids = [
        UUID(f"01900000-0000-7000-8000-{n:012x}")
        for n in {*range(min(sample // 2, count)), *(dice.randrange(count) for _ in range(sample // 2))}
    ]
    rows = await conn.fetch("SELECT name, folded, grams FROM customer WHERE id = ANY ($1)", ids)
    assert len(rows) == len(ids), f"{len(ids)} customers were looked for, {len(rows)} found"
    for row in rows:
        assert row["folded"] == fold(row["name"]), row["name"]
        assert sorted(row["grams"]) == sorted(grams(row["folded"])), row["name"]
