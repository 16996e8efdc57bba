"""Cells of exported tables that no spreadsheet takes for a formula, and the way back.

A spreadsheet runs a cell that begins with one of `TRIGGERS` as a formula, whoever wrote it
(CWE-1236). An apostrophe in front makes it text. So that the way back is exact, a cell that
already begins with apostrophes and a trigger gets one more.

References
----------
OWASP, "CSV Injection"; CWE-1236, "Improper Neutralization of Formula Elements in a CSV File".
"""

from __future__ import annotations

import re

TRIGGERS = "=+-@\t\r\n＝＋－＠"
"""First characters that start a formula; East Asian spreadsheets read the full-width forms too."""

_DANGEROUS = re.compile(f"'*[{re.escape(TRIGGERS)}]")
INERT = f"^'+[{re.escape(TRIGGERS)}]"
"""Regular expression, in any engine's dialect, of a cell that `inert_cell` made inert."""
_NUMBER = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?([eE][+-]?\d+)?|[+-]?\.\d+", re.ASCII)


def inert_cell(text: str) -> str:
    """Return the text so that a spreadsheet shows it and never runs it.

    Plain numbers such as `-12.50` stay as they are.

    Parameters
    ----------
    text : the cell, of any content.

    Returns
    -------
    The text, with one apostrophe in front if it could be taken for a formula.
    """
    if _NUMBER.fullmatch(text) or not _DANGEROUS.match(text):
        return text
    return "'" + text


def restore_cell(text: str) -> str:
    """Return the text that `inert_cell` was given.

    Parameters
    ----------
    text : a cell as `inert_cell` returned it.
    """
    if text.startswith("'") and _DANGEROUS.match(text):
        return text[1:]
    return text
