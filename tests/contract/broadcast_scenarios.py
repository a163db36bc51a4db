"""A broadcast's scenarios: what is played, and what a key pressed meanwhile does."""

import uuid

from ami import actions
from ami import events as e
from tests.contract.bench import AGENTS, CUSTOMERS, Bench, Number, story
from tests.contract.scenarios import CLOSED, TALK, Scenario

HEARD = ["Newchannel", "ringing", "up", "MarcadorAnswered"]


async def broadcast(bench: Bench, number: Number, **variables: str) -> str:
    attempt = str(uuid.uuid4())
    asked = {"MARCADOR_AUDIO": "marcador/closed", "MARCADOR_KEY_WAIT": "2", **variables}
    await bench.send(bench.originate(attempt, number, "", 5000, "marcador-broadcast", **asked))
    return attempt


async def a_broadcast_is_played_and_ends(bench: Bench) -> None:
    attempt = await broadcast(bench, Number.ANSWERS)
    await bench.gone(attempt)
    assert story(bench.events, attempt) == [*HEARD, "MarcadorPlayed", "hangup 16"]
    (played,) = bench.told(e.MarcadorPlayed, attempt)
    assert isinstance(played, e.MarcadorPlayed)
    assert not played.on_machine


async def key_1_of_a_broadcast_leads_to_the_wait_for_an_agent(bench: Bench) -> None:
    line = await bench.agent()
    attempt = await broadcast(bench, Number.PRESSES_1, MARCADOR_AGENT_PATIENCE_MS="20000")
    await bench.in_room(attempt, CUSTOMERS)
    await bench.send(actions.Bridge(line, attempt))
    await bench.in_room(attempt, "talk")
    await bench.send(actions.Hangup(attempt))
    await bench.gone(attempt)
    assert story(bench.events, attempt) == [*HEARD, "MarcadorKey", f"in {CUSTOMERS}", *TALK, "hangup 16"]
    await bench.in_room(line, AGENTS, times=2)


async def who_pressed_1_waits_so_long_as_the_campaign_says(bench: Bench) -> None:
    attempt = await broadcast(bench, Number.PRESSES_1, MARCADOR_AGENT_PATIENCE_MS="1000")
    await bench.gone(attempt)
    told = story(bench.events, attempt)
    waits = [*HEARD, "MarcadorKey", f"in {CUSTOMERS}", *CLOSED]
    assert told == [*waits, "out closed", "hangup 16"]


async def key_1_means_nothing_where_there_are_no_agents_and_the_audio_begins_again(bench: Bench) -> None:
    attempt = await broadcast(bench, Number.PRESSES_1)
    await bench.gone(attempt)
    assert story(bench.events, attempt) == [*HEARD, "MarcadorKey", "MarcadorPlayed", "hangup 16"]


async def key_9_of_a_broadcast_is_told_before_the_hangup(bench: Bench) -> None:
    attempt = await broadcast(bench, Number.PRESSES_9)
    await bench.gone(attempt)
    assert story(bench.events, attempt) == [*HEARD, "MarcadorKey", "MarcadorOptOut", "hangup 16"]


async def a_key_that_answers_ends_the_broadcast(bench: Bench) -> None:
    attempt = await broadcast(bench, Number.PRESSES_5, MARCADOR_ANSWERS="5*")
    await bench.gone(attempt)
    assert story(bench.events, attempt) == [*HEARD, "MarcadorKey", "hangup 16"]
    (key,) = bench.told(e.MarcadorKey, attempt)
    assert isinstance(key, e.MarcadorKey)
    assert key.key == "5"


async def a_machine_gets_its_own_audio_after_its_greeting(bench: Bench) -> None:
    attempt = await broadcast(
        bench, Number.MACHINE, MARCADOR_AMD="1", MARCADOR_MACHINE_AUDIO="marcador/optout"
    )
    await bench.gone(attempt)
    assert story(bench.events, attempt) == [*HEARD, "MarcadorAmd", "MarcadorPlayed", "hangup 16"]
    (played,) = bench.told(e.MarcadorPlayed, attempt)
    assert isinstance(played, e.MarcadorPlayed)
    assert played.on_machine


async def a_machine_without_an_audio_of_its_own_is_hung_up_on(bench: Bench) -> None:
    attempt = await broadcast(bench, Number.MACHINE, MARCADOR_AMD="1")
    await bench.gone(attempt)
    assert story(bench.events, attempt) == [*HEARD, "MarcadorAmd", "hangup 16"]


BROADCAST_SCENARIOS: tuple[Scenario, ...] = (
    a_broadcast_is_played_and_ends,
    key_1_of_a_broadcast_leads_to_the_wait_for_an_agent,
    who_pressed_1_waits_so_long_as_the_campaign_says,
    key_1_means_nothing_where_there_are_no_agents_and_the_audio_begins_again,
    key_9_of_a_broadcast_is_told_before_the_hangup,
    a_key_that_answers_ends_the_broadcast,
    a_machine_gets_its_own_audio_after_its_greeting,
    a_machine_without_an_audio_of_its_own_is_hung_up_on,
)
