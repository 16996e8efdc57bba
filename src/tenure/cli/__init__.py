"""The command line: parse, call one function of a room, print.

Enters: arguments. Leaves: text for people, or one JSON object with `--json`, and an exit
code: 0 done, 2 wrong call, 3 workspace or machine, 4 unusable data, 5 a question is open.
"""

from tenure.cli.main import main

__all__ = ["main"]
