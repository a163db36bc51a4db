"""Named SQL, read from `.sql` files that stand beside the package that owns the tables.

-- name: reserve_contacts
-- Comments below the name belong to the query.
SELECT ...
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files

from storage.errors import QueryFileError, UnknownQuery

_NAME = re.compile(r"--\s*name:\s*(?P<name>.*?)\s*$")
_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")


class Queries(Mapping[str, str]):
    """The queries of one file: `queries["reserve_contacts"]` or `queries.reserve_contacts`."""

    def __init__(self, source: str, texts: Mapping[str, str]) -> None:
        self._source = source
        self._texts = dict(texts)

    @classmethod
    def load(cls, package: str, name: str = "queries.sql") -> "Queries":
        try:
            text = files(package).joinpath(name).read_text(encoding="utf-8")
        except (FileNotFoundError, ModuleNotFoundError) as error:
            raise QueryFileError(f"{package}/{name}: no such file") from error
        return cls(f"{package}/{name}", parse(text, source=f"{package}/{name}"))

    def __getitem__(self, name: str) -> str:
        try:
            return self._texts[name]
        except KeyError:
            close = difflib.get_close_matches(name, self._texts, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise UnknownQuery(f"{self._source} has no query {name!r}{hint}") from None

    def __getattr__(self, name: str) -> str:
        if name.startswith("_"):  # asked for by copy and pickle before there is any text
            raise AttributeError(name)
        return self[name]

    def __contains__(self, name: object) -> bool:
        return name in self._texts

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


def parse(text: str, *, source: str) -> dict[str, str]:
    """Name to SQL. Refuses what could only be a slip: a name twice, a query without a name or without SQL."""
    found: dict[str, list[str]] = {}
    current: list[str] | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if match := _NAME.match(line):
            name = match["name"]
            if not _IDENTIFIER.fullmatch(name):
                raise QueryFileError(f"{source}:{number}: {name!r} is not a name (a-z, 0-9, _)")
            if name in found:
                raise QueryFileError(f"{source}:{number}: a second query is named {name!r}")
            current = found[name] = []
        elif current is not None:
            current.append(line)
        elif _is_sql(line):
            raise QueryFileError(f"{source}:{number}: SQL stands before the first '-- name:'")
    for name, lines in found.items():
        if not any(_is_sql(line) for line in lines):
            raise QueryFileError(f"{source}: query {name!r} is empty")
    return {name: "\n".join(lines).strip() for name, lines in found.items()}


def _is_sql(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("--")
