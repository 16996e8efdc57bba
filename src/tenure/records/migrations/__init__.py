"""How the records' schema came to be: numbered scripts, run by `records.migrating`."""
