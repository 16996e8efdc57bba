"""How far to believe a model: figures on past dates, simple rivals beside it, and a verdict.

Enters: arrays of what was predicted and what then happened, and tables of what was known.
Leaves: a scorecard with a verdict in words, and findings of leakage and of drift.
"""
