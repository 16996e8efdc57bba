"""Made businesses with known truth: the same seed, the same bytes, at any size.

Enters: a kind of business, a size, a seed. Leaves: facts with the contract's columns, block
by block, and apart from them the truth that they were made from.
"""

from tenure.simulation.kinds import DEFAULT_AS_OF, DEFAULT_MONTHS, planned_world
from tenure.simulation.streaming import Written, write_exports, write_facts
from tenure.simulation.world import WORLD_KINDS, World

__all__ = [
    "DEFAULT_AS_OF",
    "DEFAULT_MONTHS",
    "WORLD_KINDS",
    "World",
    "Written",
    "planned_world",
    "write_exports",
    "write_facts",
]
