"""What was promised and decided: definitions, assignments, plans, and who changed what.

Enters: small rows from the rooms above, each in a transaction. Leaves: the same rows, in SQLite
or PostgreSQL, under constraints that hold whoever writes.
"""

from tenure.records.appending import forbid_changes, permit_changes
from tenure.records.audit import AuditEntry, audit_entries, audit_log, record_audit
from tenure.records.columns import JsonText, Money, RowId, UtcDateTime, json_text
from tenure.records.connecting import records_url
from tenure.records.database import Database
from tenure.records.definitions import (
    Applied,
    Definition,
    apply_definition,
    current_definition,
    current_definitions,
    definition_history,
    definitions,
    digest_of,
    withdraw_definition,
)
from tenure.records.metadata import METADATA
from tenure.records.migrating import SchemaState, newest_schema
from tenure.records.turns import take_turn

__all__ = [
    "METADATA",
    "Applied",
    "AuditEntry",
    "Database",
    "Definition",
    "JsonText",
    "Money",
    "RowId",
    "SchemaState",
    "UtcDateTime",
    "apply_definition",
    "audit_entries",
    "audit_log",
    "current_definition",
    "current_definitions",
    "definition_history",
    "definitions",
    "digest_of",
    "forbid_changes",
    "json_text",
    "newest_schema",
    "permit_changes",
    "record_audit",
    "records_url",
    "take_turn",
    "withdraw_definition",
]
