"""What is taken out, and the test that must notice.

`tests/unit/marcador/test_bite.py` keeps the table from rotting.
"""

from dataclasses import dataclass

BEGINNING = "tests/integration/lists/test_beginning.py"
LINK = "tests/integration/ami/test_link_faults.py"
OPT_OUTS = "tests/integration/dialer/test_opt_outs.py"


@dataclass(frozen=True, slots=True)
class Mutation:
    """`text` stands exactly once in `file`, and is replaced by `instead`."""

    what: str
    file: str
    text: str
    instead: str
    test: str


MUTATIONS = (
    Mutation(
        "begin attempt no longer checks the worker's epoch",
        "lists/judging.py",
        "facts.epoch != begin.epoch or not (facts.open or manual)",
        "not (facts.open or manual)",
        f"{BEGINNING}::test_an_attempt_of_an_older_epoch_or_a_closed_campaign_is_fenced_and_given_back",
    ),
    Mutation(
        "begin attempt no longer checks that the campaign is open",
        "lists/judging.py",
        "(facts.epoch != begin.epoch or not (facts.open or manual))",
        "facts.epoch != begin.epoch",
        f"{BEGINNING}::test_an_attempt_of_an_older_epoch_or_a_closed_campaign_is_fenced_and_given_back",
    ),
    Mutation(
        "begin attempt no longer looks into the do-not-call list",
        "lists/queries_attempts.sql",
        "EXISTS (SELECT FROM do_not_call d WHERE",
        "EXISTS (SELECT FROM do_not_call d WHERE false AND",
        f"{BEGINNING}::test_a_number_on_the_do_not_call_list_is_never_begun",
    ),
    Mutation(
        "begin attempt no longer asks whose reservation it is",
        "lists/judging.py",
        "if not waiting or facts.reserved_by != begin.worker:",
        "if not waiting:",
        f"{BEGINNING}::test_a_reservation_another_worker_took_over_begins_nothing",
    ),
    Mutation(
        "two live calls to one number are possible",
        "storage/migrations/0001_pre_lists_tables.sql",
        "CREATE UNIQUE INDEX live_attempt_e164",
        "CREATE INDEX live_attempt_e164",
        f"{BEGINNING}::test_of_two_workers_beginning_the_same_number_at_once_exactly_one_may",
    ),
    Mutation(
        "two live calls to one customer are possible",
        "storage/migrations/0001_pre_lists_tables.sql",
        "CREATE UNIQUE INDEX live_attempt_customer",
        "CREATE INDEX live_attempt_customer",
        f"{BEGINNING}::test_a_customer_in_one_call_is_not_called_on_another_number_through_another_campaign",
    ),
    Mutation(
        "an attempt can be closed twice",
        "lists/queries_attempts.sql",
        "FROM u WHERE a.id = u.id AND a.begun_at = u.begun_at AND a.ended_at IS NULL",
        "FROM u WHERE a.id = u.id AND a.begun_at = u.begun_at",
        f"{BEGINNING}::test_closing_frees_number_and_customer_and_happens_once",
    ),
    Mutation(
        "Asterisk forgets an opt-out before it is stored",
        "dialer/engine/hub.py",
        "first_job(store, written=lambda: self._tools.sender.post(call.server, kept))",
        "first_job(store, written=self._tools.sender.post(call.server, kept))",
        f"{OPT_OUTS}::test_what_is_heard_is_forgotten_by_asterisk_when_postgresql_has_it_and_not_before",
    ),
    Mutation(
        "an opt-out that was pressed while no dialer lived is not read",
        "dialer/engine/kept.py",
        "for kept in await self._read(server, deadline):",
        "for kept in list[KeptOptOut]():",
        f"{OPT_OUTS}::test_9_pressed_while_no_dialer_lives_is_stored_by_the_next",
    ),
    Mutation(
        "an AMI action has no deadline",
        "ami/session.py",
        "async with asyncio.timeout(deadline):",
        "async with asyncio.timeout(None):",
        f"{LINK}::test_a_timed_out_action_is_forgotten_and_its_late_answer_harms_nobody",
    ),
    Mutation(
        "a line break in a value goes out to Asterisk",
        "ami/values.py",
        "if _CONTROL.search(value):",
        "if False:",
        f"{LINK}::test_a_line_break_never_leaves_this_process",
    ),
    Mutation(
        "a batch that is too slow is tried again whole",
        "dialer/engine/writes.py",
        "except (DatabaseDown, RetryTransaction) as error:",
        "except (DatabaseDown, RetryTransaction, DeadlinePassed) as error:",
        "tests/unit/dialer/test_writes.py::test_a_batch_too_slow_as_a_whole_is_written_in_parts_in_its_order",
    ),
    Mutation(
        "a trunk's rate waits for a time of day",
        "dialer/passing.py",
        "self._since, self._latest = self._since - by, now",
        "self._latest = now",
        "tests/unit/dialer/test_rate.py"
        "::test_a_clock_that_is_set_back_neither_stops_the_calls_nor_lets_more_of_them_out",
    ),
    Mutation(
        "a third party's channel is forgotten at a take-over",
        "dialer/engine/following.py",
        "if listed.account_code == THIRD:",
        "if False:",
        "tests/integration/dialer/test_call_control.py"
        "::test_a_third_partys_channel_is_counted_by_the_next_owner_too",
    ),
)
