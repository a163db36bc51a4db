"""A campaign's settings: one frozen value, kept as jsonb, checked whole before it is stored.

Durations of configuration are seconds (`_s`) or milliseconds (`_ms`). Local hours are `HH:MM-HH:MM` (24:00 is
midnight at the day's end).
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from dialer import broadcast, presets
from dialer.answering import Answering
from dialer.broadcast import Broadcast, Sound
from dialer.errors import BadValue
from dialer.outcome import Outcome
from dialer.week import Week
from lists.model import Caps


class Mode(StrEnum):
    PROGRESSIVE = "progressive"
    """One call for each free agent."""
    POWER = "power"
    """`ratio` calls for each free agent."""
    PREDICTIVE = "predictive"
    """As many as keep abandonment at `target`."""
    PREVIEW = "preview"
    BROADCAST = "broadcast"
    """An audio at the answer, and keys; agents for those who ask for one."""
    MANUAL = "manual"


class AgendaAway(StrEnum):
    """Who gets a due "Para mí" event whose agent has been away for the whole grace."""

    ANYONE = "anyone"
    SUPERVISOR = "supervisor"
    NEXT_LOGIN = "next_login"


class PreviewEnd(StrEnum):
    """What happens when a preview's time ends and the agent has not decided."""

    DIAL = "dial"
    SKIP = "skip"


class SkipTo(StrEnum):
    """Where a skipped contact goes."""

    END = "end"
    """Of its list."""
    WAIT = "wait"
    """It is shown again after `skip_wait_s`."""


class RetryRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    wait_s: Annotated[int, msgspec.Meta(ge=0)]
    max: Annotated[int, msgspec.Meta(ge=0, le=100)]
    """How often this outcome alone brings the contact back; 0: never."""
    phone: Literal["same", "next"] = "same"


DEFAULT_RETRIES: Mapping[Outcome, RetryRule] = {
    Outcome.BUSY: RetryRule(wait_s=900, max=5),
    Outcome.NO_ANSWER: RetryRule(wait_s=7200, max=4, phone="next"),
    Outcome.DECLINED: RetryRule(wait_s=86_400, max=1),
    Outcome.UNREACHABLE: RetryRule(wait_s=7200, max=4, phone="next"),
    Outcome.CONGESTION: RetryRule(wait_s=1800, max=5),
    Outcome.MACHINE: RetryRule(wait_s=14_400, max=3, phone="next"),
    Outcome.GONE: RetryRule(wait_s=3600, max=3),
    Outcome.ABANDONED: RetryRule(wait_s=86_400, max=2),
    Outcome.CANCELLED: RetryRule(wait_s=1800, max=10),
    Outcome.UNKNOWN: RetryRule(wait_s=3600, max=3),
    # The first wait; it doubles with each failure up to TRUNK_WAIT_MAX_S (dialer.retry).
    Outcome.FAILED_TRUNK: RetryRule(wait_s=60, max=20),
    Outcome.REFUSED: RetryRule(wait_s=60, max=20),
    # A broadcast's: whoever asked for an agent in vain hears it again.
    Outcome.UNATTENDED: RetryRule(wait_s=3600, max=2),
}

