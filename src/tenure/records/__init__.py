"""What was promised and decided: definitions, assignments, plans, and who changed what.

Enters: small rows from the rooms above, each in a transaction. Leaves: the same rows, in SQLite
or PostgreSQL, under constraints that hold whoever writes.
"""
