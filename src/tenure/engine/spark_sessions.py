"""One Spark session per process: how it is set so that figures equal those of DuckDB.

PySpark is loaded here and in `engine.spark` only, and only when a session is asked for.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tenure.kernel import EngineError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

JAVA_MIN, JAVA_MAX = 17, 23
"""Spark 4.0 is made for 17 and 21; Java 24 took away a class that its Hadoop calls."""
_PARTITIONS_PER_THREAD = 4

FIGURES: Mapping[str, str] = {
    # Instants are naive UTC, as in the lake: no zone may move them.
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    # An overflow or a text that is no number must fail as on DuckDB, not become null in silence.
    "spark.sql.ansi.enabled": "true",
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
}
"""What figures depend on; set on every session, whoever started it."""

_LOCAL: Mapping[str, str] = {
    # Nothing listens beyond this machine.
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}
_QUIET: Mapping[str, str] = {
    "spark.app.name": "tenure",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
_JAVA_OPTIONS = "spark.driver.extraJavaOptions"
_LOGGING = Path(__file__).with_name("spark-log4j2.properties")


def spark_session(
    master: str = "local[*]",
    *,
    memory_limit_mb: int | None = None,
    threads: int | None = None,
    conf: Mapping[str, str] | None = None,
) -> SparkSession:
    """Return this process's Spark session, started by the first call.

    Parameters
    ----------
    master : `local[*]`, `local[N]`, the URL of a cluster, or `sc://host:port` (Spark Connect).
    memory_limit_mb : memory of the driver, in MB; None leaves Spark's default (1 GB).
    threads : threads of a `local[*]` session; None takes all cores.
    conf : further settings of Spark, the last word on all but those of `FIGURES`.

    Raises
    ------
    EngineError : PySpark or Java is missing, or the session does not start.
    """
    sessions = _pyspark_sessions()
    remote = master.startswith("sc://")
    if not remote:
        check_java()
    local = master.startswith("local")
    if master == "local[*]" and threads:
        master = f"local[{threads}]"
    given = dict(conf or {})
    chosen = {} if remote else {**_QUIET, **(_LOCAL if local else {})}
    if not remote:
        logging = f'"-Dlog4j2.configurationFile={_LOGGING.as_uri()}"'
        given[_JAVA_OPTIONS] = f"{logging} {given.get(_JAVA_OPTIONS, '')}".strip()
    if local:
        cores = threads or os.cpu_count() or 1
        chosen["spark.sql.shuffle.partitions"] = str(_PARTITIONS_PER_THREAD * cores)
        # Functions over batches run in workers that need this environment's packages.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    if memory_limit_mb is not None and not remote:
        chosen["spark.driver.memory"] = f"{memory_limit_mb}m"
    builder = sessions.builder.remote(master) if remote else sessions.builder.master(master)
    for name, value in {**chosen, **given, **FIGURES}.items():
        builder = builder.config(name, value)
    try:
        return builder.getOrCreate()
    except Exception as fault:  # Spark raises anything, from Python and from Java
        raise EngineError(
            f"Spark at {master!r}: {_first_line(fault)}",
            "a session that starts",
            "check spark_master, spark_conf and memory_limit_mb in tenure.toml",
        ) from fault


def set_for_figures(session: SparkSession) -> None:
    """Set what figures depend on, on a session that somebody else started."""
    for name, value in FIGURES.items():
        session.conf.set(name, value)


def check_java() -> None:
    """Check that there is a Java that Spark runs on.

    Raises
    ------
    EngineError : there is none, or it is too old or too new.
    """
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")
    expected = f"Java {JAVA_MIN} to {JAVA_MAX}, for Spark"
    remedy = (
        f"install Java {JAVA_MIN} (Debian, Ubuntu: apt-get install openjdk-17-jre-headless) and "
        'set JAVA_HOME if another comes first on the path; or set engine = "duckdb"'
    )
    if found is None:
        raise EngineError("a machine without Java", expected, remedy)
    told = subprocess.run([found, "-version"], capture_output=True, text=True, check=False)
    version = re.search(r'version "(?:1\.)?(\d+)', told.stderr + told.stdout)
    if version is None or not JAVA_MIN <= int(version.group(1)) <= JAVA_MAX:
        said = _first_line(told.stderr or told.stdout or "no answer")
        raise EngineError(f"{found}: {said}", expected, remedy)


def _pyspark_sessions() -> type[SparkSession]:
    try:
        from pyspark.sql import SparkSession  # noqa: PLC0415 - heavy, and an extra
    except ImportError as fault:
        raise EngineError(
            'engine = "spark" without the package pyspark',
            "the extra `spark`",
            'install it: pip install "tenure[spark]"; or set engine = "duckdb"',
        ) from fault
    return SparkSession


def _first_line(fault: object) -> str:
    lines = str(fault).strip().splitlines()
    return lines[0] if lines else type(fault).__name__
