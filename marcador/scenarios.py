"""What `marcador simulate` compares: a floor as it is, and what would be if one thing were different."""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dialer.simulate import Estimate, Forecast, Mix, PastCall, Seen, forecast, mix_of_past, simple_mix
from lists.errors import LoadError
from lists.folding import fold
from lists.loading.reading import Row, detect, records
from marcador.errors import CannotGoOn

_WHOLE = re.compile(r"[+-]?\d{1,5}")
_SHARE = re.compile(r"\d?\.\d+|\d")
ROLES = ("ringing", "talk", "wrapup")
Told = Callable[[str, int, int], None]
"""Told (scenario, shifts done, shifts in all) after each shift."""


@dataclass(frozen=True, slots=True)
class Floor:
    """The floor as it is. Seconds; `answer_rate` is a share of calls, `ratio` counts in mode power only."""

    agents: int = 20
    target: float = 0.03
    answer_rate: float = 0.25
    talk: float = 120.0
    wrapup: float = 20.0
    hours: float = 4.0
    mode: str = "predictive"
    ratio: float = 1.5
    lines: int | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """A floor and what it is called in the table."""

    name: str
    floor: Floor


def scenarios(floor: Floor, agents: Sequence[str], targets: Sequence[str]) -> list[Scenario]:
    """The floor with the first plain number of each, then one scenario for every further one.

    `+5` and `-5` are relative to the floor. Raises CannotGoOn.
    """
    plain, others = _split(agents, _WHOLE)
    floor = replace(floor, agents=int(plain or floor.agents))
    aim, other_aims = _split(targets, _SHARE)
    floor = replace(floor, target=_share(aim) if aim else floor.target)
    found = [Scenario("as it is", floor)]
    for text in others:
        count = floor.agents + int(text) if text[0] in "+-" else int(text)
        found.append(Scenario(f"{count} agents", replace(floor, agents=count)))
    for text in other_aims:
        found.append(Scenario(f"aim at {100 * _share(text):.3g} %", replace(floor, target=_share(text))))
    if any(one.floor.agents < 1 for one in found):
        raise CannotGoOn("a floor without agents calls nobody")
    return found


def _split(given: Sequence[str], form: re.Pattern[str]) -> tuple[str, list[str]]:
    """The first plain number, and all the others."""
    for text in given:
        if not form.fullmatch(text):
            raise CannotGoOn(f"{text!r} cannot be simulated: agents read 20 or +5, targets 0.03")
    plain = next((text for text in given if text[0] not in "+-"), "")
    rest = list(given)
    if plain:
        rest.remove(plain)
    return plain, rest


def _share(text: str) -> float:
    """An aim: 0.03 is 3 %."""
    share = float(text)
    if not 0 < share <= 0.5:
        raise CannotGoOn(f"an aim of {text} cannot be kept: 0.03 means that 3 % are abandoned")
    return share


def mix_for(floor: Floor, past: Sequence[PastCall] | None) -> Mix:
    """Customers and agents: by their means, or drawn from past calls.

    A file without ringing times is one of talks alone: the answer rate stays as it was given.
    """
    mix = simple_mix(floor.agents, floor.answer_rate, floor.talk, floor.wrapup, floor.hours)
    if past is not None:
        talks = [call.talk for call in past if call.talk is not None]
        if not talks:
            raise CannotGoOn("none of the past calls was answered")
        if not any(call.ringing for call in past):
            mix = replace(mix, talk=Seen(talks))
        elif len(talks) == len(past):
            raise CannotGoOn(
                "all of the past calls were answered: leave out ringing= to take their talks alone"
            )
        else:
            mix = mix_of_past(floor.agents, past, floor.hours)
    return mix if floor.lines is None else replace(mix, lines=floor.lines)


def predict(
    wanted: Sequence[Scenario], past: Sequence[PastCall] | None, shifts: int, told: Told
) -> Iterator[tuple[Scenario, Forecast]]:
    """Each with the same customers' luck, so that what differs is what was changed."""
    for one in wanted:
        options: Mapping[str, Any] = {"ratio": one.floor.ratio} if one.floor.mode == "power" else {}
        yield (
            one,
            forecast(
                mix_for(one.floor, past),
                target=one.floor.target,
                mode=one.floor.mode,
                shifts=shifts,
                progress=lambda done, total, name=one.name: told(name, done, total),  # type: ignore[misc]
                **options,
            ),
        )


def as_json(scenario: Scenario, found: Forecast) -> dict[str, object]:
    """Shares are 0 to 1; every estimate with its 95 % interval."""

    def interval(estimate: Estimate) -> dict[str, float]:
        return {name: round(getattr(estimate, name), 4) for name in ("mean", "low", "high")}

    return {
        "scenario": scenario.name,
        "agents": scenario.floor.agents,
        "target": scenario.floor.target,
        "mode": scenario.floor.mode,
        "occupancy": interval(found.occupancy),
        "abandonment": interval(found.abandonment),
        "contacts_per_hour": interval(found.contacts_per_hour),
        "calls_per_hour": interval(found.calls_per_hour),
        "lines": found.lines,
        "shifts": found.shifts,
    }


def past_calls(file: Path, columns: str) -> list[PastCall]:
    """Calls of the past from a CSV file with a header, whose columns `columns` names as `_columns` says.

    A call with an empty or zero talk was not answered. Raises CannotGoOn.
    """
    wanted = _columns(columns)
    try:
        rows = [row for row in records(file, detect(file)) if isinstance(row, Row)]
    except (LoadError, OSError) as error:
        raise CannotGoOn(f"{file}: {error}") from error
    if len(rows) < 2:
        raise CannotGoOn(f"{file} holds no calls")
    header = [fold(cell) for cell in rows[0].cells]
    places = {}
    for role, name in wanted.items():
        if fold(name) not in header:
            raise CannotGoOn(f"{file} has no column {name!r}; it has {', '.join(rows[0].cells)}")
        places[role] = header.index(fold(name))
    return [_past_call(file, row, places) for row in rows[1:]]


def _columns(text: str) -> dict[str, str]:
    pairs = dict(part.partition("=")[::2] for part in text.split(",") if part.strip())
    found = {role.strip(): name.strip() for role, name in pairs.items()}
    if "talk" not in found or not all(found.values()) or not found.keys() <= set(ROLES):
        raise CannotGoOn("say which columns hold seconds: talk=COLUMN,ringing=COLUMN,wrapup=COLUMN")
    return found


def _past_call(file: Path, row: Row, places: Mapping[str, int]) -> PastCall:
    def seconds(role: str) -> float:
        place = places.get(role)
        text = row.cells[place].strip() if place is not None and place < len(row.cells) else ""
        try:
            value = float(text.replace(",", ".")) if text else 0.0
        except ValueError:
            value = math.nan
        if not 0 <= value < math.inf:
            raise CannotGoOn(f"{file}, line {row.line}: {text!r} is no number of seconds")
        return value

    return PastCall(seconds("ringing"), seconds("talk") or None, seconds("wrapup"))
