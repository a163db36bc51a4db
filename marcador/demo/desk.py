"""A simulated agent's desktop: the socket and the requests of any desktop, and a person who chooses.

It logs in, gets ready, waits for the screen to pop, lets the customer talk, and when the call is over thinks
a little and typifies. Only the person is simulated.
"""

import asyncio
import json
import random
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import structlog
import websockets

from marcador.demo.client import ApiClient, Refused
from marcador.demo.figures import AgentTally
from marcador.demo.results import TREE, Leaf

log = structlog.get_logger(__name__)

THINKING_S = (1.0, 4.0)
FORM_OPENED = (0.6, 0.95)
"""The form is opened after this share of the thinking."""
CALL_BACK_DAYS = (1, 5)
RECONNECT_S = 1.0
LOOK_AGAIN_S = 2.0
"""Live messages are hints and may be lost on their way: after so much silence the desk looks for itself."""
TRIES = 3
_STRANGER = Leaf("")  # a result somebody else added to the tree


@dataclass(slots=True)
class Screen:
    """What the agent sees: the last pop, and whether it has been typified."""

    state: str = "logged_out"
    pop: Mapping[str, Any] | None = None
    typified: set[str] = field(default_factory=set)
    popped: set[str] = field(default_factory=set)

    @property
    def attempt(self) -> str:
        return str(self.pop["call"]["attempt_id"]) if self.pop else ""

    @property
    def customer(self) -> str:
        """The name on the screen."""
        if not self.pop or self.state not in ("offered", "talking", "wrapup"):
            return ""
        return called(self.pop)


