"""API and engine as two processes: PostgreSQL for what counts, Redis for the hints."""

import httpx

from crm_api import sessions
from crm_api.access import Role
from dialer import agents, commands
from dialer.agents import Presence
from dialer.commands import WAKE
from dialer.live import FLOOR, AgentIs, Publisher
from storage.bus import Message
from storage.database import Database
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
