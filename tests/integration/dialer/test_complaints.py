"""What dialers are hated for, and this one does not do. The numbers are those of the list of complaints.

Elsewhere: 4, 9, 10 and 18 in test_faults, 14 in test_agents, 11 in the recount of test_control and in
unit/dialer/test_rate, 16 and 17 with the link in tests/integration/ami.
"""

from collections import Counter
from datetime import timedelta
from unittest.mock import patch

import msgspec

from ami.actions import Action as AmiAction
from ami.actions import Originate
from ami.errors import ActionTimeout
from ami.link import Response
from ami.simulator import Behaviour, Fate, Population
from dialer.campaigns import Desired
from dialer.settings import Mode
from tests.integration.dialer.house import ANSWERS, SETTINGS, SILENT, House, in_virtual_time, number
from typifications.model import Action

MAIN, FIRST, SECOND = number(1), number(2), number(3)
POWER = msgspec.structs.replace(SETTINGS, mode=Mode.POWER, ratio=3.0)


def test_1_a_contact_added_to_an_idle_campaign_is_called_at_once(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign()
        await house.agent("ana", campaign.id)
        people = await house.list_(campaign.id)
        await house.clock.sleep(120)
        house.calls_to(MAIN, ANSWERS)
        await house.contact(people, MAIN)
        await house.until(lambda: house.dialled(), 2)

    in_virtual_time(database_dsn, story)


def test_2_one_lost_response_of_asterisk_holds_nobody_up(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign(settings=POWER)
        people = await house.list_(campaign.id)
        for n in range(4):
            house.calls_to(number(n), SILENT)
            await house.contact(people, number(n))
        send, lost = house.link.send, [True]

        async def once_without_answer(action: AmiAction, *, deadline: float = 5.0) -> Response:
            answer = await send(action, deadline=deadline)
            if isinstance(action, Originate) and "customer" in action.context and lost:
                lost.clear()
                raise ActionTimeout("no answer", sent=True)
            return answer

        with patch.object(house.link, "send", once_without_answer):
            await house.agent("ana", campaign.id)
            await house.until(lambda: len(house.dialled()) >= 4, 300)
        await house.clock.sleep(60)
        calls = Counter(call.attempt for call in house.pbx.calls)
        assert max(calls.values()) == 1, "what was perhaps sent is not sent again"
        assert not await house.rows(
            "SELECT * FROM live_attempt WHERE begun_at < $1", house.clock.now() - timedelta(minutes=1)
        )

    in_virtual_time(database_dsn, story)


def test_3_started_before_asterisk_was_up_it_dials_when_it_is(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.pbx.stop()
        await house.kill_worker()
        await house.start_worker()
        await house.trunk()
        campaign = await house.campaign()
        house.calls_to(MAIN, ANSWERS)
        await house.contact(await house.list_(campaign.id), MAIN)
        await house.clock.sleep(120)
        await house.pbx.start()
        await house.until(lambda: house.link.connected, 60)
        await house.agent("ana", campaign.id)
        await house.until(lambda: house.dialled(), 10)

    in_virtual_time(database_dsn, story)


def test_5_a_contact_that_cannot_be_dialled_does_not_jam_those_behind_it(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk(number_format="national", region="FR")
        campaign = await house.campaign()
        people = await house.list_(campaign.id)
        bad = await house.contact(people, MAIN)
        async with house.db.transaction() as conn:  # a country nobody knows, from an older import
            await conn.execute("UPDATE phone SET e164 = '+99912345678'")
        house.calls_to("0" + FIRST.removeprefix("+33"), ANSWERS)
        await house.contact(people, FIRST)
        ana = await house.agent("ana", campaign.id)
        await house.until(lambda: house.state(ana.id) == "talking")
        row = await house.contact_row(bad)
        assert (row["state"], row["final_reason"]) == ("rejected", "not_dialable")

    in_virtual_time(database_dsn, story)


def test_6_and_15_the_channel_limit_is_reached_never_passed_and_wholly_given_back(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk(channels=7)
        settings = msgspec.structs.replace(POWER, ratio=10.0, channels=5)
        campaign = await house.campaign(settings=settings)
        people = await house.list_(campaign.id)
        for n in range(40):
            await house.contact(people, number(n))
        done = await house.result(campaign.id, Action.NO_ACTION)
        for n in range(3):
            house.typifies_everything(await house.agent(f"agent-{n}", campaign.id), done)
        most = 0
        while (await house.states())["done"] + (await house.states())["exhausted"] < 40:
            await house.clock.sleep(1)
            most = max(most, len(house.engine.tools.calls))
        await house.clock.sleep(5)
        assert most == 5
        trunk = house.engine.tools.trunks.by_name("trunk")
        assert trunk is not None
        assert trunk.limits.in_use == 0

    in_virtual_time(database_dsn, story, population=Population(seed=6, numbers={}))


def test_7_two_campaigns_that_share_their_agents_both_get_their_share(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        one, other = await house.campaign("one"), await house.campaign("other")
        for campaign, start in ((one, 0), (other, 1000)):
            people = await house.list_(campaign.id)
            for n in range(start, start + 80):
                house.calls_to(number(n), ANSWERS)
                await house.contact(people, number(n))
        done = {c.id: await house.result(c.id, Action.NO_ACTION) for c in (one, other)}
        for n in range(4):
            agent = await house.agent(f"agent-{n}", one.id, other.id)
            house.typifies_everything(agent, done)
        await house.clock.sleep(900)
        found = await house.rows("SELECT campaign_id, count(*) AS n FROM attempt GROUP BY 1")
        shares = {row["campaign_id"]: row["n"] for row in found}
        assert min(shares.values()) > 0.35 * sum(shares.values())
        assert (await house.outcomes())["abandoned"] == 0, "progressive: one call for one agent, over both"

    in_virtual_time(database_dsn, story)


def test_8_a_campaign_with_nothing_left_says_that_it_is_finished(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign()
        done = await house.result(campaign.id, Action.NO_ACTION)
        house.calls_to(MAIN, ANSWERS)
        await house.contact(await house.list_(campaign.id), MAIN)
        house.typifies_everything(await house.agent("ana", campaign.id), done)
        await house.finished()
        await house.clock.sleep(60)
        for _ in range(120):  # and goes on saying so
            await house.clock.sleep(1)
            assert house.engine.hub.runs[campaign.id].status.doing == "finished"
        status = (await house.row("SELECT status FROM campaign"))["status"]
        assert (status["doing"], status["why"]) == ("finished", "no_contacts_left")
        assert status["finals"] == {"done": 1}

    in_virtual_time(database_dsn, story)


def test_12_a_waiting_customer_gets_the_agent_who_becomes_free_within_the_patience(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign(settings=POWER)
        done = await house.result(campaign.id, Action.NO_ACTION)
        people = await house.list_(campaign.id)
        ana = await house.agent("ana", campaign.id)
        house.calls_to(MAIN, Behaviour(fate=Fate.ANSWER, setup_s=0.3, ring_s=2, talk_s=10))
        house.calls_to(FIRST, Behaviour(fate=Fate.ANSWER, setup_s=0.3, ring_s=14, talk_s=10))
        for phone in (MAIN, FIRST):
            await house.contact(people, phone)
        await house.until(lambda: house.state(ana.id) == "wrapup")
        await house.until(lambda: house.engine.tools.calls.waiting, 10)
        await house.clock.sleep(1.5)
        await house.typify(ana.id, done)
        await house.until(lambda: house.state(ana.id) == "talking", 0.1)
        await house.clock.sleep(30)
        assert await house.outcomes() == {"connected": 2}

    in_virtual_time(database_dsn, story)


def test_13_a_number_in_two_lists_and_two_campaigns_rings_once_at_a_time(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        house.calls_to(MAIN, SILENT)
        for name in ("one", "other"):
            campaign = await house.campaign(name)
            for _ in range(2):
                await house.contact(await house.list_(campaign.id), MAIN)
            await house.agent(f"agent-{name}", campaign.id)
            await house.agent(f"second-{name}", campaign.id)
        most = 0
        for _ in range(600):
            await house.clock.sleep(1)
            most = max(most, sum(call.e164 == MAIN for call in house.engine.tools.calls))
        assert most == 1
        assert len(house.dialled()) > 1

    in_virtual_time(database_dsn, story)


def test_19_hours_are_the_callees_and_nobody_elses(database_dsn: str) -> None:
    """At noon UTC it is 7 in New York, 13 in Paris: the law's window is 8 to 21 where the customer is."""
    new_york, paris = "+12125550123", "+33261910001"

    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign(settings=msgspec.structs.replace(SETTINGS, preset="us", zone="UTC"))
        people = await house.list_(campaign.id)
        for phone in (new_york, paris):
            house.calls_to(phone, SILENT)
            await house.contact(people, phone)
        await house.agent("ana", campaign.id)
        await house.clock.sleep(3500)
        assert set(house.dialled()) == {paris}
        await house.until(lambda: new_york in house.dialled(), 200)

    in_virtual_time(database_dsn, story)


def test_20_an_opt_out_at_the_abandoned_call_message_is_stored_and_holds(database_dsn: str) -> None:
    async def story(house: House) -> None:
        await house.trunk()
        campaign = await house.campaign(settings=POWER)
        people = await house.list_(campaign.id)
        await house.agent("ana", campaign.id)
        house.calls_to(MAIN, Behaviour(fate=Fate.ANSWER, setup_s=0.3, ring_s=1, talk_s=300))
        house.calls_to(FIRST, Behaviour(fate=Fate.ANSWER, setup_s=0.3, ring_s=3, opts_out=True))
        await house.contact(people, MAIN)
        wanted = await house.contact(people, FIRST, SECOND)
        await house.until(lambda: len(house.dialled()) == 2)
        await house.clock.sleep(30)
        assert (await house.outcomes())["abandoned"] == 1
        entries = await house.rows("SELECT e164, source FROM do_not_call ORDER BY e164")
        assert entries == [{"e164": FIRST, "source": "opt_out"}, {"e164": SECOND, "source": "opt_out"}]
        assert (await house.contact_row(wanted))["state"] == "do_not_call"
        await house.want(campaign.id, Desired.RUNNING)
        await house.clock.sleep(1800)
        assert house.dialled().count(FIRST) == 1

    in_virtual_time(database_dsn, story)
