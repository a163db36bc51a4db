"""CSV for people who open it in a spreadsheet: no cell may be taken for a formula."""

import csv
import io
from collections.abc import AsyncIterator, Iterable
from typing import Any

from crm_api.downloads import Download

BOM = "\ufeff"  # without it Excel reads UTF-8 as its own code page
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe(value: Any) -> str:
    """A text that begins like a formula gets an apostrophe, except what is plainly a number or a phone."""
    text = "" if value is None else str(value)
    if not text.startswith(_FORMULA) or (text[1:].replace(".", "", 1).isdigit() and text[0] in "+-"):
        return text
    return "'" + text


def line(cells: Iterable[Any]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([safe(cell) for cell in cells])
    return out.getvalue()


def download(name: str, pieces: AsyncIterator[str] | AsyncIterator[bytes]) -> Download:
    return Download(name, pieces, "text/csv; charset=utf-8")
