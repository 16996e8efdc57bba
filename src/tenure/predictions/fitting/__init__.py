"""Maximum likelihood over weighted distinct rows, and what it says about its own uncertainty.

Enters: a log-likelihood with its gradient, over rows that stand for many customers each. Leaves:
the maximum with standard errors and what the data could not identify, and intervals drawn from it.
"""
