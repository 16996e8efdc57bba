"""The contract of facts, and how they come in: import, quarantine, quality.

Enters: files, folders and database tables. Leaves: rows in the fact tables, each with its
file and line; rows set aside, each with what is wrong; findings on the data's quality.
"""
