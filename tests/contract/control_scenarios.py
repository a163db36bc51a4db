"""Call control's scenarios: who is where after each act, and what is told of it."""

import uuid
from collections.abc import Awaitable, Callable

from ami import actions
from ami import events as e
from tests.contract.bench import AGENTS, CUSTOMERS, HELD, TRUNK, Bench, Number, phone_of, story
from tests.contract.scenarios import AGENT_TALK, ANSWERED, LINE, TALK


def _aside(line: str, attempt: str, to: str = "marcador-held", exten: str = "hold") -> actions.Redirect:
    """The customer somewhere else and the line to its rest, in one moment."""
    return actions.Redirect(attempt, to, exten, 1, line, "marcador-rest", "s")


async def _held(bench: Bench, number: Number = Number.ANSWERS) -> tuple[str, str]:
    line = await bench.agent()
    attempt = await bench.talking(line, number)
    await bench.send(_aside(line, attempt))
    await bench.in_room(attempt, HELD)
    await bench.in_room(line, AGENTS, times=2)
    return line, attempt


async def _way_out(bench: Bench, channel: str, attempt: str) -> None:
    for name, value in {"CALL": attempt, "TRUNK": TRUNK, "BACK_MS": "15000"}.items():
        await bench.send(actions.Setvar(f"MARCADOR_{name}", value, channel))


async def _third(bench: Bench) -> str:
    """The third party's channel."""
    await bench.until(lambda: any(isinstance(event, e.MarcadorThird) for event in bench.events), "a third")
    return next(event.uniqueid for event in bench.events if isinstance(event, e.MarcadorThird))


async def a_held_customer_hears_music_and_is_joined_again(bench: Bench) -> None:
    line, attempt = await _held(bench)
    await bench.send(actions.Bridge(line, attempt))
    await bench.in_room(attempt, "talk", times=2)
    await bench.send(actions.Hangup(attempt))
    await bench.gone(attempt)
    await bench.in_room(line, AGENTS, times=3)
    assert story(bench.events, attempt) == [
        *ANSWERED, *TALK, f"in {HELD}", f"out {HELD}", "in talk", "out talk", "hangup 16",
    ]  # fmt: skip
    assert story(bench.events, line) == [*LINE, *AGENT_TALK, *AGENT_TALK]


async def a_held_customer_may_hang_up(bench: Bench) -> None:
    line, attempt = await _held(bench, Number.BRIEF)
    await bench.gone(attempt)
    assert story(bench.events, attempt) == [*ANSWERED, *TALK, f"in {HELD}", f"out {HELD}", "hangup 16"]
    assert story(bench.events, line) == [*LINE, *AGENT_TALK]


async def a_held_customer_whose_agent_is_lost_can_be_sent_where_a_lost_line_leaves_them(bench: Bench) -> None:
    _, attempt = await _held(bench)
    await bench.send(actions.Setvar("MARCADOR_RESCUE_MS", "15000", attempt))
    await bench.send(actions.Redirect(attempt, "marcador-customer", "over"))
    await bench.in_room(attempt, CUSTOMERS, times=2)
    assert story(bench.events, attempt)[-3:] == [f"out {HELD}", "MarcadorLeft", f"in {CUSTOMERS}"]


async def a_blind_transfer_joins_the_third_party_and_ends_with_them(bench: Bench) -> None:
    line = await bench.agent()
    attempt = await bench.talking(line)
    await _way_out(bench, attempt, attempt)
    await bench.send(_aside(line, attempt, "marcador-transfer", Number.ANSWERS))
    third = await _third(bench)
    await bench.in_room(attempt, "talk", times=2)
    await bench.in_room(third, "talk")
    await bench.send(actions.Hangup(third))
    await bench.gone(attempt)
    await bench.gone(third)
    assert story(bench.events, third) == [
        "Newchannel", "MarcadorThird", "ringing", "up", "in talk", "out talk", "hangup 16",
    ]  # fmt: skip
    told = [*ANSWERED, *TALK, "in talk", "out talk", "MarcadorThirdEnded", "hangup 16"]
    assert story(bench.events, attempt) == told
    assert story(bench.events, line) == [*LINE, *AGENT_TALK]


async def a_blind_transfer_to_a_busy_number_gives_the_customer_back(bench: Bench) -> None:
    line = await bench.agent()
    attempt = await bench.talking(line)
    await _way_out(bench, attempt, attempt)
    await bench.send(_aside(line, attempt, "marcador-transfer", Number.BUSY))
    await bench.in_room(attempt, CUSTOMERS, times=2)
    (ended,) = bench.told(e.MarcadorThirdEnded, attempt)
    assert isinstance(ended, e.MarcadorThirdEnded)
    assert (ended.attempt, ended.status, ended.cause) == (attempt, "BUSY", 17)
    told = [*ANSWERED, *TALK, "MarcadorThirdEnded", "MarcadorLeft", f"in {CUSTOMERS}"]
    assert story(bench.events, attempt) == told


async def _consulting(bench: Bench) -> tuple[str, str, str]:
    line, attempt = await _held(bench)
    await _way_out(bench, line, attempt)
    await bench.send(actions.Redirect(line, "marcador-consult", Number.ANSWERS))
    third = await _third(bench)
    await bench.in_room(third, "talk")
    await bench.in_room(line, "talk", times=2)
    return line, attempt, third


