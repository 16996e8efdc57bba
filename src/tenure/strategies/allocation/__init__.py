"""The best choice of one action per customer under several budgets at once, and what it proves.

Enters: arrays of values, costs and uses, and limits. Leaves: a choice that holds every limit, its
value beside an upper bound of any choice's, and what one unit more of each limit is worth.
"""

from tenure.strategies.allocation.allocating import Allocation, LimitUse, allocate
from tenure.strategies.allocation.problem import AllocationProblem, Limit
from tenure.strategies.allocation.value_curve import CurvePoint, value_curve

__all__ = [
    "Allocation",
    "AllocationProblem",
    "CurvePoint",
    "Limit",
    "LimitUse",
    "allocate",
    "value_curve",
]
