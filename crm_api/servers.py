"""The Asterisk servers this installation names: what is to be reached on another would never be."""

from crm_api.access import Call
from crm_api.errors import invalid


def must_be_named(call: Call, server: str) -> None:
    """An API that was told of no server takes any: its dialers know them."""
    known = call.hub.settings.servers
    if known and server not in known:
        raise invalid(
            "unknown_server", f"no Asterisk is named {server!r}", server=server, known=sorted(known)
        )
