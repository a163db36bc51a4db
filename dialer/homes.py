"""Agents who work for several campaigns: each idle agent is counted on by one pacer only. Pure.

Two pacers that both count on the same idle agent would both call for it. So every agent has a home, the
hungry campaign with fewest agents; a customer of any of its campaigns may still be joined to it. Homes are
balanced again as campaigns get hungry or full, so that none starves another. Engine and simulator follow the
same rule.
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import TypeVar

A = TypeVar("A", bound=Hashable)
C = TypeVar("C", bound=Hashable)


def balanced(
    homes: Mapping[A, C | None],
    campaigns_of: Mapping[A, Collection[C]],
    hungry: Sequence[C],
    movable: Collection[A],
) -> dict[A, C | None]:
    """New homes by agent. `movable` agents may change theirs (those idle); the others keep it while it is
    hungry. The same input, in the same order, gives the same homes."""
    found: dict[A, C | None] = {
        agent: home if home in hungry and home in campaigns_of[agent] else None
        for agent, home in homes.items()
    }
    load = {campaign: sum(home == campaign for home in found.values()) for campaign in hungry}
    for agent in sorted(found, key=lambda agent: len(campaigns_of[agent])):
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
