"""What becomes of a contact after a call, when no agent has said anything."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from dialer.outcome import Outcome, Verdict
from dialer.settings import Settings
from lists.model import AwaitTypification, ContactState, Decision, Finish, Retry

TOLD = frozenset({Outcome.PLAYED, Outcome.PRESSED, Outcome.MESSAGE_LEFT})
"""A broadcast has done its work; a campaign may still name a retry, to reach a person after a machine."""
TRUNK_WAIT_MAX_S = 900
"""A trunk's fault is tried again after 1, 2, 4, 8, then every 15 minutes."""


def after_call(
    verdict: Verdict,
    settings: Settings,
    retries: Mapping[str, int],
    now: datetime,
) -> Decision:
    """The contact's next step. `retries` counts, by outcome, the retries it has had (`Reserved.retries`).

    The caps are not looked at here: `lists.contacts.settle` holds every decision against them, finds the next
    phone that may be dialled, and ends the contact where there is none.
    """
    if verdict.outcome is Outcome.CONNECTED:
        return AwaitTypification()
    if verdict.outcome is Outcome.OPTED_OUT:
        return Finish(ContactState.DO_NOT_CALL, verdict.outcome)
    if verdict.bad_number:
        # No wait: nobody was disturbed, and it is another phone that rings next.
        return Retry(not_before=now, phone="next", outcome=verdict.outcome)
    rule = settings.retry_rule(verdict.outcome)
    done = retries.get(verdict.outcome, 0)
    if rule is None or done >= rule.max or not verdict.redial:
        state = ContactState.DONE if verdict.outcome in TOLD else ContactState.EXHAUSTED
        return Finish(state, verdict.outcome)
    if not verdict.costs_attempt:
        wait = min(rule.wait_s * 2 ** min(done, 10), max(rule.wait_s, TRUNK_WAIT_MAX_S))
        return Retry(not_before=now + timedelta(seconds=wait), phone="same", outcome=verdict.outcome)
    return Retry(
        not_before=now + timedelta(seconds=rule.wait_s),
        phone=rule.phone,
        outcome=verdict.outcome,
    )


def agenda_retry(
    verdict: Verdict, settings: Settings, tries: int, now: datetime
) -> Retry | AwaitTypification | None:
    """After a call made for an agenda event, `tries` calls in all: again soon, for the same agent.

    None: it has had its tries and goes back to the list by the ordinary rules.
    """
    if verdict.outcome is Outcome.CONNECTED:
        return AwaitTypification()
    if verdict.bad_number or tries >= settings.agenda_tries:
        return None
    return Retry(not_before=now + timedelta(seconds=settings.agenda_retry_s), phone="same")
