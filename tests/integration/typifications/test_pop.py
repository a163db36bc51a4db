"""Speech and profiles: what the pop shows beside the customer."""

from typing import Any
from uuid import uuid4

import pytest

from tests.integration.typifications.desk import Desk
from typifications import profiles, speech
from typifications.errors import NotFound, Refused
from typifications.profiles import FieldType, ProfileField

FIELDS = (
    ProfileField("colour", "Colour", FieldType.CHOICE, ("red", "blue")),
    ProfileField("income", type=FieldType.NUMBER),
    ProfileField("birthday", type=FieldType.DATE),
    ProfileField("remark"),
)


async def refusal(call: Any) -> str:
    with pytest.raises(Refused) as refused:
        await call
    return refused.value.error_id


async def test_a_campaigns_speeches_come_newest_first(desk: Desk) -> None:
    campaign = desk.world.campaign_id
    old = await speech.create(desk.conn, campaign, title="a", body="Good morning", now=desk.now)
    new = await speech.create(desk.conn, campaign, title="b", body="Hello", now=desk.world.later(minutes=1))
    assert await speech.of_campaign(desk.conn, campaign) == [new, old]
    edited = await speech.edit(
        desk.conn, old.id, title="a", body="Good evening", now=desk.world.later(minutes=1)
    )
    assert await speech.of_campaign(desk.conn, campaign) == [edited, new]
    await speech.remove(desk.conn, new.id)
    assert await speech.of_campaign(desk.conn, campaign) == [edited]
    assert await speech.of_campaign(desk.conn, uuid4()) == []


async def test_a_speech_has_words_and_not_too_many(desk: Desk) -> None:
    empty = (("  ", "body_missing"), ("<p><br></p>", "body_missing"), ("<div>&nbsp;</div>", "body_missing"))
    for body, error_id in (*empty, ("x" * (speech.MAX_BODY + 1), "body_too_long")):
        assert await refusal(speech.create(desk.conn, uuid4(), title="", body=body, now=desk.now)) == error_id
    with pytest.raises(NotFound):
        await speech.remove(desk.conn, uuid4())
    with pytest.raises(NotFound):
        await speech.edit(desk.conn, uuid4(), title="", body="words", now=desk.now)


async def test_a_profile_is_seen_by_its_campaigns(desk: Desk) -> None:
    here, there = desk.world.campaign_id, uuid4()
    made = await profiles.create(desk.conn, "Buyer", FIELDS, [here], now=desk.now)
    assert made.fields == FIELDS
    assert await profiles.of_campaign(desk.conn, here) == [made]
    assert await profiles.of_campaign(desk.conn, there) == []
    moved = await profiles.edit(desk.conn, made.id, "Buyer", FIELDS[:1], [there])
    assert await profiles.of_campaign(desk.conn, here) == []
    assert await profiles.of_campaign(desk.conn, None) == [moved]
    await profiles.remove(desk.conn, made.id)
    with pytest.raises(NotFound):
        await profiles.get(desk.conn, made.id)


async def test_a_profiles_name_is_its_own(desk: Desk) -> None:
    await profiles.create(desk.conn, "Buyer", (), now=desk.now)
    other = await profiles.create(desk.conn, "Seller", (), now=desk.now)
    assert await refusal(profiles.create(desk.conn, "Buyer", (), now=desk.now)) == "name_taken"
    assert await refusal(profiles.edit(desk.conn, other.id, "Buyer", ())) == "name_taken"
    assert (await profiles.edit(desk.conn, other.id, "Seller", FIELDS)).fields == FIELDS


@pytest.mark.parametrize(
    "fields",
    [
        (ProfileField("a"), ProfileField("a")),
        (ProfileField(" "),),
        (ProfileField("a", type=FieldType.CHOICE),),
    ],
)
async def test_fields_that_cannot_be_filled_in_are_refused(
    desk: Desk, fields: tuple[ProfileField, ...]
) -> None:
    assert await refusal(profiles.create(desk.conn, "Buyer", fields, now=desk.now)) == "bad_field"


async def test_what_an_agent_fills_in_is_checked_by_the_fields_type(desk: Desk) -> None:
    made = await profiles.create(desk.conn, "Buyer", FIELDS, now=desk.now)
    filled = {"colour": "red", "income": " 1200.50 ", "birthday": "1990-02-28", "remark": ""}
    read = {"colour": "red", "income": 1200.5, "birthday": "1990-02-28"}
    assert profiles.checked_data([made], filled) == read
    as_people_type = {"colour": "RED", "income": "1,200.5", "birthday": "28/2/1990", "remark": None}
    assert profiles.checked_data([made], as_people_type) == read
    for wrong in (
        {"colour": "green"},
        {"income": "much"},
        {"income": "NaN"},
        {"income": "1_000"},
        {"income": True},
        {"birthday": "1990-02-30"},
        {"remark": "x" * 5000},
        {"unknown": 1},
    ):
        with pytest.raises(Refused) as refused:
            profiles.checked_data([made], wrong)
        assert refused.value.params["field"] in wrong
