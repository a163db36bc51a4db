"""What counts as in flight."""

import pytest

from storage.in_flight import InFlight


def test_what_was_sent_is_in_flight_until_it_is_received() -> None:
    in_flight = InFlight()
    in_flight.sent(3)
    in_flight.received(2)
    assert in_flight
    assert in_flight.count == 1
    in_flight.received()
    assert not in_flight


def test_links_are_told_apart_so_that_one_cannot_hide_the_other() -> None:
    in_flight = InFlight()
    in_flight.sent(5, "a")
    in_flight.received(5, "b")
    assert in_flight
    assert str(in_flight) == "0 pieces of work, 5 on 'a', -5 on 'b'"


def test_a_lost_link_takes_along_what_it_carried() -> None:
    in_flight = InFlight()
    in_flight.sent(5, "a")
    in_flight.forget("a")
    in_flight.forget("a")
    assert not in_flight


def test_work_is_in_flight_for_as_long_as_it_lasts_even_when_it_fails() -> None:
    in_flight = InFlight()

    def fail() -> None:
        with in_flight.working(), in_flight.working():
            assert in_flight.count == 2
            raise ValueError

    with pytest.raises(ValueError):
        fail()
    assert not in_flight


def test_every_change_is_a_sign_of_life() -> None:
    in_flight = InFlight()
    before = in_flight.changes
    in_flight.sent()
    in_flight.received()
    with in_flight.working():
        pass
    assert in_flight.changes == before + 4
