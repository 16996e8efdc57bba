"""The one list of tables: each room declares its own upon it, migrations make them.

```python
from tenure.records import METADATA
plans = sa.Table("plans", METADATA, sa.Column("plan_id", RowId, primary_key=True), ...)
```
"""

from __future__ import annotations

import sqlalchemy as sa

METADATA = sa.MetaData(
    # Every constraint has a name, so that a later migration can speak of it on any database.
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)
