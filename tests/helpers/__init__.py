"""What tests of every tier use."""

from tests.helpers.until import until, until_sync

__all__ = ["until", "until_sync"]
