"""Every operation has its line in `operations.txt`: who may ask, and the test that shows it succeed; and in
`conflicts.txt`, where it can conflict with what is there."""

import re
from functools import cache

import pytest

from tests.integration.crm_api.asking import OPERATIONS
from tests.integration.crm_api.witness import CLASHES, TABLE, TESTS, Clash, Line, clashes, table

NEVER = {
    "asks the engine, which says so in the command's answer": {
        *("agents_log_in", "agents_log_out", "agents_ready", "agents_pause", "agents_extend_wrapup"),
        *("agents_finishing", "attempts_hang_up", "campaigns_emergency_stop", "previews_accept"),
        *("previews_skip", "calls_end"),
    },
    "is a wish, or a state: the same again changes nothing": {
        *("campaigns_start", "campaigns_pause", "campaigns_drain", "campaigns_stop", "trunks_resume"),
        *("agents_set_campaigns", "preferences_edit", "customers_assign", "customers_set_phone_state"),
        *("do_not_call_block", "do_not_call_upload", "do_not_call_lift", "loads_start", "statistics_recount"),
        *("deliveries_run_now", "agenda_let_go", "agenda_reassign", "recycling_recycle"),
        *("assignments_unassign", "customers_add_phone"),
    },
    "replaces what there is": {
        *("customers_edit", "fields_define", "base_files_keep_template", "calendars_open_feed"),
        *("assignments_keep", "users_set_password", "campaigns_change_live"),
    },
    "makes what may be there twice": {"speech_create", "tokens_create"},
    "takes away": {
        *("campaigns_remove", "dids_remove", "dial_lists_delete", "results_retire", "speech_remove"),
        *("profiles_remove", "filters_remove", "deliveries_remove", "assignments_stop", "tokens_revoke"),
        *("base_files_forget_template", "calendars_close_feed"),
    },
    "only looks": {"base_files_preview", "filters_count", "filters_customers"},
    "is about a session": {"auth_login", "auth_logout", "auth_change_password"},
}
"""Operations that change something, or could, and conflict with nothing, by why."""
HINT = f"add to {TABLE.name}: its name, the lowest role that may ask it, and a test that shows it succeed"


@cache
def _tests_of(file: str) -> frozenset[str]:
    path = TESTS / f"{file}.py"
    source = path.read_text(encoding="utf-8") if path.is_file() else ""
    return frozenset(re.findall(r"^async def (test_\w+)\(", source, re.MULTILINE))


def test_every_operation_says_who_may_ask_and_which_test_shows_it_succeed() -> None:
    there = {one.name for one in OPERATIONS}
    told = [line.operation for line in table()]
    assert sorted(there - set(told)) == [], HINT
    assert sorted(set(told) - there) == [], "these are no operations any more"
    assert told == sorted(set(told)), "one line for each operation, in the order of names"


def test_the_api_asks_for_the_roles_of_the_table() -> None:
    asked = {one.name: one.described["x-role"] or "public" for one in OPERATIONS}
    assert {line.operation: line.role for line in table()} == asked


@pytest.mark.parametrize("line", table(), ids=[line.operation for line in table()])
def test_the_test_that_shows_an_operation_succeed_is_there(line: Line) -> None:
    file, _, name = line.shown_by.partition("::")
    assert name in _tests_of(file), f"tests/integration/{file}.py has no {name}"


def test_every_change_says_how_it_conflicts_or_why_it_does_not() -> None:
    changing = {one.name for one in OPERATIONS if one.method != "GET"}
    never = {name for names in NEVER.values() for name in names}
    told = {clash.operation for clash in clashes()}
    assert sorted(changing - told - never) == [], f"add to {CLASHES.name}, or to NEVER"
    assert sorted((told | never) - changing) == [], "these are no operations that change anything"
    assert sorted(told & never) == []
    lines = [(clash.operation, clash.error_id) for clash in clashes()]
    assert lines == sorted(set(lines)), "one line for each operation and error, in the order of names"


@pytest.mark.parametrize("clash", clashes(), ids=[f"{one.operation}-{one.error_id}" for one in clashes()])
def test_the_test_that_shows_a_conflict_is_there(clash: Clash) -> None:
    file, _, name = clash.shown_by.partition("::")
    assert name.partition("[")[0] in _tests_of(file), f"tests/integration/{file}.py has no {name}"
