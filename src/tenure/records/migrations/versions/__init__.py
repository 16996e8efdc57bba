"""One script per change of the schema, numbered in one line."""