class Desk:
    """One agent at work. `run` goes on until it is cancelled."""

    def __init__(
        self, address: str, login: str, password: str, name: str, tally: AgentTally, recent: deque[str]
    ) -> None:
        self.name = name
        self.screen = Screen()
        self._api = ApiClient(address)
        self._credentials = (login, password)
        self._agent_id = ""
        self._tally = tally
        self._recent = recent
        self._luck = random.Random(login)
        self._chores: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Work until cancelled; a lost socket is opened again, as a browser would."""
        async with self._api, self._nothing_left():
            me = await self._api.log_in(*self._credentials)
            self._agent_id = me["agent_id"]
            await self._api.post(f"/api/agents/{self._agent_id}/login")
            while True:
                try:
                    await self._watch()
                except (OSError, websockets.WebSocketException, TimeoutError) as error:
                    log.info("desk reconnects", agent=self.name, error=str(error))
                await asyncio.sleep(RECONNECT_S)

    async def _watch(self) -> None:
        url = self._api.address.replace("http", "ws", 1) + "/api/live"
        headers = {"Cookie": self._api.cookie}
        async with websockets.connect(url, additional_headers=headers) as socket:
            topic = f"agent.{self._agent_id}"
            await socket.send(json.dumps({"op": "follow", "topic": topic}))
            while True:
                try:
                    async with asyncio.timeout(LOOK_AGAIN_S):
                        self._see(json.loads(await socket.recv()))
                except TimeoutError:
                    await socket.send(json.dumps({"op": "snapshot", "topic": topic}))

    def _see(self, message: Mapping[str, Any]) -> None:
        data = message["data"]
        match message["kind"]:
            case "snapshot":
                self._show(data["pop"])
                self._now(data["agent"]["state"])
            case "pop":
                self._show(data)
            case "change" if data["body"]["type"] == "agent":
                self._now(data["body"]["state"])
            case "refused":
                log.warning("desk refused", agent=self.name, **data)

    def _show(self, pop: Mapping[str, Any] | None) -> None:
        if pop is None:
            return
        self.screen.pop = pop
        if self.screen.attempt not in self.screen.popped:
            self.screen.popped.add(self.screen.attempt)
            self._tally.popped += 1
            self._note("pop", called(pop))

    def _now(self, state: str) -> None:
        before, self.screen.state = self.screen.state, state
        if state == "wrapup" and before != "wrapup":
            self._do(self._typify())
        elif state == "paused" and before != "paused":
            self._do(self._get_ready())

    def _do(self, chore: Any) -> None:
        task = asyncio.create_task(chore)
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)

    @asynccontextmanager
    async def _nothing_left(self) -> AsyncIterator[None]:
        """Whatever the agent was still thinking about ends with the desk."""
        try:
            yield
        finally:
            for chore in self._chores:
                chore.cancel()
            await asyncio.gather(*self._chores, return_exceptions=True)

    async def _get_ready(self) -> None:
        await self._api.post(f"/api/agents/{self._agent_id}/ready")

    async def _typify(self) -> None:
        """Think, choose a way down the tree, send it; a lost answer is asked for again with the same key."""
        thinking = self._luck.uniform(*THINKING_S)
        form_after = thinking * self._luck.uniform(*FORM_OPENED)
        await asyncio.sleep(form_after)
        await self._open_form()
        await asyncio.sleep(thinking - form_after)
        pop = self.screen.pop
        if pop is None or self.screen.attempt in self.screen.typified:
            return
        body = self._choice(pop)
        key = str(uuid4())
        for attempt in range(1, TRIES + 1):
            try:
                await self._api.post("/api/interactions", body, key=key)
                break
            except (Refused, httpx.HTTPError) as error:
                log.warning("typification failed", agent=self.name, error=str(error), attempt=attempt)
        else:
            return
        self.screen.typified.add(body["attempt_id"])
        self._tally.typified += 1

    async def _open_form(self) -> None:
        """The engine is told, so that it dials for this agent in time; a hint that is lost costs nothing."""
        try:
            body = {"attempt_id": self.screen.attempt} if self.screen.pop else {}
            await self._api.post(f"/api/agents/{self._agent_id}/finishing", body)
        except (Refused, httpx.HTTPError) as error:
            log.info("the opened form was not told", agent=self.name, error=str(error))

    def _choice(self, pop: Mapping[str, Any]) -> dict[str, Any]:
        path, names, action = choose(pop["results"]["roots"], self._luck)
        body: dict[str, Any] = {"attempt_id": pop["call"]["attempt_id"], "path": path}
        if action == "schedule":
            body["schedule"] = self._call_back(pop)
        self._tally.chosen[names[-1]] += 1
        self._note("→", " / ".join(names))
        return body

    def _call_back(self, pop: Mapping[str, Any]) -> dict[str, Any]:
        """At eleven in the morning of one of the next days, on the number that was called."""
        day = datetime.fromisoformat(pop["call"]["attempt_at"]) + timedelta(
            days=self._luck.randint(*CALL_BACK_DAYS)
        )
        return {
            "local": day.replace(hour=11, minute=0, second=0, microsecond=0, tzinfo=None).isoformat(),
            "zone": pop["campaign"]["zone"],
            "phone": pop["number"],
            "mine": self._luck.random() < 0.5,
        }

    def _note(self, what: str, text: str) -> None:
        self._recent.append(f"{self.name:<8} {what} {text}")


def called(pop: Mapping[str, Any]) -> str:
    """Who is on the line: the name, where there is one."""
    customer = pop["customer"] or {}
    return str(customer.get("name") or customer.get("key") or pop["number"])


def choose(roots: list[Mapping[str, Any]], luck: random.Random) -> tuple[list[str], list[str], str | None]:
    """A way down the tree as offered, by the demo's shares: result ids, names, the action that decides."""
    path: list[str] = []
    names: list[str] = []
    action: str | None = None
    nodes, leaves = roots, TREE
    while nodes:
        known: dict[str, Leaf] = {leaf.name: leaf for leaf in leaves}
        shares = [known.get(node["result"]["name"], _STRANGER).weight for node in nodes]
        node = luck.choices(nodes, shares)[0]
        result = node["result"]
        path.append(result["id"])
        names.append(result["name"])
        action = result["action"] or action
        nodes = node["children"]
        leaves = known.get(result["name"], _STRANGER).children
    return path, names, action
