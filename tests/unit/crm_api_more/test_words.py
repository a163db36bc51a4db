"""Every stable word that people read has its text in Spanish and in English."""

import ast
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest

from crm_api.access import Role
from crm_api.problems import Problem
from crm_api.statistics.exporting import CALL_COLUMNS, hours, shares, table
from crm_api.statistics.schemas import SharesOut
from crm_api.words.schemas import Language
from crm_api.words.service import catalogue, said
from dialer.campaigns import Doing, Kind
from dialer.engine.previews import SKIPPED
from dialer.outcome import Outcome
from dialer.reports.scope import By
from lists import explaining
from lists.model import AttemptKind, ContactState, PhoneState, RefusalReason
from lists.numbers import _BAD_LENGTH, _BAD_PARSE, BadNumber
from typifications.model import Action, DoNotCallScope, EventState, InteractionState, ResultClass

ROOT = Path(__file__).parents[3]
ROOMS = ("crm_api", "dialer", "lists", "typifications")
SETS: dict[str, type[StrEnum]] = {
    "role": Role,
    "campaign_kind": Kind,
    "campaign_doing": Doing,
    "contact_state": ContactState,
    "outcome": Outcome,
    "attempt_kind": AttemptKind,
    "phone_state": PhoneState,
    "action": Action,
    "action_name": Action,
    "do_not_call_scope": DoNotCallScope,
    "result_class": ResultClass,
    "event_state": EventState,
    "interaction_state": InteractionState,
    "error": RefusalReason,
    "problem": Problem,
}
FIRST = {
    "invalid",
    "conflict",
    "forbidden",
    "Refused",
    "CannotCall",
    "NotNow",
    "Refuse",
    "shape",
    "BadFilter",
    "BadValue",
}
REJECTS = {"_Reject", "_Wrong", "_TooLong"}
NO_ERRORS = {"dialer_error", "typifications_error"}  # roots, raised by nobody


def _calls(names: set[str]) -> Iterator[ast.Call]:
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                    yield node


def _word(call: ast.Call, place: int = 0) -> str | None:
    if len(call.args) <= place or not isinstance(call.args[place], ast.Constant):
        return None
    value = call.args[place].value  # type: ignore[attr-defined]
    return value if isinstance(value, str) and re.fullmatch(r"[a-z][a-z0-9_]+", value) else None


def test_both_languages_have_the_same_words() -> None:
    spanish, english = catalogue(Language.ES), catalogue(Language.EN)
    assert spanish.keys() == english.keys()
    for kind in spanish:
        assert spanish[kind].keys() == english[kind].keys(), kind
        assert all(spanish[kind].values()), kind
        assert all(english[kind].values()), kind


@pytest.mark.parametrize("kind", SETS)
def test_every_word_of_a_closed_set_has_its_text(kind: str) -> None:
    told = catalogue(Language.ES)[kind]
    assert [str(word) for word in SETS[kind] if word not in told] == []


def _refusals() -> set[str]:
    ids = {_word(call) for call in _calls(FIRST)} | {_word(call, 1) for call in _calls({"ApiError"})}
    ids |= {f"{what}_not_found" for call in _calls({"not_found"}) if (what := _word(call))}
    return {word for word in ids if word} - NO_ERRORS


def test_every_refusal_has_its_text() -> None:
    told = catalogue(Language.ES)["error"]
    assert sorted(word for word in _refusals() if word not in told) == []


def test_every_refusal_is_met_by_a_test() -> None:
    """Named there by its word, or as a member of a closed set."""
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    named = set(re.findall(r'"([a-z][a-z0-9_]+)"', tests))
    named |= {member.lower() for member in re.findall(r"\.([A-Z][A-Z0-9_]+)\b", tests)}
    assert sorted(_refusals() - named) == []


def test_every_reason_why_a_contact_is_not_dialled_has_its_text() -> None:
    told = catalogue(Language.ES)["reason"]
    words = {word for call in _calls({"Reason"}) if (word := _word(call))}
    words |= {f"campaign_{word}" for word in ("stopped", "paused", "draining")}
    words |= set(re.findall(r"\b[a-z]+_[a-z0-9_]+\b", explaining.Reason.__doc__ or ""))
    assert sorted(word for word in words if word not in told) == []


def test_every_reason_why_a_contact_ended_has_its_text() -> None:
    """Words of the code and of its queries; where an outcome ended it, that is the word."""
    told = catalogue(Language.ES)["final_reason"].keys() | catalogue(Language.ES)["outcome"].keys()
    words = {word for call in _calls({"Finish"}) if (word := _word(call, 1))} | {SKIPPED}
    words |= set(re.findall(r'ContactState\.[A-Z_]+, (?:reason=)?"([a-z_]+)"', _texts("py")))
    words |= set(re.findall(r"final_reason = '([a-z_]+)'", _texts("sql")))
    assert {"contact_attempts", "by_hand", "typified", "no_phone", "list_expired"} <= words
    assert sorted(words - told) == []


def _texts(kind: str) -> str:
    return "\n".join(
        path.read_text(encoding="utf-8") for room in ROOMS for path in (ROOT / room).rglob(f"*.{kind}")
    )


def test_every_reason_to_reject_a_row_has_its_text() -> None:
    told = catalogue(Language.ES)["reject"]
    words = {word for call in _calls(REJECTS) if (word := _word(call))}
    assert sorted(word for word in words if word not in told) == []
    assert words


def test_every_reason_why_a_file_is_refused_has_its_text_and_names_what_it_is_about() -> None:
    given: dict[str, set[str]] = {}
    for call in _calls({"LoadError"}):
        if word := _word(call):
            given.setdefault(word, set()).update(keyword.arg or "" for keyword in call.keywords)
    assert len(given) > 30
    for language in Language:
        told = catalogue(language)["unreadable_file"]
        assert sorted(given.keys() ^ told.keys()) == []
        for word, text in told.items():
            assert set(re.findall(r"{(\w+)}", text)) <= given[word], (language, word)


def test_every_column_of_a_report_has_its_title() -> None:
    rows = [
        table([], list(By)),
        shares(SharesOut(typified=0, untypified=0, results=(), complete_to=None)),
        hours([]),
    ]
    names = {str(name) for report in rows for name in next(iter(report))} | {*CALL_COLUMNS}
    assert sorted(names - catalogue(Language.ES)["column"].keys() - {*Outcome}) == []
    for language in Language:
        titles = catalogue(language)["column"]
        assert len({*titles.values()}) == len(titles)


def test_every_way_a_phone_number_is_bad_has_its_text() -> None:
    told = catalogue(Language.ES)["bad_phone"]
    words = (BadNumber.__doc__ or "").partition(":")[2]
    assert sorted(re.findall(r"\w+", words)) == sorted(told)
    raised = {word for call in _calls({"BadNumber"}) if (word := _word(call))}
    assert raised | {*_BAD_PARSE.values(), *_BAD_LENGTH.values()} <= told.keys()


def test_a_word_nobody_has_said_better_is_shown_as_it_is() -> None:
    assert said("reason", "no_such_word", Language.EN) == "no_such_word"
