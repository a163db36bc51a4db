"""Agents who work for several campaigns: each idle agent is counted on by one pacer only.

Two pacers that both count on the same idle agent would both call for it. So every agent has a home, the
hungry campaign with fewest agents; a customer of any of its campaigns may still be joined to it. Homes are
balanced again as campaigns get hungry or full, so that none starves another.
"""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID


def balanced(
    homes: Mapping[UUID, UUID | None],
    campaigns_of: Mapping[UUID, Collection[UUID]],
    hungry: Sequence[UUID],
    movable: Collection[UUID],
) -> dict[UUID, UUID | None]:
    """New homes by agent. `movable` agents may change theirs (those idle); the others keep it while it is
    hungry. Pure: the same input gives the same homes."""
    found: dict[UUID, UUID | None] = {
        agent: home if home in hungry and home in campaigns_of[agent] else None
        for agent, home in homes.items()
    }
    load = {campaign: sum(home == campaign for home in found.values()) for campaign in hungry}
    order = sorted(found, key=lambda agent: (len(campaigns_of[agent]), agent.bytes))
    for agent in order:
        choices = [campaign for campaign in hungry if campaign in campaigns_of[agent]]
        if not choices:
            continue
        best = min(choices, key=lambda campaign: load[campaign])
        home = found[agent]
        if home is None:
            found[agent] = best
            load[best] += 1
        elif agent in movable and load[home] - load[best] >= 2:
            found[agent] = best
            load[home] -= 1
            load[best] += 1
    return found
