"""What was said of a conversation is stored once and applied once, however and whenever it is said."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from lists.model import ContactState, Finish
from storage.database import Database
from tests.helpers.until import until
from tests.integration.lists.world import number
from tests.integration.typifications.desk import MAIN, Desk, somebody_waits
from typifications import agenda, interactions, results
from typifications.errors import NotFound, Refused
from typifications.interactions import Applied
from typifications.model import Action, InteractionState, ResultFields, Typification


async def test_what_is_said_before_the_hang_up_is_applied_at_the_hang_up(desk: Desk) -> None:
    contact = await desk.contact()
    begun = await desk.talking()
    said = await desk.say(begun, await desk.result(Action.RECALL))
    assert (said.applied, said.settled) == (False, None)
    assert await desk.world.state(contact) is ContactState.LIVE
    desk.world.later(minutes=10)
    await desk.hung_up(begun)
    row = await desk.world.row(contact)
    assert (row["state"], row["next_at"]) == ("pending", desk.now + timedelta(minutes=30))


async def test_until_the_hang_up_the_agent_may_say_it_anew_and_the_last_word_holds(desk: Desk) -> None:
    contact = await desk.contact()
    begun = await desk.talking()
    await desk.say(begun, await desk.result(Action.DO_NOT_CALL), note="first")
    await desk.say(begun, await desk.result(Action.RECALL), note="second")
    await desk.hung_up(begun)
    assert await desk.world.state(contact) is ContactState.PENDING
    (kept,) = await interactions.history(desk.conn, begun.customer_id or uuid4())
    assert (kept.note, kept.action) == ("second", Action.RECALL)
    assert kept.applied_at == desk.now


async def test_a_call_back_said_before_the_hang_up_is_scheduled_at_the_hang_up(desk: Desk) -> None:
    contact = await desk.contact()
    begun = await desk.talking()
    schedule = desk.call_back(mine=True, minutes=1)
    await desk.say(begun, await desk.result(Action.SCHEDULE), schedule=schedule)
    desk.world.later(minutes=5)  # the talk outlasted the time they had agreed on
    desk.rules = replace(
        desk.rules, legal=lambda at: "outside_hours"
    )  # and what was legal then is judged once
    await desk.hung_up(begun)
    assert await desk.world.state(contact) is ContactState.SCHEDULED
    (event,) = await agenda.due(desk.conn, desk.now)
    assert (event.contact_id, event.agent_id) == (contact, desk.agent)


async def test_the_hang_up_is_told_when_nothing_was_said_and_when_all_is_settled(desk: Desk) -> None:
    await desk.contact()
    begun = await desk.talking()
    assert await interactions.at_hang_up(desk.conn, begun.attempt_id, desk.rules, now=desk.now) is None
    await desk.hung_up(begun)
    said = await desk.say(begun, await desk.result(Action.NO_ACTION))
    again = await interactions.at_hang_up(desk.conn, begun.attempt_id, desk.rules, now=desk.now)
    assert again == Applied(said.interaction_id, Action.NO_ACTION, applied=True, replayed=True)


async def test_the_same_key_again_changes_nothing_and_answers_as_before(desk: Desk) -> None:
    contact = await desk.contact()
    begun = await desk.talked()
    schedule = await desk.result(Action.SCHEDULE)
    key: dict[str, Any] = {"idempotency_key": "k1", "schedule": desk.call_back(hours=1)}
    first = await desk.say(begun, schedule, **key)
    desk.world.later(hours=2)  # by now the time would be refused as over: a repetition is not judged again
    second = await desk.say(begun, schedule, **key)
    assert second == Applied(first.interaction_id, Action.SCHEDULE, applied=True, replayed=True)
    assert len(await agenda.for_customer(desk.conn, begun.customer_id or contact)) == 1


async def test_a_key_used_for_something_else_is_refused(desk: Desk) -> None:
    await desk.contact()
    begun = await desk.talked()
    recall, done = await desk.result(Action.RECALL), await desk.result(Action.NO_ACTION)
    await desk.say(begun, recall, idempotency_key="k1")
    with pytest.raises(Refused) as refused:
        await desk.say(begun, done, idempotency_key="k1")
    assert refused.value.error_id == "idempotency_key_reused"


async def test_a_typified_conversation_is_not_typified_again(desk: Desk) -> None:
    contact = await desk.contact()
    begun = await desk.talked()
    await desk.say(begun, await desk.result(Action.NO_ACTION))
    with pytest.raises(Refused) as refused:
        await desk.say(begun, await desk.result(Action.RECALL))
    assert refused.value.error_id == "already_typified"
    assert await desk.world.state(contact) is ContactState.DONE


async def test_one_key_sent_twice_at_the_same_time_is_one_interaction(desk: Desk, db: Database) -> None:
    await desk.contact()
    begun = await desk.talked()
    said = desk.saying(begun, await desk.result(Action.RECALL), idempotency_key="k1")

    async def send() -> Applied:
        async with db.transaction() as conn:
            return await interactions.typify(conn, said, desk.rules, now=desk.now)

    answers = await asyncio.gather(*(send() for _ in range(4)))
    assert len({answer.interaction_id for answer in answers}) == 1
    assert sorted(answer.replayed for answer in answers) == [False, True, True, True]


async def test_a_word_that_meets_the_hang_up_is_applied_whoever_comes_first(desk: Desk, db: Database) -> None:
    """The closing of the attempt waits for the agent's word that is being stored, and then applies it."""
    contact = await desk.contact()
    begun = await desk.talking()
    said = desk.saying(begun, await desk.result(Action.NO_ACTION))
    async with db.transaction() as conn:
        answer = await interactions.typify(conn, said, desk.rules, now=desk.now)
        closing = asyncio.create_task(desk.hung_up(begun))
        await until(lambda: somebody_waits(db))
    await closing
    assert not answer.applied
    assert await desk.world.state(contact) is ContactState.DONE


