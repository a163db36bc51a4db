"""What the API itself says on the bus: that somebody's rights changed, so that open sockets look again."""

from uuid import UUID

from storage.bus import Bus

ACCESS = "api.access"


def access_changed(bus: Bus, principal_id: UUID) -> None:
    bus.publish(ACCESS, str(principal_id).encode())
