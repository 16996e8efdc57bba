"""The contract of facts, and the way into it: open, read, clean, tell apart, land, judge.

Enters: files, sheets and tables as people have them. Leaves: the fact tables in the lake,
questions that only a person can answer, and faulty rows with how to mend them.
"""
