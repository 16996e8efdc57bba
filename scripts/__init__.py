"""Tools of those who work on Tenure; not part of the package."""
