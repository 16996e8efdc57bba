"""What Alembic runs for each upgrade: the scripts, in the transaction that is open already."""

from __future__ import annotations

from alembic import context

from tenure.records.metadata import METADATA
from tenure.records.migrating import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
context.run_migrations()
