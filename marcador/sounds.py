"""Are the sounds a campaign names there? Asterisk looks in its own way: by language and every format."""

import asyncio
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ami import events as e
from ami.actions import Originate, local
from ami.connection import AsteriskLink
from ami.errors import AmiError
from dialer.campaigns import Campaign
from dialer.settings import Mode

ANSWER_S = 5.0
CONTEXT = "marcador-sounds"
INSTALLATIONS = "marcador/closed"
"""The abandoned-call message of campaigns that name none."""


@dataclass(frozen=True, slots=True, order=True)
class Sound:
    language: str
    name: str


def named(campaign: Campaign) -> list[Sound]:
    """What the campaign's customers are to hear, each once."""
    settings = campaign.settings
    names = [settings.message or INSTALLATIONS]
    if settings.mode is Mode.BROADCAST:
        names = [settings.broadcast.audio, settings.broadcast.machine_audio]
        names += [settings.message or INSTALLATIONS] if settings.broadcast.agents else []
    return [Sound(settings.language, name) for name in dict.fromkeys(names) if name]


async def there(link: AsteriskLink, wanted: Collection[Sound]) -> Mapping[Sound, bool]:
    """Of each whether this Asterisk has it. One that is left out was not answered for: an Asterisk without
    our newer dialplan, or one that is away."""
    found: dict[Sound, bool] = {}
    complete = asyncio.Event()

    def hear(event: e.Event) -> None:
        if isinstance(event, e.MarcadorSound):
            found[Sound(event.language, event.sound)] = event.there
            if found.keys() >= set(wanted):
                complete.set()

    unsubscribe = link.subscribe(hear)
    try:
        for sound in sorted(wanted):
            await link.send(_look(sound))
        async with asyncio.timeout(ANSWER_S):
            await complete.wait()
    except (AmiError, TimeoutError):
        pass
    finally:
        unsubscribe()
    return {sound: found[sound] for sound in wanted if sound in found}


def _look(sound: Sound) -> Originate:
    return Originate(
        local("listen", CONTEXT),
        str(uuid.uuid4()),
        CONTEXT,
        "look",
        variables={"MARCADOR_SOUND": sound.name, "MARCADOR_LANG": sound.language},
    )


def missing(wanted: Sequence[Sound], known: Mapping[str, Mapping[Sound, bool]]) -> dict[str, list[Sound]]:
    """By server, those it is known not to have."""
    lost = {name: [sound for sound in wanted if has.get(sound) is False] for name, has in known.items()}
    return {name: sounds for name, sounds in lost.items() if sounds}
