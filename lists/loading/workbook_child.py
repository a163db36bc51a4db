"""The first sheet of a workbook, row by row on standard output: a program of its own, given the file.

A few kilobytes of workbook can ask for any amount of memory (one cell at the far end of a sheet is enough),
and the reader then ends the process it runs in. So it runs in this one, within bounds, and may die of it.
A line of JSON each: a row as `[number, [cells], [places of fractions]]`, one too long with null for its
cells, at the end `true`, or in its place a text: why the workbook cannot be read.
"""

import json
import resource
import sys
from collections.abc import Sequence
from datetime import datetime, time
from decimal import Decimal

from python_calamine import CalamineError, CalamineWorkbook

MEMORY = 2 << 30
"""Bytes: twice what a full sheet of a million rows with twelve columns takes."""
PROCESSOR_S = 300
MIDNIGHT = time()
MOST_CHARACTERS = 131_072
"""Of a row: as in a text file, where a longer line is refused whole."""


def main(path: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_S, PROCESSOR_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    write, encode = sys.stdout.write, json.JSONEncoder(ensure_ascii=True, check_circular=False).encode
    try:
        with CalamineWorkbook.from_path(path) as book:
            for number, cells in enumerate(book.get_sheet_by_index(0).iter_rows(), start=1):
                row = [text_of(cell) for cell in cells]
                if any(row):
                    fits = sum(map(len, row)) <= MOST_CHARACTERS
                    write(encode([number, row if fits else None, fractions(cells)]) + "\n")
    except (CalamineError, IndexError) as error:
        write(encode(str(error)) + "\n")
        return
    write("true\n")


def text_of(cell: object) -> str:
    """As it is shown: a phone number kept as a number loses its '.0', a sum the noise of its last digits."""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else shown(cell)
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime) and cell.time() == MIDNIGHT:
        return cell.date().isoformat()
    return "" if cell is None else str(cell)


def shown(number: float) -> str:
    """With the 15 digits a spreadsheet shows, and never as a power of ten."""
    return format(Decimal(f"{number:.15g}"), "f")


def fractions(cells: Sequence[object]) -> list[int]:
    """The places of numbers with a point in them: it is a decimal one, however the base's files write."""
    return [place for place, cell in enumerate(cells) if isinstance(cell, float) and not cell.is_integer()]


if __name__ == "__main__":
    main(sys.argv[1])
