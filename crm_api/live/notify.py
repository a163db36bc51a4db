"""What the API itself says on the bus: that open sockets are to look again."""

from uuid import UUID

from storage.bus import Bus

ACCESS = "api.access"
"""Somebody's rights changed."""
AGENDA = "api.agenda"
"""An event was taken, given back or managed: what agents are shown of it changes at once."""


def access_changed(bus: Bus, principal_id: UUID) -> None:
    bus.publish(ACCESS, str(principal_id).encode())


def agenda_changed(bus: Bus) -> None:
    bus.publish(AGENDA, b"")
