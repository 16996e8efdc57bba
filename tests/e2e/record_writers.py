"""A program that writes records until it is killed, and says which it was told are kept."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path

from tenure.records import Database, apply_definition

PARTS = 5


def write_until_killed(url: str, writer: str, log: str) -> None:
    """Write one bundle of definitions after the other; each is one unit of work.

    Parameters
    ----------
    url : of the records.
    writer : part of the names, so that no two programs write the same.
    log : file to which a line is added for each bundle that was acknowledged.
    """
    database = Database.open(url)
    with Path(log).open("ab", buffering=0) as told:
        for number in count():
            bundle = f"{writer}-{number}"
            with database.writing() as connection:
                for part in range(PARTS):
                    apply_definition(
                        connection,
                        "bundle",
                        f"{bundle}.{part}",
                        "x" * (100 + 700 * part),
                        at=database.clock(),
                        by=str(os.getpid()),
                    )
            told.write(f"{bundle}\n".encode())
