"""Long SQL with progress: the statement runs in a thread, its share done is polled."""

from __future__ import annotations

import threading

import duckdb

from tenure.kernel import Progress, ProgressSink

_POLL_SECONDS = 0.2


def run_with_progress(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    *,
    stage: str,
    rows: int | None,
    sink: ProgressSink,
) -> int:
    """Run one statement, report its progress in rows and return its first figure.

    Parameters
    ----------
    connection : an open connection that nothing else uses meanwhile.
    sql : the statement, e.g. a COPY, which returns the number of rows copied.
    stage : what the progress is called.
    rows : rows expected; None if unknown, then only the beginning and end are reported.
    sink : receives the progress.
    """
    outcome: list[int] = []
    faults: list[BaseException] = []

    def run() -> None:
        try:
            row = connection.execute(sql).fetchone()
            outcome.append(int(row[0]) if row and row[0] is not None else 0)
        except BaseException as fault:  # noqa: BLE001 - handed to the caller's thread below
            faults.append(fault)

    worker = threading.Thread(target=run, daemon=True)
    worker.start()
    try:
        while worker.is_alive():
            worker.join(_POLL_SECONDS)
            share = max(0.0, connection.query_progress())
            if rows is not None and worker.is_alive():
                sink(Progress(stage, min(rows, int(rows * share / 100)), rows, "rows"))
    except KeyboardInterrupt:
        connection.interrupt()
        worker.join()
        raise
    if faults:
        raise faults[0]
    sink(Progress(stage, outcome[0], outcome[0], "rows"))
    return outcome[0]
