"""The tree of results a supervisor builds and an agent chooses from."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from tests.integration.typifications.desk import Desk
from typifications import results
from typifications.errors import NotFound, Refused
from typifications.model import Action, DoNotCallScope, ResultClass, ResultFields, ResultTree

OPT_OUT = frozenset({ResultClass.OPT_OUT})


async def offered(desk: Desk) -> ResultTree:
    return await results.tree(desk.conn, desk.world.campaign_id)


def names(tree: ResultTree) -> list[str]:
    return [result.name for result in tree.results()]


async def refusal(call: Any) -> str:
    with pytest.raises(Refused) as refused:
        await call
    return refused.value.error_id


async def test_a_result_is_read_as_it_was_written(desk: Desk) -> None:
    fields = ResultFields(
        name="Wrong number",
        action=Action.DO_NOT_CALL,
        do_not_call_scope=DoNotCallScope.NUMBER_ONLY,
        recall_wait_s=90,
        deletes_events=True,
        removes_from_lists=True,
        classes=frozenset({ResultClass.HUMAN, ResultClass.WRONG_NUMBER}),
        measure=Decimal("1.5"),
        ordinal=3,
        enabled=False,
    )
    made = await results.create(desk.conn, fields, campaigns=[desk.world.campaign_id], now=desk.now)
    read = await results.get(desk.conn, made.id)
    assert read == made
    assert {name: getattr(read, name) for name in fields.__dataclass_fields__} == {
        name: getattr(fields, name) for name in fields.__dataclass_fields__
    }


@pytest.mark.parametrize("action", [None, *Action])
async def test_each_action_and_none_is_kept(desk: Desk, action: Action | None) -> None:
    assert (await results.get(desk.conn, (await desk.result(action)).id)).action is action


async def test_the_tree_has_three_levels_in_their_order(desk: Desk) -> None:
    second = await desk.result(name="second", ordinal=2)
    first = await desk.result(name="first", ordinal=1)
    child = await desk.result(name="child", below=first)
    grandchild = await desk.result(name="grandchild", below=child)
    tree = await offered(desk)
    assert names(tree) == ["first", "child", "grandchild", "second"]
    assert tree.path((first.id, child.id, grandchild.id)) == (first, child, grandchild)
    assert tree.path((first.id,)) == (first,)  # only the first level is obligatory
    for wrong in ((), (child.id,), (second.id, child.id), (first.id, grandchild.id), (uuid4(),)):
        assert tree.path(wrong) is None
    assert await refusal(desk.result(below=grandchild)) == "too_deep"


async def test_a_campaign_is_offered_its_own_results_only(desk: Desk) -> None:
    other = uuid4()
    shared = await results.create(
        desk.conn, ResultFields(name="shared"), campaigns=[desk.world.campaign_id, other], now=desk.now
    )
    await desk.result(name="here")
    await desk.result(name="below", below=shared)
    assert names(await results.tree(desk.conn, other)) == ["shared", "below"]
    assert names(await offered(desk)) == ["here", "shared", "below"]
    assert len(names(await results.tree(desk.conn, None))) == 3
    await results.edit(desk.conn, shared.id, ResultFields(name="shared"), campaigns=[other])
    assert names(await offered(desk)) == ["here"]


async def test_what_is_disabled_or_retired_is_not_offered_nor_anything_below_it(desk: Desk) -> None:
    off = await desk.result(name="off", enabled=False)
    await desk.result(name="below off", below=off)
    old = await desk.result(name="old")
    child = await desk.result(name="below old", below=old)
    assert await results.retire(desk.conn, old.id, desk.now) == 2
    assert names(await offered(desk)) == []
    all_of_them = await results.tree(desk.conn, desk.world.campaign_id, offered=False)
    assert len(names(all_of_them)) == 4
    assert (await results.get(desk.conn, child.id)).retired_at == desk.now
    assert await refusal(results.edit(desk.conn, old.id, ResultFields(name="new"))) == "retired"
    assert await refusal(desk.result(below=old)) == "parent_retired"


async def test_two_results_at_one_place_never_read_the_same(desk: Desk) -> None:
    first = await desk.result(name="Sold")
    assert await refusal(desk.result(name=" Sold ")) == "name_taken"
    child = await desk.result(name="Sold", below=first)  # another place
    assert await refusal(desk.result(name="Sold", below=first)) == "name_taken"
    await results.edit(desk.conn, child.id, ResultFields(name="Sold", ordinal=4))  # its own name is its own
    await results.retire(desk.conn, first.id, desk.now)
    await desk.result(name="Sold")
    elsewhere = await results.create(desk.conn, ResultFields(name="Sold"), campaigns=[uuid4()], now=desk.now)
    both = [desk.world.campaign_id, uuid4()]
    assert await refusal(
        results.edit(desk.conn, elsewhere.id, ResultFields(name="Sold"), campaigns=both)
    ) == ("name_taken")


@pytest.mark.parametrize(
    ("fields", "error_id"),
    [
        ({"name": "  "}, "name_missing"),
        ({"name": "x" * 201}, "name_missing"),
        ({"recall_wait_s": -1}, "bad_recall_wait"),
        ({"action": Action.RECALL, "classes": frozenset({ResultClass.OPT_OUT})}, "opt_out_needs_do_not_call"),
        (
            {"action": Action.SCHEDULE, "classes": frozenset({ResultClass.OPT_OUT})},
            "opt_out_needs_do_not_call",
        ),
    ],
)
async def test_what_could_only_be_a_mistake_is_refused(
    desk: Desk, fields: dict[str, Any], error_id: str
) -> None:
    assert await refusal(desk.result(**fields)) == error_id


async def test_campaigns_belong_to_the_first_level(desk: Desk) -> None:
    first = await desk.result()
    child = await desk.result(below=first)
    plain = ResultFields(name="plain")
    assert await refusal(results.create(desk.conn, plain, now=desk.now)) == "campaign_missing"
    assert await refusal(results.edit(desk.conn, first.id, plain, campaigns=[])) == "campaign_missing"
    given = results.create(desk.conn, plain, campaigns=[uuid4()], parent_id=first.id, now=desk.now)
    assert await refusal(given) == "campaigns_follow_parent"
    assert await refusal(results.edit(desk.conn, child.id, plain, campaigns=[uuid4()])) == (
        "campaigns_follow_parent"
    )
    with pytest.raises(NotFound):
        await results.retire(desk.conn, uuid4(), desk.now)
