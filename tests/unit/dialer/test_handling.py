"""What may be done with a conversation as it stands, and how it stands where its channels are."""

from itertools import product

import pytest

from dialer.handling import Act, Handling, Places, handling, refusal


@pytest.mark.parametrize(
    ("at", "stands"),
    [
        (Places("bridge-1", "bridge-1"), Handling.TALKING),
        (Places("marcador-held", "marcador-agents"), Handling.HELD),
        (Places("marcador-held", "marcador-desks"), Handling.HELD),
        (Places("marcador-held", "", "", has_third=True), Handling.CONSULTING),
        (Places("marcador-held", "bridge-2", "bridge-2", has_third=True), Handling.CONSULTING),
        (Places("talk-7", "talk-7", "talk-7", has_third=True), Handling.CONFERENCE),
        (Places("talk-7", "marcador-agents", "talk-7", has_third=True), Handling.TRANSFERRED),
        (Places("bridge-3", "marcador-agents", "bridge-3", has_third=True), Handling.TRANSFERRED),
        (Places("", "", ""), None),
        (Places("bridge-1", ""), None),
        (Places("talk-7", "bridge-2", "bridge-2", has_third=True), None),
    ],
)
def test_how_a_conversation_stands_is_read_off_the_bridges(at: Places, stands: Handling | None) -> None:
    assert handling(at) is stands


@pytest.mark.parametrize(
    ("act", "now", "error_id"),
    [
        (Act.HOLD, Handling.HELD, "already_held"),
        (Act.HOLD, Handling.CONSULTING, "consulting"),
        (Act.HOLD, Handling.CONFERENCE, "in_conference"),
        (Act.RESUME, Handling.TALKING, "not_held"),
        (Act.RESUME, Handling.CONSULTING, "consulting"),
        (Act.KEYS, Handling.HELD, "customer_held"),
        (Act.TRANSFER, Handling.CONSULTING, "consulting"),
        (Act.COMPLETE, Handling.TALKING, "not_consulting"),
        (Act.CANCEL, Handling.HELD, "not_consulting"),
        (Act.CONFERENCE, Handling.CONFERENCE, "in_conference"),
        (Act.HOLD, Handling.TRANSFERRED, "not_talking"),
    ],
)
def test_what_makes_no_sense_now_is_refused_by_name(act: Act, now: Handling, error_id: str) -> None:
    assert refusal(act, now, third_answered=True) == error_id


def test_nobody_is_left_with_a_phone_that_still_rings() -> None:
    for act in (Act.COMPLETE, Act.CONFERENCE):
        assert refusal(act, Handling.CONSULTING) == "third_not_answered"
        assert refusal(act, Handling.CONSULTING, third_answered=True) == ""
    assert refusal(Act.CANCEL, Handling.CONSULTING) == ""


def test_every_act_is_either_allowed_or_refused_with_a_word_and_none_on_a_call_given_away() -> None:
    for act, now in product(Act, Handling):
        reason = refusal(act, now, third_answered=True)
        assert reason == "" or reason.islower()
        assert now is not Handling.TRANSFERRED or reason == "not_talking"
