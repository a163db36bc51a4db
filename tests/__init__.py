import pytest

# What tests share asserts too, and its failures shall show the values as well.
pytest.register_assert_rewrite("tests.contract", "tests.helpers", "tests.integration", "tests.system")
