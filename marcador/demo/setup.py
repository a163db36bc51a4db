"""Builds the demo's contact centre through the API, as an administrator would."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from marcador.commands.user import fresh_password
from marcador.demo.client import ApiClient
from marcador.demo.fiction import REGION, ZONE
from marcador.demo.results import TREE, Leaf

Mode = Literal["progressive", "power", "predictive"]

CAMPAIGN = "Demo"
_FIRST_NAMES = ("Ana", "Bruno", "Carla", "Diego", "Elena", "Fabián", "Gloria", "Hugo", "Irene", "Julio")

SPEECH = "Buenos días, le llamo de Demo. ¿Hablo con el titular de la línea?"


@dataclass(frozen=True, slots=True)
class Person:
    """A user of the demo with a password nobody chose."""

    login: str
    name: str
    password: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be built. `dial` is the trunk's template, `agent_dial` the agents' phones with `{code}`."""

    agents: int = 10
    mode: Mode = "predictive"
    target: float = 0.03
    ring_timeout_s: int = 20
    wrapup_s: int = 30
    region: str = REGION
    zone: str = ZONE
    dial: str = "PJSIP/{number}@demo"
    agent_dial: str = "PJSIP/{code}"
    calls_per_s: float = 10.0
    channels: int = 60


@dataclass(frozen=True, slots=True)
class Floor:
    """What was built."""

    campaign_id: str
    agents: Sequence[Person]


async def build(admin: ApiClient, plan: Plan) -> Floor:
    """A stopped campaign with its trunk, tree, speech and agents."""
    trunk = await admin.post(
        "/api/trunks",
        {
            "name": "demo",
            "dial": plan.dial,
            "calls_per_s": plan.calls_per_s,
            "channels": plan.channels,
            "caller_ids": ["+33199001234"],
        },
    )
    campaign = await admin.post(
        "/api/campaigns", {"name": CAMPAIGN, "settings": _settings(plan, trunk["id"])}
    )
    for leaf in TREE:
        await _add_result(admin, leaf, campaign_ids=[campaign["id"]])
    await admin.post("/api/speech", {"campaign_id": campaign["id"], "title": "Saludo", "body": SPEECH})
    people = [await _add_agent(admin, plan, number, campaign["id"]) for number in range(plan.agents)]
    return Floor(campaign["id"], people)


def _settings(plan: Plan, trunk_id: str) -> dict[str, Any]:
    """Hours are off: a demo must dial whenever it is tried. Nobody real can be reached by it."""
    return {
        "mode": plan.mode,
        "target": plan.target,
        "trunks": [trunk_id],
        "channels": plan.channels,
        "region": plan.region,
        "zone": plan.zone,
        "allow_campaign_zone": True,
        "preset": "off",
        "ring_timeout_s": plan.ring_timeout_s,
        "wrapup_s": plan.wrapup_s,
    }


async def _add_result(
    admin: ApiClient, leaf: Leaf, *, parent_id: str | None = None, campaign_ids: list[str] | None = None
) -> None:
    body: dict[str, Any] = {"name": leaf.name, "action": leaf.action, "classes": list(leaf.classes)}
    body |= {"parent_id": parent_id} if parent_id else {"campaign_ids": campaign_ids}
    made = await admin.post("/api/results", body)
    for child in leaf.children:
        await _add_result(admin, child, parent_id=made["id"])


async def _add_agent(admin: ApiClient, plan: Plan, number: int, campaign_id: str) -> Person:
    code = f"agent-{1001 + number}"
    name = _FIRST_NAMES[number % len(_FIRST_NAMES)]
    agent = await admin.post(
        "/api/agents",
        {
            "code": code,
            "name": name,
            "dial": plan.agent_dial.format(code=code),
            "campaign_ids": [campaign_id],
        },
    )
    person = Person(code, name, fresh_password())
    await admin.post(
        "/api/users",
        {
            "login": person.login,
            "name": person.name,
            "password": person.password,
            "role": "agent",
            "agent_id": agent["id"],
        },
    )
    return person
