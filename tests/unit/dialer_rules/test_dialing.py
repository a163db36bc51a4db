"""What Asterisk is asked to dial, and the number the customer is shown."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.dialing import caller_id, checked_trunk, dial_string
from dialer.errors import BadValue


@dataclass(frozen=True)
class Form:
    dial: str = "PJSIP/{number}@carrier"
    number_format: str = "e164"
    prefix: str = ""
    region: str = ""


@pytest.mark.parametrize(
    ("form", "e164", "dialled"),
    [
        (Form(), "+59899123456", "PJSIP/59899123456@carrier"),
        (Form(number_format="plus"), "+59899123456", "PJSIP/+59899123456@carrier"),
        (Form(prefix="0"), "+59899123456", "PJSIP/059899123456@carrier"),
        (Form(prefix="*67"), "+59899123456", "PJSIP/*6759899123456@carrier"),
        (Form(number_format="national", region="UY"), "+59899123456", "PJSIP/099123456@carrier"),
        (Form(number_format="national", region="FR"), "+33612345678", "PJSIP/0612345678@carrier"),
        (Form(number_format="national", region="US"), "+12125550123", "PJSIP/12125550123@carrier"),
        # Abroad: with the exit code of the trunk's country.
        (Form(number_format="national", region="FR"), "+59899123456", "PJSIP/0059899123456@carrier"),
        (
            Form(number_format="national", region="FR", prefix="9"),
            "+33612345678",
            "PJSIP/90612345678@carrier",
        ),
        (Form(dial="Local/{number}@out"), "+59899123456", "Local/59899123456@out"),
    ],
)
def test_a_trunk_dials_numbers_in_its_own_form(form: Form, e164: str, dialled: str) -> None:
    assert dial_string(form, e164) == dialled


@pytest.mark.parametrize(
    "e164", ["59899123456", "", "+", "+598 99", "+598;99", "+59899\r\nAction: Logoff", "+٣٣"]
)
def test_what_is_no_number_is_not_dialled(e164: str) -> None:
    with pytest.raises(BadValue):
        dial_string(Form(), e164)


@pytest.mark.parametrize(
    "form",
    [
        Form(dial="PJSIP/carrier"),
        Form(dial="PJSIP/{number}@{number}"),
        Form(dial="PJSIP/{number}@carrier&PJSIP/1@other"),
        Form(dial="PJSIP/{number}@carrier\r\nAction: Logoff"),
        Form(number_format="roman"),
        Form(number_format="national"),
    ],
)
def test_a_trunk_that_could_dial_nothing_is_refused_when_it_is_stored(form: Form) -> None:
    with pytest.raises(BadValue):
        checked_trunk(form)


@given(st.from_regex(r"\+[1-9][0-9]{5,14}", fullmatch=True))
def test_any_number_dials_as_digits_only_or_not_at_all(e164: str) -> None:
    for form in (Form(), Form(number_format="plus"), Form(number_format="national", region="US")):
        try:
            dialled = dial_string(form, e164)
        except BadValue:
            continue
        number = dialled.removeprefix("PJSIP/").removesuffix("@carrier")
        assert number.lstrip("+").isdigit()


def test_the_campaigns_caller_ids_count_before_the_trunks() -> None:
    assert caller_id(["+5982900"], ["+1212"], "+59899123456") == "+5982900"
    assert caller_id([], ["+1212"], "+59899123456") == "+1212"
    assert caller_id([], [], "+59899123456") == ""


def test_from_a_pool_the_nearest_number_is_shown_and_always_the_same() -> None:
    pool = ["+12125550100", "+13055550100", "+13055550101"]
    assert caller_id(pool, [], "+12125550123") == "+12125550100"
    shown = {caller_id(order, [], "+13055550199") for order in (pool, pool[::-1])}
    assert len(shown) == 1
    assert shown <= {"+13055550100", "+13055550101"}


def test_a_pool_is_used_evenly_among_equals() -> None:
    pool = ["+442071234000", "+442071234001"]
    shown = [caller_id(pool, [], f"+5989912{n:04}") for n in range(400)]
    assert 120 < shown.count(pool[0]) < 280