async def an_attended_transfer_leaves_the_two_together_and_ends_with_either(bench: Bench) -> None:
    line, attempt, third = await _consulting(bench)
    await bench.send(actions.Bridge(third, attempt))
    await bench.in_room(attempt, "talk", times=2)
    await bench.in_room(line, AGENTS, times=3)
    assert story(bench.events, line)[-6:] == [
        f"out {AGENTS}", "in talk", "out talk", "MarcadorThirdEnded", "line idle", f"in {AGENTS}",
    ]  # fmt: skip
    await bench.send(actions.Hangup(third))
    await bench.gone(attempt)
    assert story(bench.events, attempt)[-4:] == [f"out {HELD}", "in talk", "out talk", "hangup 16"]


async def a_third_party_is_listed_as_one_under_the_trunk_it_is_dialled_through(bench: Bench) -> None:
    line, attempt, third = await _consulting(bench)
    channels = {channel.uniqueid: channel for channel in await bench.link.list_channels()}
    assert channels[third].account_code == "third"
    assert channels[third].channel.startswith(f"PJSIP/{TRUNK}-")
    assert "third" not in (channels[line].account_code, channels[attempt].account_code)


async def an_agent_who_leaves_a_consultation_drops_the_third_party(bench: Bench) -> None:
    line, _, third = await _consulting(bench)
    await bench.send(actions.Redirect(line, "marcador-rest", "s"))
    await bench.gone(third)
    await bench.in_room(line, AGENTS, times=3)
    assert story(bench.events, line)[-5:] == [
        f"out {AGENTS}", "in talk", "out talk", "line idle", f"in {AGENTS}",
    ]  # fmt: skip


async def _three_way(bench: Bench) -> tuple[str, str, str]:
    line, attempt, third = await _consulting(bench)
    room = "marcador-conference"
    for channel in (line, attempt, third):
        await bench.send(actions.Setvar("MARCADOR_CALL", attempt, channel))
    await bench.send(actions.Redirect(line, room, "agent", 1, third, room, "third"))
    await bench.send(actions.Redirect(attempt, room, "customer"))
    for channel in (line, attempt, third):
        await bench.in_room(channel, "conference")
    return line, attempt, third


async def three_talk_and_when_the_others_have_left_the_customer_leaves_too(bench: Bench) -> None:
    line, attempt, third = await _three_way(bench)
    await bench.send(actions.Redirect(line, "marcador-rest", "s"))
    await bench.in_room(line, AGENTS, times=3)
    assert "hangup 16" not in story(bench.events, attempt)
    await bench.send(actions.Hangup(third))
    await bench.gone(attempt)
    told = story(bench.events, attempt)
    assert told[-4:] == [f"out {HELD}", "in conference", "out conference", "hangup 16"]


async def a_supervisor_hears_an_agents_channel_until_it_is_gone(bench: Bench) -> None:
    line = await bench.agent()
    ear = str(uuid.uuid4())
    await bench.send(
        actions.Originate(
            actions.local("8", "phone"),
            ear,
            "marcador-spy",
            "listen",
            other_channel_id=phone_of(ear),
            variables={"MARCADOR_TARGET": line, "MARCADOR_CALL": "call-1"},
        )
    )
    await bench.until(lambda: bench.told(e.MarcadorSpy, ear), "the ear is there")
    await bench.send(actions.Hangup(phone_of(line)))
    await bench.gone(ear)
    states = [spy.state for spy in bench.told(e.MarcadorSpy, ear) if isinstance(spy, e.MarcadorSpy)]
    assert states == ["on", "off"]
    assert story(bench.events, ear) == ["Newchannel", "up", "MarcadorSpy", "MarcadorSpy", "hangup 16"]


async def a_sound_that_is_there_is_told_from_one_that_is_not(bench: Bench) -> None:
    for language, sound, there in (
        ("es", "marcador/closed", True),
        ("es", "marcador/no-such-recording", False),
    ):
        look = str(uuid.uuid4())
        variables = {"MARCADOR_SOUND": sound, "MARCADOR_LANG": language}
        place = "marcador-sounds"
        listen = actions.local("listen", place)
        await bench.send(actions.Originate(listen, look, place, "look", variables=variables))
        await bench.until(lambda look=look: bench.told(e.MarcadorSound, look), f"told of {sound}")  # type: ignore[misc]
        (told,) = bench.told(e.MarcadorSound, look)
        assert isinstance(told, e.MarcadorSound)
        assert (told.sound, told.language, told.there) == (sound, language, there)


CONTROL_SCENARIOS: tuple[Callable[[Bench], Awaitable[None]], ...] = (
    a_held_customer_hears_music_and_is_joined_again,
    a_held_customer_may_hang_up,
    a_held_customer_whose_agent_is_lost_can_be_sent_where_a_lost_line_leaves_them,
    a_blind_transfer_joins_the_third_party_and_ends_with_them,
    a_blind_transfer_to_a_busy_number_gives_the_customer_back,
    an_attended_transfer_leaves_the_two_together_and_ends_with_either,
    a_third_party_is_listed_as_one_under_the_trunk_it_is_dialled_through,
    an_agent_who_leaves_a_consultation_drops_the_third_party,
    three_talk_and_when_the_others_have_left_the_customer_leaves_too,
    a_supervisor_hears_an_agents_channel_until_it_is_gone,
    a_sound_that_is_there_is_told_from_one_that_is_not,
)