_Share = Annotated[float, msgspec.Meta(gt=0, le=0.5)]
_Seconds = Annotated[int, msgspec.Meta(ge=0, le=7 * 86_400)]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    # How it dials.
    mode: Mode = Mode.PROGRESSIVE
    target: _Share = 0.03
    """Abandoned ÷ live answers that predictive keeps to."""
    ratio: Annotated[float, msgspec.Meta(ge=1, le=10)] = 1.0
    channels: Annotated[int, msgspec.Meta(ge=0, le=100_000)] = 30
    """At most so many calls at once."""
    trunks: tuple[UUID, ...] = ()
    caller_ids: tuple[str, ...] = ()
    """Empty: the trunk's."""
    region: Annotated[str, msgspec.Meta(pattern="^([A-Z]{2})?$")] = ""
    """ISO 3166: how national numbers of this campaign are read."""
    ring_timeout_s: Annotated[int, msgspec.Meta(ge=15, le=120)] = 25
    patience_ms: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 2000
    """From the answer (or the machine detection's verdict) to the abandoned-call message."""
    amd: bool = False
    message: Sound = ""
    """Sound of the abandoned-call message; empty: the installation's."""
    language: Annotated[str, msgspec.Meta(pattern="^[a-z]{2}(_[A-Z]{2})?$")] = "es"
    abandon_window: Literal["shift", "24h", "30d"] = "30d"
    """A shift is the day in the campaign's zone."""
    answer_chances: Literal["auto", "off"] = "auto"
    """Predictive counts on each contact's own chance of an answer, once enough calls have shown that hour,
    weekday, phone and past tell more than the average (`dialer.chance`)."""
    broadcast: Broadcast = Broadcast()
    """Of mode broadcast alone."""
    inbound: Answering = Answering()

    # When it dials.
    zone: str = "UTC"
    hours: Week | None = None
    """The campaign's own, in `zone`; None: always."""
    holidays: tuple[str, ...] = ()
    """Countries (`UY`, `US-FL`) on whose public holidays the campaign rests."""
    closed_dates: tuple[date, ...] = ()
    preset: str = "off"
    """Legal hours where the customer is (`dialer.presets`)."""
    callee_hours: Week | None = None
    """Hours where the customer is, over and above the preset's."""
    allow_campaign_zone: bool = False
    """A number whose zone nobody knows is taken to be in `zone`; otherwise it is not dialled."""

    # What becomes of a contact.
    retry: dict[Outcome, RetryRule] = {}
    """Overrides `DEFAULT_RETRIES`, outcome by outcome."""
    caps: Caps = Caps()
    recall_wait_s: _Seconds = 1800
    final_result_id: UUID | None = None
    """Given to contacts whose attempts run out."""
    default_result_id: UUID | None = None
    """Given at the shift's end to interactions nobody typified."""

    # Agents.
    wrapup_s: Annotated[int, msgspec.Meta(ge=0, le=3600)] = 60
    agenda_grace_s: _Seconds = 900
    agenda_away: AgendaAway = AgendaAway.ANYONE
    agenda_tries: Annotated[int, msgspec.Meta(ge=1, le=10)] = 3
    agenda_retry_s: _Seconds = 900

    # Preview: the agent sees the contact first.
    preview_s: Annotated[int, msgspec.Meta(ge=5, le=3600)] = 60
    preview_end: PreviewEnd = PreviewEnd.DIAL
    skip_to: SkipTo = SkipTo.END
    skip_wait_s: _Seconds = 3600
    skips: Annotated[int, msgspec.Meta(ge=0, le=100)] = 3
    """So often a contact is shown again after a skip; the next one ends it (`exhausted`, `skipped`)."""

    def retry_rule(self, outcome: Outcome) -> RetryRule | None:
        """None: this outcome never brings a contact back by itself."""
        rule = self.retry.get(outcome) or DEFAULT_RETRIES.get(outcome)
        if rule and outcome is Outcome.ABANDONED:
            law = presets.get(self.preset).abandoned_wait_s
            return msgspec.structs.replace(rule, wait_s=max(rule.wait_s, law))
        return rule

    @property
    def effective_caps(self) -> Caps:
        """The campaign's, tightened by its preset: what `lists.attempts.begin` is to be given."""
        law = presets.get(self.preset)
        return replace(
            self.caps,
            per_contact=_tighter(self.caps.per_contact, law.per_contact),
            number_per_24h=_tightest(self.caps.number_per_24h, law.number_per_24h),
        )

    @property
    def machines_leave_ratio(self) -> bool:
        """Calls typified as machines are no live answers (`dialer.compliance.ratio`)."""
        return presets.get(self.preset).machines_leave_ratio and not self.amd

    @property
    def time_zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


def decode(raw: Mapping[str, Any]) -> Settings:
    """Of what stands in `campaign.settings`. Raises `BadValue` with the field's path."""
    try:
        settings = msgspec.convert(raw, Settings, strict=True)
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at `$")
        raise BadValue(text, field=path.strip("`.") or "settings") from error
    return checked(settings)


def encode(settings: Settings) -> dict[str, Any]:
    """As jsonb takes it. Raises `BadValue` as `decode` does."""
    raw: dict[str, Any] = msgspec.to_builtins(settings)
    decode(raw)  # a value built in Python has not been checked yet
    return raw


def changed(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    """`settings` with some fields replaced by their JSON forms: a change made while it dials."""
    return decode(encode(settings) | dict(changes))


_CALLER_ID = re.compile(r"\+?[0-9]{3,20}")


def checked(settings: Settings) -> Settings:
    """What types alone cannot say."""
    if not _is_zone(settings.zone):
        raise BadValue(f"{settings.zone!r} is no IANA time zone", field="zone")
    if settings.preset not in presets.names():
        known = ", ".join(presets.names())
        raise BadValue(f"there is no preset {settings.preset!r}; known are {known}", field="preset")
    law = presets.get(settings.preset)
    if settings.ring_timeout_s < law.ring_at_least_s:
        raise BadValue(f"{law.title} asks for {law.ring_at_least_s} s of ringing", field="ring_timeout_s")
    if settings.mode is Mode.BROADCAST:
        broadcast.checked(settings.broadcast, amd=settings.amd)
    for number in settings.caller_ids:
        if not _CALLER_ID.fullmatch(number):
            raise BadValue(f"{number!r} is no caller id: digits, perhaps a + before", field="caller_ids")
    for calendar in settings.holidays:
        if not presets.is_calendar(calendar):
            raise BadValue(f"no public holidays are known for {calendar!r}", field="holidays")
    for name, least in (("hours", settings.hours), ("callee_hours", settings.callee_hours)):
        if least is not None and not least.reaches(settings.ring_timeout_s):
            raise BadValue("no window is long enough for one ring", field=name)
    return settings


def _tighter(cap: int, law: int | None) -> int:
    return cap if law is None else min(cap, law)


def _tightest(cap: int | None, law: int | None) -> int | None:
    return law if cap is None else _tighter(cap, law)


@lru_cache(maxsize=1024)
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # a path, a folder, a name that is not there
        return False
    return True
