"""What Asterisk keeps of an opt-out, for whoever was not listening when it was pressed."""

from ami import actions
from ami import events as e
from ami.kept import OPT_OUTS, opt_out
from tests.contract.bench import Bench, Number
from tests.contract.broadcast_scenarios import broadcast
from tests.contract.scenarios import Scenario, called_in, refused


async def _kept(bench: Bench) -> dict[str, str]:
    listed = await bench.send(actions.DBGetTree(OPT_OUTS))
    entries = [item for item in listed.items if isinstance(item, e.DatabaseEntry)]
    assert all(entry.family == OPT_OUTS for entry in entries)
    return {entry.key: entry.value for entry in entries}


async def the_opt_out_is_kept_before_it_is_told_and_until_it_is_deleted(bench: Bench) -> None:
    attempt = await bench.waiting(Number.PRESSES_9)
    await bench.until(lambda: bench.told(e.MarcadorOptOut, attempt), "pressed")
    entry = opt_out(e.DatabaseEntry(OPT_OUTS, attempt, (await _kept(bench))[attempt]))
    (closed,) = bench.told(e.MarcadorClosed, attempt)
    assert isinstance(closed, e.MarcadorClosed)
    assert entry is not None
    assert (entry.number, entry.did) == ("", "")
    assert closed.at_ms < entry.at_ms < closed.at_ms + 8000
    await bench.gone(attempt)
    assert attempt in await _kept(bench), "the end of the call changes nothing"
    await bench.send(actions.DBDel(OPT_OUTS, attempt))
    assert attempt not in await _kept(bench)
    assert "could not be deleted" in await refused(bench, actions.DBDel(OPT_OUTS, attempt))


async def a_callers_opt_out_is_kept_with_both_numbers(bench: Bench) -> None:
    inbound = await called_in(bench)
    await bench.send(actions.Redirect(inbound.uniqueid, OPT_OUTS, "s"))
    await bench.gone(inbound.uniqueid)
    (told,) = bench.told(e.MarcadorOptOut, inbound.uniqueid)
    assert isinstance(told, e.MarcadorOptOut)
    assert told.number == "34611222333"
    _, number, did = (await _kept(bench))[inbound.uniqueid].split(",")
    assert (number, did) == ("34611222333", "34910000000")
    await bench.send(actions.DBDel(OPT_OUTS, inbound.uniqueid))


async def key_9_of_a_broadcast_is_kept_too(bench: Bench) -> None:
    attempt = await broadcast(bench, Number.PRESSES_9)
    await bench.until(lambda: bench.told(e.MarcadorOptOut, attempt), "pressed")
    assert attempt in await _kept(bench)
    await bench.send(actions.DBDel(OPT_OUTS, attempt))


async def asterisk_says_that_it_keeps_opt_outs(bench: Bench) -> None:
    assert (await bench.send(actions.Getvar("MARCADOR_KEEPS_OPTOUTS"))).fields["value"] == "1"
    await bench.send(actions.ModuleCheck("func_db"))
    assert "Module not loaded" in await refused(bench, actions.ModuleCheck("func_nothing"))


OPT_OUT_SCENARIOS: tuple[Scenario, ...] = (
    the_opt_out_is_kept_before_it_is_told_and_until_it_is_deleted,
    key_9_of_a_broadcast_is_kept_too,
    a_callers_opt_out_is_kept_with_both_numbers,
    asterisk_says_that_it_keeps_opt_outs,
)
