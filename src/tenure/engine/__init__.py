"""What runs: DuckDB behind Ibis, any table as a relation, the lake of Parquet files on disk.

Enters: expressions and files. Leaves: Arrow tables, and a lake whose tables change together
or not at all.
"""
