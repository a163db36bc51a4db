"""What follows from the results an agent chose."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lists.model import ContactState, Finish, Retry, Schedule
from typifications.deciding import Context, decide
from typifications.errors import Refused
from typifications.local_time import instant
from typifications.model import (
    Action,
    CampaignKind,
    DoNotCallScope,
    Result,
    ResultClass,
    ScheduleRequest,
)

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
AGENT = uuid4()
MAIN, OTHER = "+59899123456", "+59829001234"
RECALL_AT = NOW + timedelta(minutes=30)
MONTEVIDEO = "America/Montevideo"


def context(**changes: Any) -> Context:
    given: dict[str, Any] = {"now": NOW, "typed_at": NOW, "agent_id": AGENT, "numbers": {MAIN, OTHER}}
    return Context(**given | changes)


def result(action: Action | None = None, **fields: Any) -> Result:
    return Result(id=uuid4(), name="a result", action=action, **fields)


def call_back(local: str = "2026-03-03T10:00", **changes: Any) -> ScheduleRequest:
    given: dict[str, Any] = {"zone": MONTEVIDEO, "e164": OTHER}
    return ScheduleRequest(datetime.fromisoformat(local), **given | changes)


def refusal(path: list[Result], schedule: ScheduleRequest | None, given: Context) -> str:
    with pytest.raises(Refused) as refused:
        decide(path, schedule, given)
    assert str(refused.value)
    return refused.value.error_id


def test_recall_is_the_same_phone_at_the_lists_end_and_not_before_the_wait() -> None:
    assert decide([result(Action.RECALL)], None, context()).decision == Retry(
        RECALL_AT, phone="same", to_end=True
    )


def test_recall_alternate_is_the_next_phone_at_the_lists_end() -> None:
    assert decide([result(Action.RECALL_ALTERNATE)], None, context()).decision == Retry(
        RECALL_AT, phone="next", to_end=True
    )


def test_the_recall_wait_is_the_results_own_before_the_campaigns() -> None:
    own = decide([result(Action.RECALL, recall_wait_s=60)], None, context(recall_wait_s=7200))
    assert own.decision == Retry(NOW + timedelta(minutes=1), phone="same", to_end=True)
    at_once = decide([result(Action.RECALL, recall_wait_s=0)], None, context(recall_wait_s=7200))
    assert at_once.decision == Retry(NOW, phone="same", to_end=True)
    campaigns = decide([result(Action.RECALL)], None, context(recall_wait_s=7200))
    assert campaigns.decision == Retry(NOW + timedelta(hours=2), phone="same", to_end=True)


@pytest.mark.parametrize("action", [None, Action.NO_ACTION])
def test_no_action_finishes_the_contact(action: Action | None) -> None:
    found = decide([result(action)], None, context())
    assert found.decision == Finish(ContactState.DONE, "typified")
    assert found.do_not_call is None


@pytest.mark.parametrize("scope", [DoNotCallScope.CAMPAIGN, DoNotCallScope.ALL_CAMPAIGNS])
def test_do_not_call_ends_the_contact_in_its_scope(scope: DoNotCallScope) -> None:
    found = decide([result(Action.DO_NOT_CALL, do_not_call_scope=scope)], None, context())
    assert (found.decision, found.do_not_call) == (Finish(ContactState.DO_NOT_CALL, "typified"), scope)


def test_do_not_call_of_this_number_only_leaves_the_customer_on_the_next_phone() -> None:
    only = result(Action.DO_NOT_CALL, do_not_call_scope=DoNotCallScope.NUMBER_ONLY)
    found = decide([only], None, context())
    assert found.decision == Retry(RECALL_AT, phone="next", to_end=True)
    assert found.do_not_call is DoNotCallScope.NUMBER_ONLY


def test_the_deepest_level_that_carries_an_action_decides() -> None:
    path = [result(Action.RECALL), result(Action.NO_ACTION), result(None)]
    assert decide(path, None, context()).action is Action.NO_ACTION
    path = [result(Action.DO_NOT_CALL), result(None), result(Action.SCHEDULE)]
    found = decide(path, call_back(), context())
    assert (found.action, found.do_not_call) == (Action.SCHEDULE, None)


def test_flags_hold_whichever_level_carries_them() -> None:
    path = [result(deletes_events=True), result(), result(Action.RECALL, removes_from_lists=True)]
    found = decide(path, None, context())
    assert (found.deletes_events, found.removes_from_lists) == (True, True)
    plain = decide([result(Action.RECALL)], None, context())
    assert (plain.deletes_events, plain.removes_from_lists) == (False, False)


def test_who_opts_out_is_not_called_whatever_the_action_says() -> None:
    opt_out = frozenset({ResultClass.OPT_OUT})
    path = [
        result(classes=opt_out, do_not_call_scope=DoNotCallScope.ALL_CAMPAIGNS),
        result(Action.RECALL),
    ]
    found = decide(path, None, context())
    assert (found.action, found.do_not_call) == (Action.DO_NOT_CALL, DoNotCallScope.ALL_CAMPAIGNS)
    assert found.decision == Finish(ContactState.DO_NOT_CALL, "typified")


def test_a_wrong_number_retires_the_phone() -> None:
    wrong = result(Action.RECALL_ALTERNATE, classes=frozenset({ResultClass.WRONG_NUMBER}))
    assert decide([wrong], None, context()).wrong_number
    assert not decide([result(Action.RECALL_ALTERNATE)], None, context()).wrong_number


def test_scheduling_is_an_event_at_the_customers_local_time() -> None:
    found = decide([result(Action.SCHEDULE)], call_back(note="ask for Ana"), context())
    assert found.decision == Schedule()
    assert found.new_event is not None
    assert found.new_event.due_at == datetime(2026, 3, 3, 13, 0, tzinfo=UTC)
    assert (found.new_event.zone, found.new_event.e164) == (MONTEVIDEO, OTHER)
    assert (found.new_event.agent_id, found.new_event.note) == (None, "ask for Ana")


def test_para_mi_is_this_agents_event_and_otherwise_whoevers_is_free() -> None:
    mine = decide([result(Action.SCHEDULE)], call_back(mine=True), context())
    assert mine.new_event is not None
    assert mine.new_event.agent_id == AGENT


def test_para_mi_is_refused_on_a_voice_campaign_and_without_an_agent() -> None:
    path = [result(Action.SCHEDULE)]
    assert refusal(path, call_back(mine=True), context(kind=CampaignKind.VOICE)) == "mine_needs_dialer"
    assert refusal(path, call_back(mine=True), context(agent_id=None)) == "mine_needs_agent"


def test_a_voice_campaigns_result_moves_no_contact_but_its_do_not_call_holds() -> None:
    voice = context(kind=CampaignKind.VOICE)
    assert decide([result(Action.RECALL)], None, voice).decision is None
    assert decide([result(Action.DO_NOT_CALL)], None, voice).do_not_call is DoNotCallScope.CAMPAIGN


def test_an_hour_the_law_forbids_is_refused_when_it_is_typed() -> None:
    night = context(legal=lambda at: "outside_legal_hours")
    with pytest.raises(Refused) as refused:
        decide([result(Action.SCHEDULE)], call_back(), night)
    assert refused.value.error_id == "illegal_hour"
    assert refused.value.params == {"why": "outside_legal_hours"}


def test_the_law_is_asked_about_the_instant_and_not_about_now() -> None:
    asked: list[datetime] = []

    def legal(at: datetime) -> None:
        asked.append(at)

    decide([result(Action.SCHEDULE)], call_back(), context(legal=legal))
    assert asked == [datetime(2026, 3, 3, 13, 0, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("schedule", "error_id"),
    [
        (None, "schedule_missing"),
        (call_back("2026-03-02T11:59"), "in_the_past"),
        (call_back("2027-06-01T10:00"), "too_far_ahead"),
        (call_back(zone="Mars/Olympus"), "zone_unknown"),
        (call_back(zone=""), "zone_unknown"),
        (call_back(e164="+12125550123"), "phone_unknown"),
    ],
)
def test_a_call_back_that_cannot_be_made_is_refused(schedule: ScheduleRequest | None, error_id: str) -> None:
    assert refusal([result(Action.SCHEDULE)], schedule, context()) == error_id


def test_a_caller_nobody_knows_may_be_called_back_on_any_number() -> None:
    found = decide([result(Action.SCHEDULE)], call_back(e164="+12125550123"), context(numbers=None))
    assert found.new_event is not None


def test_a_schedule_is_refused_where_the_result_does_not_allow_it() -> None:
    assert refusal([result(Action.RECALL)], call_back(), context()) == "schedule_not_allowed"
    assert refusal([result(None)], call_back(), context()) == "schedule_not_allowed"


# --- properties -----------------------------------------------------------------------------------

results = st.builds(
    Result,
    id=st.uuids(),
    name=st.just("any"),
    action=st.none() | st.sampled_from(Action),
    do_not_call_scope=st.sampled_from(DoNotCallScope),
    recall_wait_s=st.none() | st.integers(0, 86_400),
    deletes_events=st.booleans(),
    removes_from_lists=st.booleans(),
    classes=st.frozensets(st.sampled_from(ResultClass)),
)
paths = st.lists(results, min_size=1, max_size=3)
contexts = st.builds(
    Context,
    now=st.just(NOW),
    typed_at=st.just(NOW),
    kind=st.sampled_from(CampaignKind),
    agent_id=st.none() | st.just(AGENT),
    recall_wait_s=st.integers(0, 86_400),
    numbers=st.none() | st.just(frozenset({MAIN, OTHER})),
    legal=st.sampled_from([lambda at: None, lambda at: "outside_hours"]),
)
schedules = st.none() | st.builds(
    ScheduleRequest,
    local=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),
    zone=st.sampled_from([MONTEVIDEO, "America/New_York", "nowhere"]),
    e164=st.sampled_from([MAIN, OTHER, "+12125550123"]),
    mine=st.booleans(),
)


REFUSALS = {
    "schedule_missing",
    "schedule_not_allowed",
    "mine_needs_dialer",
    "mine_needs_agent",
    "phone_unknown",
    "zone_unknown",
    "in_the_past",
    "too_far_ahead",
    "illegal_hour",
}


@given(paths, schedules, contexts)
def test_any_choice_is_decided_in_agreement_with_itself_or_refused_by_a_stable_word(
    path: list[Result], schedule: ScheduleRequest | None, given_: Context
) -> None:
    refused = None
    try:
        found = decide(path, schedule, given_)
    except Refused as error:
        refused = error
    if refused is not None:
        assert refused.error_id in REFUSALS
        return
    opted_out = any(ResultClass.OPT_OUT in level.classes for level in path)
    carried = [None, *(level.action for level in path if level.action)]
    assert found.action == (Action.DO_NOT_CALL if opted_out else carried[-1])
    assert found.deletes_events == any(level.deletes_events for level in path)
    assert found.removes_from_lists == any(level.removes_from_lists for level in path)
    assert (found.do_not_call is not None) == (found.action is Action.DO_NOT_CALL)
    assert (found.new_event is not None) == (found.action is Action.SCHEDULE)
    assert (found.decision is not None) == (given_.kind is CampaignKind.DIALER)
    if isinstance(found.decision, Retry):
        assert found.decision.to_end
        assert found.decision.not_before >= NOW
    if found.new_event is not None:
        assert found.new_event.due_at > NOW
        assert given_.legal(found.new_event.due_at) is None
    if found.action is Action.RECALL:
        assert found.decision is None or isinstance(found.decision, Retry)


# --- local time -----------------------------------------------------------------------------------

NEW_YORK = ZoneInfo("America/New_York")


def test_a_time_the_clock_change_skips_means_the_next_valid_minute() -> None:
    skipped = datetime(2026, 3, 8, 2, 30)
    assert instant(skipped, NEW_YORK) == datetime(2026, 3, 8, 7, 0, tzinfo=UTC)
    half_hour = instant(datetime(2026, 10, 4, 2, 15), ZoneInfo("Australia/Lord_Howe"))
    assert half_hour.astimezone(ZoneInfo("Australia/Lord_Howe")).replace(tzinfo=None) == datetime(
        2026, 10, 4, 2, 30
    )


def test_a_time_that_comes_twice_means_the_first() -> None:
    twice = datetime(2026, 11, 1, 1, 30)
    assert instant(twice, NEW_YORK) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert instant(twice, NEW_YORK, second=True) == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)


def test_a_day_a_country_left_out_means_the_next_days_first_minute() -> None:
    assert instant(datetime(2011, 12, 30, 12), ZoneInfo("Pacific/Apia")).astimezone(
        ZoneInfo("Pacific/Apia")
    ).replace(tzinfo=None) == datetime(2011, 12, 31)


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1)).map(lambda at: at.replace(fold=0)),
    st.sampled_from(
        ["America/New_York", "America/Havana", "Europe/Madrid", "Australia/Lord_Howe", "Asia/Tokyo"]
    ),
)
def test_a_local_time_that_exists_comes_back_as_it_was_typed(local: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    back = instant(local, zone).astimezone(zone).replace(tzinfo=None, fold=0)
    assert back == local or (back > local and back - local <= timedelta(hours=1))
