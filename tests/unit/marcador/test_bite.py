"""The table of `tests/bite` fits the tree: a mutation that finds nothing to change would prove nothing."""

import pytest

from tests.bite.__main__ import ROOT
from tests.bite.mutations import MUTATIONS, Mutation


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.what)
def test_each_piece_stands_once_where_the_table_says_and_its_test_exists(mutation: Mutation) -> None:
    assert (ROOT / mutation.file).read_text().count(mutation.text) == 1
    file, _, test = mutation.test.partition("::")
    assert f"def {test}(" in (ROOT / file).read_text()
    assert mutation.text != mutation.instead
