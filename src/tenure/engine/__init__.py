"""Relations defined once, the engine that runs them, and the lake on disk.

Enters: Arrow tables, files, Ibis expressions. Leaves: Arrow tables, and Parquet files that
appear in the lake together or not at all. Knows nothing of customers.
"""
