"""The same beginnings as the other tests of the API."""

from tests.integration.crm_api.conftest import admin, api, operator

__all__ = ["admin", "api", "operator"]
