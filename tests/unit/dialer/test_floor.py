"""Who takes which call."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from dialer.floor import WaitingCall, assign
from dialer.homes import balanced

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SALES, CARE = UUID(int=101), UUID(int=102)


def call(n: int, campaign: UUID | None = SALES, waited: float = 0, **more: object) -> WaitingCall:
    return WaitingCall(UUID(int=n), campaign, NOW - timedelta(seconds=waited), **more)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Free:
    id: UUID
    campaign_ids: frozenset[UUID]
    idle_since: datetime
    rings_first: bool = False


def free(n: int, *campaigns: UUID, idle: float = 0, by_hand: bool = False) -> Free:
    return Free(UUID(int=n), frozenset(campaigns or (SALES,)), NOW - timedelta(seconds=idle), by_hand)


def pairs(calls: list[WaitingCall], agents: list[Free]) -> dict[int, int]:
    return {c.attempt_id.int: a.id.int for c, a in assign(calls, agents)}


def test_the_agent_idle_longest_takes_the_call() -> None:
    assert pairs([call(1)], [free(11, idle=5), free(12, idle=60), free(13)]) == {1: 12}


def test_only_who_called_us_waits_for_a_phone_that_is_picked_up_by_hand() -> None:
    assert pairs([call(1)], [free(11, by_hand=True)]) == {}
    assert pairs([call(1, agent_id=UUID(int=11))], [free(11, by_hand=True)]) == {}
    assert pairs([call(1, patient=True)], [free(11, by_hand=True)]) == {1: 11}


def test_whoever_is_there_at_once_comes_before_a_phone_that_has_to_be_picked_up() -> None:
    assert pairs([call(1, patient=True)], [free(11, idle=900, by_hand=True), free(12)]) == {1: 12}
    agents = [free(11, by_hand=True), free(12)]
    assert pairs([call(1, waited=9, patient=True), call(2)], agents) == {1: 11, 2: 12}


def test_who_waits_longest_is_served_first() -> None:
    assert pairs([call(1, waited=0.1), call(2, waited=1.5)], [free(11)]) == {2: 11}


def test_a_bound_call_goes_to_its_agent_and_before_the_others() -> None:
    bound = call(2, agent_id=UUID(int=12))
    assert pairs([call(1, waited=2), bound], [free(12, idle=60)]) == {2: 12}


def test_a_bound_call_is_nobody_elses() -> None:
    assert pairs([call(1, agent_id=UUID(int=12))], [free(11)]) == {}


def test_a_rescued_customer_comes_before_those_who_wait_longer() -> None:
    assert pairs([call(1, waited=1.9), call(2, first=True)], [free(11)]) == {2: 11}


def test_an_agent_takes_calls_of_their_own_campaigns_only() -> None:
    assert pairs([call(1, CARE)], [free(11, SALES)]) == {}


def test_a_caller_nobody_knows_may_be_taken_by_anybody() -> None:
    assert pairs([call(1, None)], [free(11, CARE)]) == {1: 11}


def test_no_customer_waits_because_another_took_their_only_agent() -> None:
    both, sales_only = free(11, SALES, CARE, idle=60), free(12, SALES)
    assert pairs([call(1, SALES, waited=1), call(2, CARE)], [both, sales_only]) == {1: 12, 2: 11}


@given(
    st.lists(st.sampled_from([SALES, CARE]), max_size=6),
    st.lists(st.sampled_from([(SALES,), (CARE,), (SALES, CARE)]), max_size=6),
)
def test_no_call_waits_while_somebody_free_could_take_it(
    wanted: list[UUID], able: list[tuple[UUID, ...]]
) -> None:
    calls = [call(n, campaign) for n, campaign in enumerate(wanted, 1)]
    agents = [free(n, *campaigns) for n, campaigns in enumerate(able, 50)]
    found = assign(calls, agents)
    taken = {agent.id for _, agent in found}
    assert len(taken) == len(found) == len({c.attempt_id for c, _ in found})
    served = {c.attempt_id for c, _ in found}
    for waiting in calls:
        if waiting.attempt_id not in served:
            assert all(a.id in taken for a in agents if waiting.campaign_id in a.campaign_ids)


ANA, BEA, EVA, LIA = (UUID(int=n) for n in range(1, 5))


def test_shared_agents_are_spread_evenly_over_hungry_campaigns() -> None:
    everybody = dict.fromkeys((ANA, BEA, EVA, LIA), frozenset({SALES, CARE}))
    homes = balanced(dict.fromkeys(everybody), everybody, [SALES, CARE], everybody)
    assert sorted(map(str, homes.values())) == sorted(map(str, [SALES, SALES, CARE, CARE]))


def test_a_campaign_that_gets_hungry_is_given_idle_agents_of_the_richer_one() -> None:
    everybody = dict.fromkeys((ANA, BEA, EVA, LIA), frozenset({SALES, CARE}))
    homes = balanced(dict.fromkeys(everybody, SALES), everybody, [SALES, CARE], {ANA, BEA})
    assert {homes[ANA], homes[BEA]} == {CARE}
    assert {homes[EVA], homes[LIA]} == {SALES}


def test_an_agent_of_a_campaign_that_wants_nobody_has_no_home() -> None:
    assert balanced({ANA: SALES}, {ANA: {SALES}}, [], {ANA}) == {ANA: None}
