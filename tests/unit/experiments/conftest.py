"""The suite of what experiments record runs on SQLite and on PostgreSQL."""

from tests.databases import database, new_url, postgresql_server

__all__ = ["database", "new_url", "postgresql_server"]
