"""What to do for whom within a budget: strategies as text, the plan, its read-out and review.

Enters: a strategy, the snapshot, effects known or believed. Leaves: at most one action of each
group per customer, with the reason for each person left out, and what it earned.
"""
