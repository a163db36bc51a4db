"""What `marcador doctor` looks at: each check says what it found, and how to mend what is wrong."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ami.actions import CoreSettings, DBGetTree, Getvar, ModuleCheck, PJSIPShowEndpoints
from ami.connection import AsteriskLink
from ami.errors import ActionRefused, AmiError
from ami.kept import OPT_OUTS
from dialer import agents, campaigns, trunks
from dialer.campaigns import Campaign
from dialer.hours import Closed, campaign_opening
from dialer.trunks import Trunk
from marcador import sounds
from marcador.wiring import linked
from storage.database import Connection
from storage.migrate import unapplied

EVERY = 100_000
CONNECT_S = 5.0
OLDEST_POSTGRES = 150_000
ASTERISK = "22."
_ENDPOINT = re.compile(r"PJSIP/(?:[^@/]*@)?([A-Za-z0-9_-]+)$")


@dataclass(frozen=True, slots=True)
class Finding:
    """`mend` is empty where nothing needs mending."""

    what: str
    said: str
    mend: str = ""

    @property
    def fine(self) -> bool:
        return not self.mend


async def database(conn: Connection) -> list[Finding]:
    """Version and migrations."""
    version = int(await conn.fetchval("SHOW server_version_num"))
    shown = f"PostgreSQL {version // 10_000}.{version % 10_000}"
    found = [
        Finding("database", shown)
        if version >= OLDEST_POSTGRES
        else Finding("database", shown, "use PostgreSQL 15 or newer")
    ]
    if waiting := await unapplied(conn):
        mend = "run 'marcador migrate' ('marcador run' does it, too)"
        return [*found, Finding("migrations", f"{len(waiting)} are missing", mend)]
    return [*found, Finding("migrations", "up to date")]


async def redis(url: str | None) -> Finding:
    """Whether the bus between processes answers."""
    if not url:
        return Finding("redis", "not used: everything must run in one process ('marcador run')")
    from redis.asyncio import Redis
    from redis.exceptions import RedisError

    client = Redis.from_url(url, socket_connect_timeout=CONNECT_S, socket_timeout=CONNECT_S)
    try:
        await client.ping()
    except (RedisError, OSError) as error:
        return Finding("redis", f"no answer: {error}", "start redis-server, or correct REDIS_URL")
    finally:
        await client.aclose()
    return Finding("redis", "answers")


@dataclass(frozen=True, slots=True)
class Pbx:
    """What one Asterisk said of itself; `endpoints` None: not asked, or not answered."""

    name: str
    findings: tuple[Finding, ...]
    endpoints: frozenset[str] | None = None
    link: AsteriskLink | None = None
    """Where it answered."""


async def asterisk(link: AsteriskLink) -> Pbx:
    """Log-in, version, and the phones and trunks it knows."""
    what = f"asterisk {link.name}"
    if not await linked(link, CONNECT_S):
        reason = link.last_error or "no answer"
        mend = "is Asterisk up, and do host, port, user and secret in MARCADOR_AMI fit manager.conf?"
        return Pbx(link.name, (Finding(what, reason, mend),))
    try:
        core = await link.send(CoreSettings())
        version = core.fields.get("asteriskversion", "unknown")
        listed = await link.send(PJSIPShowEndpoints())
    except ActionRefused as error:
        mend = "give the AMI user the permissions of deploy/asterisk/manager.conf.in"
        return Pbx(link.name, (Finding(what, str(error), mend),))
    except AmiError as error:
        return Pbx(link.name, (Finding(what, str(error), "look at Asterisk's log"),))
    kept = await _opt_outs(link)
    known = frozenset(name for item in listed.items if (name := getattr(item, "name", "")))
    said = Finding(what, f"Asterisk {version}, {len(known)} endpoints")
    if not version.startswith(ASTERISK):
        said = Finding(what, f"Asterisk {version}", "Marcador is tested on Asterisk 22")
    return Pbx(link.name, (said, kept), known, link)


async def _opt_outs(link: AsteriskLink) -> Finding:
    """Whether what a customer presses while no dialer listens can be kept, and read."""
    what = f"opt-outs on {link.name}"
    try:
        keeps = (await link.send(Getvar("MARCADOR_KEEPS_OPTOUTS"))).fields.get("value")
        if keeps:
            await link.send(ModuleCheck("func_db"))
            waiting = len((await link.send(DBGetTree(OPT_OUTS))).items)
            return Finding(what, f"kept while no dialer listens, {waiting} to be stored")
        why = "its dialplan is older"
    except AmiError as error:
        why = str(error)
    mend = "install extensions.conf, modules.conf and manager.conf of deploy/asterisk"
    return Finding(what, f"one pressed while no dialer listens is lost: {why}", mend)


async def dialling(conn: Connection, pbxs: Sequence[Pbx], now: datetime) -> list[Finding]:
    """Trunks, agents' phones and running campaigns against what the Asterisks know."""
    known = {pbx.name: pbx.endpoints for pbx in pbxs}
    out = await trunks.page(conn, limit=EVERY)
    found = [_trunk(trunk, known, now) for trunk in out]
    if not out:
        found.append(Finding("trunks", "there is none", "add a trunk through the API"))
    phones = await agents.page(conn, limit=EVERY)
    lost = [a.code for a in phones if a.enabled and _missing(a.dial, known.get(a.server))]
    if lost:
        found.append(Finding("agents", f"no endpoint for {', '.join(lost)}", "add them to pjsip.conf"))
    else:
        found.append(Finding("agents", f"{len(phones)} known"))
    every = await campaigns.page(conn, limit=EVERY)
    running = [c for c in every if c.desired is campaigns.Desired.RUNNING]
    found += [_campaign(campaign, {trunk.id for trunk in out}, now) for campaign in running]
    return found + await _sounds(every, out, pbxs)


