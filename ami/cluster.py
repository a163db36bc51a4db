"""Several Asterisks, none of which can hold up another: each link has its own task, session and deadlines."""

import asyncio
from collections.abc import Callable, Iterator, Mapping

from ami.errors import AmiError
from ami.events import Event
from ami.link import Link, Unsubscribe


class Cluster(Mapping[str, Link]):
    """Links by name."""

    def __init__(self, *links: Link) -> None:
        self._links = {link.name: link for link in links}
        if len(self._links) != len(links):
            raise AmiError("two Asterisk servers have the same name")

    async def start(self) -> None:
        """Returns at once; a server that is down comes up later."""
        await asyncio.gather(*(link.start() for link in self._links.values()))

    async def stop(self) -> None:
        await asyncio.gather(*(link.stop() for link in self._links.values()))

    def up(self) -> tuple[Link, ...]:
        return tuple(link for link in self._links.values() if link.connected)

    def subscribe(self, handler: Callable[[Link, Event], None]) -> Unsubscribe:
        """As `Link.subscribe`, with the link it came from. In order within one link, not between two."""
        ends = [
            link.subscribe(lambda event, link=link: handler(link, event))  # type: ignore[misc]
            for link in self._links.values()
        ]

        def unsubscribe() -> None:
            for end in ends:
                end()

        return unsubscribe

    def __getitem__(self, name: str) -> Link:
        return self._links[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._links)

    def __len__(self) -> int:
        return len(self._links)
