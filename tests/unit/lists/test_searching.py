"""Which threes of a name are looked up, and how common its words are held to be."""

import pytest

from lists.folding import word_grams
from lists.searching import choose

MARIA, GARCIA = word_grams("maria"), word_grams("garcia")
SHARES = {MARIA[0]: 0.24, MARIA[1]: 0.10, MARIA[2]: 0.09, **dict.fromkeys(GARCIA, 0.2), GARCIA[1]: 0.12}


def test_of_a_rare_word_the_common_threes_are_not_looked_up() -> None:
    long = word_grams("zubizarreta")
    threes, _ = choose(["zubizarreta"], dict.fromkeys(long[3:], 0.3))
    assert sorted(threes) == sorted(long[:3])


def test_every_word_is_looked_up_by_its_rarest_three_at_least() -> None:
    threes, _ = choose(["maria", "zubizarreta"], SHARES)
    assert MARIA[2] in threes
    assert MARIA[0] not in threes


def test_a_word_is_as_common_as_its_rarest_three_and_words_have_nothing_to_do_with_each_other() -> None:
    _, expected = choose(["maria", "garcia"], SHARES)
    assert expected == pytest.approx(0.09 * 0.12)


def test_a_three_the_statistics_do_not_know_is_rare() -> None:
    assert choose(["maria", "xyzzy"], SHARES)[1] < 0.0001


def test_two_letters_are_looked_for_at_the_start_of_a_word_and_one_letter_not_at_all() -> None:
    assert choose(["ma"], {})[0] == list(word_grams(" ma"))
    assert choose(["m"], {}) == ([], 1.0)