async def test_a_wrap_up_that_ends_without_a_word_is_completed_later(desk: Desk) -> None:
    contact = await desk.contact()
    begun = await desk.talked()
    kept = await interactions.untypified(desk.conn, desk.saying(begun), now=desk.now)
    assert kept is not None
    assert (await interactions.get(desk.conn, kept)).state is InteractionState.UNTYPIFIED
    assert await desk.world.state(contact) is ContactState.AWAITING_TYPIFICATION
    desk.world.later(hours=1)
    supervisor = uuid4()
    applied = await desk.say(begun, await desk.result(Action.RECALL), agent_id=supervisor)
    assert applied.interaction_id == kept
    completed = await interactions.get(desk.conn, kept)
    assert completed.state is InteractionState.TYPIFIED
    assert completed.agent_id == desk.agent  # the conversation stays its agent's
    assert await desk.world.state(contact) is ContactState.PENDING


async def test_a_wrap_up_that_ends_after_the_agents_word_leaves_it_alone(desk: Desk) -> None:
    await desk.contact()
    begun = await desk.talked()
    said = await desk.say(begun, await desk.result(Action.RECALL))
    assert await interactions.untypified(desk.conn, desk.saying(begun), now=desk.now) is None
    assert (await interactions.get(desk.conn, said.interaction_id)).action is Action.RECALL


async def test_at_the_shifts_end_the_untypified_get_the_campaigns_default(desk: Desk) -> None:
    contact = await desk.contact()
    begun = await desk.talked()
    await interactions.untypified(desk.conn, desk.saying(begun), now=desk.now)
    default = await desk.result(Action.NO_ACTION)
    desk.world.later(hours=8)
    (left,) = await interactions.untypified_of(desk.conn, desk.world.campaign_id, desk.now)
    said = Typification(
        campaign_id=desk.world.campaign_id,
        path=(default.id,),
        attempt_id=left.attempt_id,
        customer_id=left.customer_id,
        contact_id=left.contact_id,
        e164=left.e164,
    )
    await interactions.typify(desk.conn, said, desk.rules, now=desk.now)
    assert await interactions.untypified_of(desk.conn, desk.world.campaign_id, desk.now) == []
    assert await desk.world.state(contact) is ContactState.DONE


async def test_a_call_from_a_number_nobody_knows_can_be_typified(desk: Desk) -> None:
    said = Typification(
        campaign_id=desk.world.campaign_id,
        path=((await desk.result(Action.SCHEDULE)).id,),
        attempt_id=uuid4(),
        agent_id=desk.agent,
        e164=MAIN,
        schedule=desk.call_back(hours=1),
    )
    applied = await interactions.typify(desk.conn, said, desk.rules, now=desk.now)
    assert applied.event_id is not None
    assert (await agenda.get(desk.conn, applied.event_id)).contact_id is None


async def test_history_shows_the_results_as_they_read_then(desk: Desk) -> None:
    await desk.contact()
    begun = await desk.talked()
    first = await desk.result(name="Interested")
    second = await desk.result(Action.NO_ACTION, name="Sold", below=first)
    await desk.say(begun, first, second, note="blue one", profile_data={"colour": "blue"})
    await results.edit(desk.conn, second.id, ResultFields(name="Bought", action=Action.RECALL))
    await results.retire(desk.conn, first.id, desk.now)
    (kept,) = await interactions.history(desk.conn, begun.customer_id or uuid4())
    assert kept.result_names == ("Interested", "Sold")
    assert kept.result_ids == (first.id, second.id)
    assert (kept.note, kept.profile_data, kept.action) == ("blue one", {"colour": "blue"}, Action.NO_ACTION)
    assert await interactions.history(desk.conn, begun.customer_id or uuid4(), offset=1) == []


async def test_an_interaction_nobody_has_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound):
        await interactions.get(desk.conn, uuid4())


async def test_a_refused_effect_undoes_the_interaction_too(desk: Desk) -> None:
    """One transaction: a contact that is not there leaves no half of an interaction."""
    await desk.contact()
    begun = await desk.talked()
    said = replace(desk.saying(begun, await desk.result(Action.RECALL)), contact_id=uuid4())
    with pytest.raises(Exception, match="no contact"):
        await interactions.typify(desk.conn, said, desk.rules, now=desk.now)
    assert await interactions.history(desk.conn, begun.customer_id or uuid4()) == []


async def test_contacts_nobody_reached_get_the_campaigns_final_result_once(desk: Desk) -> None:
    reached, unreached = await desk.contact(), await desk.contact(number(6))
    await desk.world.settle(unreached, Finish(ContactState.EXHAUSTED, "contact_attempts"))
    first = await desk.result(name="Not viable")
    below = await desk.result(name="Never reached", below=first)
    both = [reached, unreached]
    assert await interactions.finish_exhausted(desk.conn, both, below.id, now=desk.now) == [unreached]
    assert await interactions.finish_exhausted(desk.conn, both, below.id, now=desk.now) == []
    (kept,) = await interactions.history(desk.conn, (await desk.customer_of(unreached)).id)
    assert kept.result_names == ("Not viable", "Never reached")
    assert (kept.agent_id, kept.applied_at) == (None, desk.now)
