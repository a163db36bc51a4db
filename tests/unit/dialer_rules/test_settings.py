"""A campaign's settings are checked whole, and refused with the field's name."""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from dialer import presets
from dialer.errors import BadValue
from dialer.outcome import Outcome
from dialer.settings import DEFAULT_RETRIES, Mode, RetryRule, Settings, changed, decode, encode
from dialer.week import week
from lists.model import Caps


def test_settings_come_back_from_jsonb_as_they_went_in() -> None:
    settings = Settings(
        mode=Mode.PREDICTIVE,
        trunks=(UUID(int=7),),
        caller_ids=("+59829000000",),
        region="UY",
        zone="America/Montevideo",
        hours=week("09:00-13:00 14:00-18:00", "09:00-12:00"),
        holidays=("UY",),
        preset="es",
        retry={Outcome.BUSY: RetryRule(wait_s=60, max=2, phone="next")},
        caps=Caps(per_contact=9, number_per_24h=3),
    )
    stored = msgspec.json.decode(msgspec.json.encode(encode(settings)))
    assert decode(stored) == settings


def test_an_empty_object_is_the_defaults() -> None:
    assert decode({}) == Settings()
    assert Settings().ring_timeout_s >= 15
    assert (Settings().target, Settings().patience_ms) == (0.03, 2000)


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"wrapup_s": "long"}, "wrapup_s"),
        ({"ring_timeout_s": 14}, "ring_timeout_s"),
        ({"target": 0.0}, "target"),
        ({"ratio": 0.5}, "ratio"),
        ({"mode": "turbo"}, "mode"),
        ({"nonsense": 1}, "settings"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"zone": "../../etc/passwd"}, "zone"),
        ({"preset": "atlantis"}, "preset"),
        ({"hours": {"mon": ["9-18"]}}, "hours.mon[0]"),
        ({"callee_hours": {"mon": ["18:00-09:00"]}}, "callee_hours"),
        ({"hours": {}}, "hours"),
        ({"holidays": ["XX"]}, "holidays"),
        ({"caller_ids": ["anonymous"]}, "caller_ids"),
        ({"caps": {"number_per_24h": 0}}, "caps"),
        ({"message": "a\r\nb"}, "message"),
        ({"region": "uruguay"}, "region"),
    ],
)
def test_what_cannot_work_is_refused_with_the_fields_name(raw: dict[str, Any], field: str) -> None:
    with pytest.raises(BadValue) as refused:
        decode(raw)
    assert refused.value.params["field"] == field
    assert str(refused.value)


def test_a_bad_value_made_in_python_is_refused_before_it_is_stored() -> None:
    with pytest.raises(BadValue):
        encode(Settings(ring_timeout_s=3))


def test_a_live_change_replaces_some_fields_and_keeps_the_rest() -> None:
    before = Settings(channels=10, target=0.02)
    after = changed(before, {"channels": 40})
    assert (after.channels, after.target) == (40, 0.02)


def test_every_outcome_but_a_conversation_a_bad_number_and_a_broadcast_told_has_a_retry_rule() -> None:
    told = {Outcome.PLAYED, Outcome.PRESSED, Outcome.OPTED_OUT, Outcome.MESSAGE_LEFT, Outcome.OUT_OF_HOURS}
    assert set(DEFAULT_RETRIES) == set(Outcome) - {Outcome.CONNECTED, Outcome.INVALID_NUMBER} - told


def test_a_preset_tightens_caps_and_never_loosens_them() -> None:
    florida = Settings(preset="us_florida")
    assert florida.effective_caps.number_per_24h == 3
    stricter = Settings(preset="us_florida", caps=Caps(number_per_24h=1))
    assert stricter.effective_caps.number_per_24h == 1
    assert Settings(preset="fr", caps=Caps(per_contact=6)).effective_caps.per_contact == 4
    assert Settings(preset="fr", caps=Caps(per_contact=2)).effective_caps.per_contact == 2


def test_uk_numbers_are_left_alone_for_72_hours_after_an_abandoned_call() -> None:
    rule = Settings(preset="uk").retry_rule(Outcome.ABANDONED)
    assert rule is not None
    assert rule.wait_s == 72 * 3600


@pytest.mark.parametrize("name", presets.names())
def test_every_preset_is_dated_and_names_its_source(name: str) -> None:
    preset = presets.get(name)
    assert preset.title
    assert preset.as_of.year >= 2026
    if name != "off":
        assert preset.sources
        assert "legal advice" in preset.note
        for spans in (preset.hours, *(area.hours for area in preset.areas)):
            assert spans is None or spans.week.reaches(120)
    if preset.closed_on_holidays_of:
        assert presets.is_calendar(preset.closed_on_holidays_of)


def test_the_off_preset_forbids_nothing() -> None:
    off = presets.get("off")
    assert (off.hours, off.areas, off.closed_on_holidays_of) == (None, (), None)
