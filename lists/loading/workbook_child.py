"""The first sheet of a workbook, row by row on standard output: a program of its own, given the file.

A few kilobytes of workbook can ask for any amount of memory (one cell at the far end of a sheet is enough),
and the reader then ends the process it runs in. So it runs in this one, within bounds, and may die of it.
A line of JSON each: a row as `[number, [cells]]`, one too long as `[number, null]`, at the end `true`, or in
its place a text: why the workbook cannot be read.
"""

import json
import resource
import sys

from python_calamine import CalamineError, CalamineWorkbook

MEMORY = 2 << 30
"""Bytes: twice what a full sheet of a million rows with twelve columns takes."""
PROCESSOR_S = 300
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
                    write(encode([number, row if fits else None]) + "\n")
    except (CalamineError, IndexError) as error:
        write(encode(str(error)) + "\n")
        return
    write("true\n")


def text_of(cell: object) -> str:
    """As it is shown: a phone number kept as a number loses its '.0'."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return "" if cell is None else str(cell)


if __name__ == "__main__":
    main(sys.argv[1])
