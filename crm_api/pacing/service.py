"""From the worker's rows to what a supervisor reads."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from crm_api.access import Call
from crm_api.errors import not_found
from crm_api.pacing import words
from crm_api.pacing.schemas import ChancesOut, LevelOut, PacingOut
from dialer import counters
from dialer.campaigns import Campaign
from dialer.chance import Chances, Level, Standing


async def pacing(call: Call, campaign_id: UUID) -> PacingOut:
    found = await counters.load_pacing(call.conn, campaign_id)
    if found.at is None:
        raise not_found("pacing", campaign_id)
    figures = found.figures
    return PacingOut(
        at=found.at,
        mode=figures["mode"],
        wanted=figures["wanted"],
        bound=figures["bound"],
        chances=figures["chances"],
        decisions=figures["decisions"],
        decision_s=figures["decision_s"],
        says=words.pacing(figures, call.who.language),
        **_estimates(figures),
    )


def _estimates(figures: Mapping[str, Any]) -> dict[str, Any]:
    """The pacer's own; a simpler mode has only counts, one that failed has none."""
    counts = {name: int(figures.get(name, 0)) for name in ("agents", "idle", "waiting", "in_flight")}
    names = ("expected_answers", "expected_free", "answer_rate", "price", "target", "budget_left")
    told = {name: figures.get(name) for name in names}
    return {**counts, **told, "within_s": figures.get("within"), "cold": bool(figures.get("cold", False))}


async def chances(call: Call, campaign: Campaign) -> ChancesOut:
    memory = (await counters.load_pacing(call.conn, campaign.id)).memory
    model = Chances()
    if counters.CHANCES in memory:
        model.restore(memory[counters.CHANCES])
    off = campaign.settings.answer_chances == "off"
    standing = Standing.OFF if off else model.standing
    language = call.who.language
    return ChancesOut(
        standing=standing,
        says=words.standing(standing, model.calls, model.gain, language),
        calls=model.calls,
        answers=model.answers,
        rate=model.rate,
        gain=model.gain,
        levels=[_level(level, language) for level in model.levels()],
    )


def _level(level: Level, language: str) -> LevelOut:
    feature, _, value = level.trait.partition("=")
    return LevelOut(
        feature=feature,
        level=value,
        calls=level.calls,
        answers=level.answers,
        odds=level.odds,
        low=level.low,
        high=level.high,
        says=words.level(feature, value, level, language),
    )
