"""CSV for people who open it in a spreadsheet: as the lists write it, so that all files here are alike."""

from collections.abc import AsyncIterator, Iterable

from crm_api.downloads import Download
from lists.tables import BOM, write_rows

__all__ = ["BOM", "download", "line"]


def line(cells: Iterable[object]) -> str:
    return write_rows([tuple(cells)])


def download(name: str, pieces: AsyncIterator[str] | AsyncIterator[bytes]) -> Download:
    return Download(name, pieces, "text/csv; charset=utf-8")
