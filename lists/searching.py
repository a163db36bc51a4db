"""Looking for customers among millions: by document, name and phone, a page at a time.

Every search walks one index, chosen by what narrows most: the phone, the document, the owner, the name. Of
a name those who begin with it come first, in order, and then those who have its words anywhere. How common
the words are decides which way is walked, so that a page comes in milliseconds of García as of Zubizarreta.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from lists.folding import fold, word_grams
from lists.queries import CUSTOMERS
from storage.database import Connection

TAIL_DIGITS = 8  # what carriers agree on when they disagree on the rest
MOST_FOUND = 1_000
"""What a search sorts at most: of more matches that no index has in order, these many are shown."""
MOST_LOOKED_AT = 40_000
"""Customers a walk without an index of names looks at: 20 to 30 ms of reading."""
COMMON = 100
"""A walk that finds so many is the answer: whoever sees them all adds a word."""
_COMMON_SHARE = 1.5 * COMMON / MOST_LOOKED_AT
_NUMBERS_FOUND = 500  # each costs looking up its customer, somewhere on the disk
_NUMBERS_LOOKED_AT = 2_000
# What another three of a word is worth: a fifth of those there were is left, and to look at one customer
# costs as much as to read 350 entries of an index's list (measured on ten million; neither is exact).
_LEFT_BY_ANOTHER = 0.2
_RARE = 0.0005  # the share of a three that the statistics leave out: they begin at about twice that
_ENTRIES_A_CUSTOMER = 350
_FEWEST_DIGITS = 3
_LAST_CHARACTER = "\U0010ffff"
_SHORT_WORD = 3  # letters; a shorter word is looked for at the start of words only


@dataclass(frozen=True, slots=True)
class Query:
    """All that is given must hold. Document by its start, in any case; name by its words, in any order, each
    anywhere in a word (one or two letters: at a word's start), accents and case aside; phone in any format,
    whole or by its last digits (three or more)."""

    document: str = ""
    name: str = ""
    phone: str = ""
    owner_id: UUID | None = None
    base_id: UUID | None = None

    @property
    def folded(self) -> str:
        return fold(self.name)

    @property
    def digits(self) -> str:
        """Without the zeros that stand before a whole number: they are a way of dialling it."""
        typed = "".join(c for c in self.phone if c.isascii() and c.isdigit())
        return typed if len(typed) < TAIL_DIGITS else typed.lstrip("0")

    @property
    def filters(self) -> tuple[str | None, list[str], UUID | None, UUID | None]:
        """The conditions of every search statement, in their order."""
        document = self.document.strip()
        return (
            _like(document) + "%" if document else None,
            [f"%{_like(_word(word))}%" for word in self.folded.split()],
            self.owner_id,
            self.base_id,
        )


def range_of(beginning: str) -> tuple[str, str]:
    """All texts beginning so, in "C" order: from the first, up to the second."""
    return beginning, beginning + _LAST_CHARACTER


async def find(conn: Connection, query: Query, *, limit: int, offset: int) -> list[UUID]:
    """One page of customers, by name. Where more than MOST_FOUND match a phone's end or a document's start,
    or have a name's words elsewhere than at its start, it is a page of MOST_FOUND of them; of words that very
    many have, a page of the COMMON or more found among the newest customers."""
    if query.phone.strip():
        return await _by_phone(conn, query, limit, offset)
    if document := query.document.strip():
        return await _by_document(conn, query, document, limit, offset)
    if query.owner_id is None and query.folded:
        return await _by_name(conn, query, limit, offset)
    sql = CUSTOMERS.search_all if query.owner_id is None else CUSTOMERS.search_owner
    return await _ids(conn, sql, query, limit, offset)


async def _by_document(conn: Connection, query: Query, document: str, limit: int, offset: int) -> list[UUID]:
    """As typed; when nobody has it so, in capitals or without: 12345678z is the file's 12345678Z."""
    for spelled in dict.fromkeys((document, document.upper(), document.lower())):
        asked = replace(query, document=spelled)
        where = (MOST_FOUND, *range_of(spelled))
        found = await _ids(conn, CUSTOMERS.search_document, asked, limit, offset, *where)
        if found or (offset and await _ids(conn, CUSTOMERS.search_document, asked, 1, 0, *where)):
            return found
    return []


async def _by_phone(conn: Connection, query: Query, limit: int, offset: int) -> list[UUID]:
    """By all digits given; when nobody has them so, by the last eight, as another way of writing may differ
    before those."""
    digits = query.digits
    if len(digits) < _FEWEST_DIGITS:
        return []
    backwards = digits[::-1]
    sql, cut = CUSTOMERS.search_phone, (limit, offset, _NUMBERS_FOUND)
    found = await _ids(conn, sql, query, *cut, *range_of(backwards), _NUMBERS_LOOKED_AT)
    if found or len(digits) <= TAIL_DIGITS or offset:
        return found
    return await _ids(conn, sql, query, *cut, *range_of(backwards[:TAIL_DIGITS]), _NUMBERS_LOOKED_AT)


async def _by_name(conn: Connection, query: Query, limit: int, offset: int) -> list[UUID]:
    """Names that begin so come from their index already in order, however many; the others follow."""
    beginning = range_of(query.folded)
    first = await _ids(conn, CUSTOMERS.search_name_start, query, offset + limit, 0, *beginning)
    page = first[offset:]
    if len(page) < limit:
        within = await _within(conn, query, beginning)
        skipped = max(0, offset - len(first))
        page += within[skipped : skipped + limit - len(page)]
    return page


async def _within(conn: Connection, query: Query, beginning: tuple[str, str]) -> list[UUID]:
    """Those who have the words elsewhere than at the name's start, MOST_FOUND at most.

    The index of threes lists everybody who has a common three before the first can be shown: a million for
    García. Where that many match, a walk over a part of the customers finds enough of them sooner.
    """
    walk = CUSTOMERS.search_newest if query.base_id is None else CUSTOMERS.search_base
    looked_at = (MOST_FOUND, 0, MOST_FOUND, MOST_LOOKED_AT, *beginning)
    if query.base_id and await conn.fetchval(CUSTOMERS.base_within, query.base_id, MOST_LOOKED_AT):
        return await _ids(conn, walk, query, *looked_at)
    words = query.folded.split()
    shares = await _shares(conn, words)
    threes, expected = choose(words, shares)
    if not threes:
        return []
    if expected > _COMMON_SHARE:
        found = await _ids(conn, walk, query, *looked_at)
        if len(found) >= COMMON:
            return found
    return await _ids(
        conn, CUSTOMERS.search_name_within, query, MOST_FOUND, 0, MOST_FOUND, threes, *beginning
    )


async def _shares(conn: Connection, words: Sequence[str]) -> dict[int, float]:
    threes = sorted({three for word in words for three in word_grams(_word(word))})
    rows = await conn.fetch(CUSTOMERS.shares_of_threes, threes)
    return {row["three"]: row["share"] for row in rows}


def choose(words: Sequence[str], shares: Mapping[int, float]) -> tuple[list[int], float]:
    """The threes to look up, and about what share of all customers has these words: as if a word were as
    common as its rarest three, and had nothing to do with the others. Threes not in `shares` are rare.

    Of each word its rarest; then others, the rarest first, while they spare more than their lists cost.
    """
    chosen: list[int] = []
    others: list[tuple[float, int]] = []
    expected = 1.0
    for word in words:
        by_share = sorted((shares.get(three, _RARE), three) for three in {*word_grams(_word(word))})
        if by_share:  # one letter has none
            expected *= by_share[0][0]
            chosen.append(by_share[0][1])
            others += by_share[1:]
    left = expected
    for share, three in sorted(others):
        if share >= left * _ENTRIES_A_CUSTOMER:
            break
        chosen.append(three)
        left *= _LEFT_BY_ANOTHER
    return sorted({*chosen}), expected


async def _ids(conn: Connection, sql: str, query: Query, *args: object) -> list[UUID]:
    return [row["id"] for row in await conn.fetch(sql, *query.filters, *args)]


def _word(word: str) -> str:
    """As it stands in a name that has a blank before every word."""
    return word if len(word) >= _SHORT_WORD else " " + word


def _like(text: str) -> str:
    return text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
