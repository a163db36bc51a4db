"""What two supervisors edit at once: who was not the first is told so, and overwrites nothing unawares."""

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.integration.crm_api.given import Api, accepted, refused
from tests.integration.crm_api_more.people import NOBODY, People


@dataclass
class Kind:
    """What is edited: where it is made, where it is edited, and how its two texts read."""

    made_at: str
    edited_at: str
    made: dict[str, Any]
    edit: dict[str, Any]
    text: str


def _kinds(people: People) -> dict[str, Kind]:
    campaign = str(people.campaign.id)
    theirs = {"campaign_ids": [campaign]}
    speech = {"body": "Hola"}
    return {
        "result": Kind("results", "results", {"name": "Venta"} | theirs, {"action": "no_action"}, "name"),
        "speech": Kind("speech", f"speech/{campaign}", speech | {"campaign_id": campaign}, {}, "body"),
        "profile": Kind("profiles", "profiles", {"name": "Familia"} | theirs, theirs, "name"),
        "filter": Kind("filters", "filters", {"name": "todos", "filter": {}}, {"filter": {}}, "name"),
    }


@dataclass
class Shared:
    """One thing, and how it is edited."""

    people: People
    kind: Kind
    id: str
    revision: int

    async def edit(self, text: str, **more: Any) -> httpx.Response:
        body = self.kind.edit | {self.kind.text: text} | more
        return await self.people.supervisor.put(f"/api/{self.kind.edited_at}/{self.id}", json=body)


@pytest.fixture(params=["result", "speech", "profile", "filter"])
async def shared(api: Api, request: pytest.FixtureRequest) -> Shared:
    people = await People.given(api)
    kind = _kinds(people)[request.param]
    made = accepted(await people.supervisor.post(f"/api/{kind.made_at}", json=kind.made), 201)
    return Shared(people, kind, made["id"], made["revision"])


async def test_an_edit_of_what_was_changed_meanwhile_is_refused(shared: Shared) -> None:
    first = accepted(await shared.edit("first", revision=shared.revision))
    assert (first[shared.kind.text], first["revision"]) == ("first", shared.revision + 1)
    params = refused(await shared.edit("second", revision=shared.revision), 409, "stale_revision")
    assert params == {"revision": first["revision"]}
    again = accepted(await shared.edit("second", revision=first["revision"]))
    assert (again[shared.kind.text], again["revision"]) == ("second", first["revision"] + 1)


async def test_an_edit_that_names_no_revision_overwrites(shared: Shared) -> None:
    for n in (1, 2):
        edited = accepted(await shared.edit(f"edit {n}"))
        assert (edited[shared.kind.text], edited["revision"]) == (f"edit {n}", shared.revision + n)


async def test_of_two_edits_at_once_one_is_made(shared: Shared) -> None:
    both = [shared.edit(f"edit {n}", revision=shared.revision) for n in range(2)]
    answers = [one.status_code for one in await asyncio.gather(*both)]
    assert sorted(answers) == [200, 409]


async def test_what_is_not_there_is_not_stale(shared: Shared) -> None:
    shared.id = NOBODY
    response = await shared.edit("x", revision=shared.revision)
    assert response.status_code == 404, response.text
