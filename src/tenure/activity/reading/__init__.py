"""How a source's text is read: proposed by its headers and contents, then done in one SELECT.

Enters: a relation of text columns and what a person has said about it. Leaves: a mapping
with open questions (`propose`), the SQL that cleans every row (`cleaning_sql`), and the
mappings that were accepted before (`recall`, `remember`).
"""

from tenure.activity.reading.cleaning import CLEAN_COLUMNS, cleaning_sql
from tenure.activity.reading.faults import FAULTS, Fault
from tenure.activity.reading.mapping_memory import recall, remember
from tenure.activity.reading.proposal import Proposal, propose
from tenure.activity.reading.questions import Question, ReadingOptions

__all__ = [
    "CLEAN_COLUMNS",
    "FAULTS",
    "Fault",
    "Proposal",
    "Question",
    "ReadingOptions",
    "cleaning_sql",
    "propose",
    "recall",
    "remember",
]
