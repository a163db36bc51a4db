"""API and engine as two processes: PostgreSQL for what counts, Redis for the hints."""

from uuid import UUID

import httpx

from crm_api import sessions
from crm_api.access import Role
from dialer import agents, commands
from dialer.agents import Presence
from dialer.commands import WAKE
from dialer.live import FLOOR, AgentIs, Publisher
from lists import attempts
from lists.model import AttemptKind, Begin, Caps
from storage.bus import Message
from storage.database import Database
from storage.ids import uuid7
from storage.partitions import ensure_partitions
from storage.redis_bus import RedisBus
from tests.helpers.redis_server import RedisServer
from tests.helpers.until import until
from tests.integration.crm_api.given import NOW, Api, accepted
from tests.integration.crm_api.served import live_client, served


async def _apart(db: Database, redis: RedisServer) -> tuple[Api, RedisBus]:
    """An API with a bus of its own, and the bus of an engine elsewhere."""
    mine = await RedisBus.open(redis.url)
    engine = await RedisBus.open(redis.url)
    await until(lambda: mine.healthy and engine.healthy, 10)
    return Api(db, bus=mine), engine


async def _engine_answers(db: Database, engine: RedisBus, woken: Message) -> None:
    """What a worker does when it is woken up: reads the rows, answers them."""
    assert woken.topic == WAKE
    async with db.transaction() as conn:
        for command in await commands.queued(conn):
            await commands.answer(conn, [commands.Done(command.id, {})], now=NOW)


async def test_a_command_crosses_over_and_its_answer_comes_back(
    db: Database, redis_server: RedisServer
) -> None:
    api, engine = await _apart(db, redis_server)
    agent = await api.agent()
    client: httpx.AsyncClient = await api.as_role(Role.AGENT, agent_id=agent.id)
    try:
        async with engine.subscribe(WAKE) as waking:
            command = accepted(await client.post(f"/api/agents/{agent.id}/login"), 202)
            woken = await anext(waking)
            assert isinstance(woken, Message)
            await _engine_answers(db, engine, woken)
        told = accepted(await client.get(f"/api/commands/{command['id']}"))
        assert told["state"] == "done"
    finally:
        await api.close()
        await api.bus.close()
        await engine.close()


async def test_live_state_crosses_over_and_is_whole_again_after_redis_was_away(
    db: Database, redis_server: RedisServer
) -> None:
    api, engine = await _apart(db, redis_server)
    agent = await api.agent()
    operator = await api.as_role(Role.OPERATOR)
    publisher = Publisher(engine, "worker")
    body = AgentIs(agent_id=agent.id, state="ready", since=NOW)
    try:
        async with (
            served(api.app) as host,
            live_client(host, operator.cookies[sessions.COOKIE]) as floor,
        ):
            await floor.follow(FLOOR)
            publisher.publish([FLOOR], body, NOW)
            assert (await floor.next())["data"]["body"]["state"] == "ready"
            redis_server.stop()
            await until(lambda: not api.bus.healthy and not engine.healthy, 10)
            async with db.transaction() as conn:
                await agents.save_presences(conn, [Presence(agent.id, "paused", NOW, reason="lunch")])
            publisher.publish([FLOOR], AgentIs(agent.id, "paused", NOW, reason="lunch"), NOW)
            redis_server.start()
            again = await floor.next()
            assert again["kind"] == "snapshot"
            assert [one["reason"] for one in again["data"]["agents"]] == ["lunch"]
    finally:
        await api.close()
        await api.bus.close()
        await engine.close()


async def _offered(db: Database, agent_id: UUID, campaign_id: UUID) -> UUID:
    """What a worker writes when it gives an agent a call, and cannot tell of."""
    attempt_id = uuid7(NOW)
    begin = Begin(
        attempt_id=attempt_id,
        begun_at=NOW,
        kind=AttemptKind.MANUAL,
        campaign_id=campaign_id,
        contact=None,
        customer_id=None,
        phone_id=None,
        e164="+33199000001",
        trunk="",
        server="",
        caller_id="",
        epoch=0,
        worker="worker",
        agent_id=agent_id,
    )
    async with db.transaction() as conn:
        await ensure_partitions(conn, "attempt", NOW, 0)
        assert await attempts.begin(conn, [begin], {campaign_id: Caps()}, NOW) == [None]
        offered = Presence(agent_id, "offered", NOW, attempt_id=attempt_id, attempt_at=NOW)
        await agents.save_presences(conn, [offered])
    return attempt_id


async def test_a_call_offered_while_redis_is_away_pops_up_without_being_asked_for(
    db: Database, redis_server: RedisServer
) -> None:
    api, engine = await _apart(db, redis_server)
    campaign = await api.campaign("ventas")
    agent = await api.agent(campaign.id)
    client = await api.as_role(Role.AGENT, agent_id=agent.id)
    try:
        async with (
            served(api.app) as host,
            live_client(host, client.cookies[sessions.COOKIE]) as desk,
        ):
            await desk.follow(f"agent.{agent.id}")
            redis_server.stop()
            await until(lambda: not api.bus.healthy, 10)
            first = await desk.next()  # what was said when it went away may be lost
            assert (first["kind"], first["data"]["pop"]) == ("snapshot", None)
            attempt_id = await _offered(db, agent.id, campaign.id)
            shown = await desk.next()
            assert shown["kind"] == "snapshot"
            assert shown["data"]["pop"]["call"]["attempt_id"] == str(attempt_id)
            assert shown["data"]["pop"]["number"] == "+33199000001"
            await desk.ask("ping")
            assert (await desk.next())["kind"] == "pong", "nothing changed, nothing is told"
            redis_server.start()
            assert (await desk.next())["kind"] == "snapshot"
            await until(lambda: api.bus.healthy, 10)
    finally:
        await api.close()
        await api.bus.close()
        await engine.close()
