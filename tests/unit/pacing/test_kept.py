"""Figures of the benchmark belong to the code that made them."""

import json
from pathlib import Path

import pytest

from benchmarks.pacing.cells import moving
from benchmarks.pacing.figures import decided
from benchmarks.pacing.kept import Job, Kept, _imported, fingerprint
from benchmarks.pacing.matrix import summit
from benchmarks.pacing.signals import closed, gain
from dialer.simulate import Shift

JOB = Job("10, jump", "ours", 0)


def shift(occupancy: float) -> Shift:
    return Shift(occupancy, 0.02, 98, 2, 400, 0, 20, 30, 40.0)


def test_a_shift_is_kept_with_the_code_that_ran_it(tmp_path: Path) -> None:
    Kept(tmp_path / "rows", {"ours": "new"}).add(JOB, shift(0.8))
    again = Kept(tmp_path / "rows", {"ours": "new"})
    assert again.shifts[JOB] == shift(0.8)
    assert not again.stale(JOB.cell, "ours")
    assert json.loads((tmp_path / "rows").read_text())["code"] == "new"


def test_shifts_of_older_code_are_shown_as_such_until_there_are_new_ones(tmp_path: Path) -> None:
    Kept(tmp_path / "rows", {"ours": "old"}).add(JOB, shift(0.8))
    kept = Kept(tmp_path / "rows", {"ours": "new"})
    assert JOB not in kept.shifts
    assert kept.of(JOB.cell, "ours") == [shift(0.8)]
    assert kept.stale(JOB.cell, "ours")
    kept.add(JOB, shift(0.9))
    assert kept.of(JOB.cell, "ours") == [shift(0.9)]
    assert not kept.stale(JOB.cell, "ours")


def test_the_fingerprint_covers_all_that_decides_a_result() -> None:
    assert {"dialer.pacing.loss", "dialer.pacing.rates", "dialer.pacing.simple"} <= _imported(
        {"dialer.pacing.predictive"}
    )
    assert fingerprint(True) != fingerprint(False)


@pytest.mark.parametrize(
    ("occupancies", "settled"),
    [
        ((0.90, 0.91, 0.90, 0.91), False),
        ((0.90, 0.91, 0.90, 0.91, 0.90), True),
        ((0.82, 0.81, 0.82, 0.81, 0.82), True),
        ((0.83, 0.85, 0.84, 0.83, 0.85), False),
    ],
    ids=["four shifts decide nothing", "far above", "far below", "in doubt"],
)
def test_a_cell_is_decided_by_five_shifts_far_from_its_target(
    occupancies: tuple[float, ...], settled: bool
) -> None:
    cell = moving(10, "jump")
    assert decided(cell, [shift(occupancy) for occupancy in occupancies]) is settled


def test_the_share_of_a_gap_is_told_only_where_the_gap_was_measured() -> None:
    before, told, known = ([shift(o + n / 1000) for n in range(4)] for o in (0.80, 0.81, 0.82))
    assert closed(gain(before, told), gain(before, known)) == "50 % ± 0"
    assert closed((0.1, 0.0), (0.2, 0.3)) == "gap not measured yet"


@pytest.mark.parametrize("peak", range(7))
def test_the_best_in_hindsight_is_found_asking_few(peak: int) -> None:
    asked: set[str] = set()

    def worth(member: str) -> float:
        asked.add(member)
        return -abs(int(member) - peak)

    assert summit("0123456", worth) == str(peak)
    assert len(asked) <= 6