async def _sounds(every: Sequence[Campaign], out: Sequence[Trunk], pbxs: Sequence[Pbx]) -> list[Finding]:
    """What campaigns let their customers hear, stopped ones included: before a broadcast starts is the time
    to record it."""
    dialling = [c for c in every if c.kind is campaigns.Kind.DIALER]
    wanted = {campaign.name: sounds.named(campaign) for campaign in dialling}
    asked = {sound for each in wanted.values() for sound in each}
    known = {pbx.name: await sounds.there(pbx.link, asked) for pbx in pbxs if pbx.link and asked}
    found = []
    for campaign in dialling:
        servers = {trunk.server for trunk in out if trunk.id in campaign.settings.trunks} & known.keys()
        heard = {name: known[name] for name in servers or known}
        for server, lost in sounds.missing(wanted[campaign.name], heard).items():
            files = ", ".join(f"sounds/{one.language}/{one.name}" for one in lost)
            said = f"{', '.join(one.name for one in lost)} is not on {server}: silence"
            mend = f"record {files} (.wav of 8 kHz) in the data folder of asterisk {server}"
            found.append(Finding(f"sounds of {campaign.name}", said, mend))
    for server, has in known.items():
        if not has:
            mend = "install the new call_control.conf ('deploy/asterisk/install.sh') to have them checked"
            found.append(Finding(f"sounds on {server}", "Asterisk does not say which are there", mend))
    if known and not found:
        found.append(Finding("sounds", f"{len(asked)} are there"))
    return found


def _trunk(trunk: Trunk, known: dict[str, frozenset[str] | None], now: datetime) -> Finding:
    what = f"trunk {trunk.name}"
    if trunk.server not in known:
        servers = ", ".join(known) or "none"
        return Finding(what, f"is on {trunk.server!r}; named are: {servers}", "name it in MARCADOR_AMI")
    if _missing(trunk.dial, known[trunk.server]):
        return Finding(what, f"{trunk.dial} leads nowhere", "add its endpoint to pjsip.conf")
    if not trunk.usable(now):
        why = f"suspended until {trunk.suspended_until}" if trunk.enabled else "disabled"
        return Finding(what, why, "enable it, or look at what the carrier answers")
    return Finding(what, f"{trunk.channels} channels, {trunk.calls_per_s:g} calls/s")


def _campaign(campaign: Campaign, trunk_ids: set[object], now: datetime) -> Finding:
    what = f"campaign {campaign.name}"
    if not trunk_ids & set(campaign.settings.trunks):
        return Finding(what, "has no trunk", "give it one in its settings")
    opening = campaign_opening(campaign.settings, now)
    if isinstance(opening, Closed):
        return Finding(what, f"outside its hours ({opening.why}) until {opening.until:%Y-%m-%d %H:%M} UTC")
    doing = f"{campaign.status.doing} {campaign.status.why}".strip()
    hours = campaign.settings.hours or campaign.settings.callee_hours or campaign.settings.preset != "off"
    return Finding(what, doing if hours else f"{doing}; calling hours are off")


def _missing(dial: str, endpoints: frozenset[str] | None) -> bool:
    """Only of PJSIP endpoints on a server that answered can it be said that they are missing."""
    found = _ENDPOINT.match(dial.replace("{number}", "0"))
    return bool(found and endpoints is not None and found[1] not in endpoints)
