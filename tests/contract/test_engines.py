"""Both engines give the same figures, cell by cell, from the same facts.

One file, so that one process holds the one Spark session however the tests are spread.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from tenure.activity.contract import ACTIVITY
from tenure.activity.facts import Facts
from tenure.assembly import Workspace
from tenure.assembly import metric as metric_of
from tenure.assembly.refreshing import refresh
from tenure.cli import main
from tenure.engine.relations import Engine, Relation
from tenure.engine.spark import SparkEngine
from tenure.metrics import METRICS
from tenure.predictions.learning_dates import LearningPlan
from tenure.predictions.next_orders import fit_next_purchase, next_order_rows
from tenure.predictions.score_columns import NEXT_PURCHASE, SCORES
from tenure.predictions.scoring import write_scores
from tenure.segments import counts
from tenure.snapshots import SNAPSHOTS
from tests.contract import customer_cases
from tests.contract.cases import AS_OF, METRIC_CASES, NEW_YORK, ZONE, metric, plain
from tests.contract.comparing import TOLERANCE, differences
from tests.contract.conftest import SPARK_OPTIONS, CustomersPair, Pair
from tests.contract.made_facts import Tables, nothing, one_customer, tables

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = [
    pytest.mark.spark,
    # PySpark leaves a socket to the garbage collector each time it hands over rows.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]


def same(one: object, other: object) -> None:
    """Fail with every place in which DuckDB (first) and Spark (second) differ."""
    found = list(differences(one, other))
    assert not found, "\n".join(found[:20])


@pytest.mark.parametrize("name", METRIC_CASES)
def test_metrics_are_the_same(name: str, facts: Pair):
    same(METRIC_CASES[name](facts.duckdb), METRIC_CASES[name](facts.spark))


@pytest.mark.parametrize("name", customer_cases.SNAPSHOT_CASES)
def test_snapshots_are_the_same(name: str, facts: Pair):
    case = customer_cases.SNAPSHOT_CASES[name]
    same(case(facts.duckdb), case(facts.spark))


def test_every_segment_holds_true_false_and_unknown_for_the_same_customers(
    both_customers: CustomersPair,
):
    same(
        customer_cases.conditions(both_customers.duckdb),
        customer_cases.conditions(both_customers.spark),
    )


def test_segments_tell_the_same_of_their_members(both_customers: CustomersPair):
    same(
        customer_cases.reading(both_customers.duckdb),
        customer_cases.reading(both_customers.spark),
    )


def test_a_report_is_made_from_the_same_figures(both_customers: CustomersPair):
    same(customer_cases.report(both_customers.duckdb), customer_cases.report(both_customers.spark))


def test_quality_rules_measure_the_same(facts: Pair):
    same(customer_cases.quality(facts.duckdb), customer_cases.quality(facts.spark))


def test_next_purchases_are_told_the_same(facts: Pair, tmp_path: Path):
    fitted = fit_next_purchase(facts.duckdb, LearningPlan(horizon_days=30), calendar=NEW_YORK)
    model = replace(fitted.model, list_maker="next_basket")  # it reads all there is in the rows

    def told(name: str, known: Facts) -> list[dict[str, object]]:
        files: list[Path] = []

        def new_file() -> Path:
            files.append(tmp_path / f"{name}-{len(files)}.parquet")
            return files[-1]

        write_scores(
            next_order_rows(known, as_of=AS_OF, calendar=NEW_YORK),
            model.score_batch,
            SCORES[NEXT_PURCHASE],
            as_of=AS_OF,
            made_at=datetime(2025, 1, 15),
            model="one",
            new_file=new_file,
        )
        rows = [row for file in files for row in pq.read_table(file).to_pylist()]
        return sorted(rows, key=lambda row: row["customer_id"])

    scores = told("duckdb", facts.duckdb)
    same(scores, told("spark", facts.spark))
    assert any(row["next_products"] for row in scores)


def test_a_snapshot_comes_back_from_its_files_the_same(
    both_customers: CustomersPair, tmp_path: Path
):
    same(
        customer_cases.frozen(both_customers.duckdb, tmp_path),
        customer_cases.frozen(both_customers.spark, tmp_path),
    )
    types = {file.name: pq.read_schema(file).types for file in tmp_path.glob("*.parquet")}
    assert {name.split("-")[0] for name in types} == {"duckdb", "spark"}
    assert all(found == SNAPSHOTS.types for found in types.values())


@pytest.mark.parametrize("made", [nothing(), one_customer(ZONE)], ids=["nothing", "one customer"])
def test_next_to_nothing_is_the_same(made: Tables, open_both: Callable[[Tables], Pair]):
    pair = open_both(made)

    def figures(known: Facts) -> object:
        state = customer_cases.customers(known)
        return [
            customer_cases.quality(known),
            customer_cases.conditions(state),
            counts(state.snapshot, state.segments),
            *(plain(metric(name, known)) for name in ("totals", "cohorts", "rfm")),
        ]

    same(figures(pair.duckdb), figures(pair.spark))


class TestTheEngineItself:
    """What both engines promise beside figures."""

    @pytest.fixture(params=["duckdb", "spark"])
    def engine(self, request: pytest.FixtureRequest, facts: Pair) -> Engine:
        return getattr(facts, request.param).engine

    @pytest.fixture
    def activity(self, engine: Engine, facts: Pair) -> Relation:
        return getattr(facts, engine.name).activity

    def test_a_kept_table_is_not_worked_out_again(self, engine: Engine, activity: Relation):
        counted = activity.table.group_by("kind").aggregate(rows=activity.table.count())
        first = engine.keep("kept", counted)
        again = engine.keep("kept", first.mutate(rows=first.rows + 1))
        expected = {r["kind"]: r["rows"] + 1 for r in activity.collect(counted).to_pylist()}
        found = {r["kind"]: r["rows"] for r in engine.collect(again).to_pylist()}
        assert found == expected

    def test_files_hold_every_row_with_the_types_of_the_contract(
        self, engine: Engine, activity: Relation, tmp_path: Path
    ):
        files: list[Path] = []

        def new_file() -> Path:
            files.append(tmp_path / f"{len(files)}.parquet")
            return files[-1]

        written = engine.write_files(activity.table, new_file)
        assert all(pq.read_schema(file).types == ACTIVITY.types for file in files)
        back = engine.attach_files("back", [str(file) for file in files], ACTIVITY)
        rows = [
            engine.collect(table.order_by("activity_id")).to_pylist()
            for table in (back, activity.table)
        ]
        assert len(rows[0]) == written == len(rows[1])
        same(*rows)

    def test_a_function_sees_every_row_once(
        self, engine: Engine, activity: Relation, tmp_path: Path
    ):
        files: list[Path] = []

        def new_file() -> Path:
            files.append(tmp_path / f"{len(files)}.parquet")
            return files[-1]

        def spelled(rows: pa.Table) -> pa.Table:
            return rows.select(["activity_id"]).append_column(
                "length", pc.cast(pc.utf8_length(rows["kind"]), "int64")
            )

        schema = pa.schema([("activity_id", pa.string()), ("length", pa.int64())])
        written = engine.map_batches(activity.table, spelled, schema, new_file)
        back = engine.attach_files("spelled", [str(file) for file in files], schema)
        whole = activity.table.select("activity_id", length=activity.table.kind.length())
        rows = [
            engine.collect(table.order_by("activity_id")).to_pylist() for table in (back, whole)
        ]
        assert written == len(rows[0])
        same(*rows)

    def test_nothing_still_makes_a_file_with_columns(
        self, engine: Engine, activity: Relation, tmp_path: Path
    ):
        empty = activity.table.filter(ibis.literal(False))
        assert engine.write_files(empty, lambda: tmp_path / "empty.parquet") == 0
        assert pq.read_schema(tmp_path / "empty.parquet").types == ACTIVITY.types

    def test_two_engines_of_one_process_keep_their_names_apart(
        self, engine: Engine, activity: Relation
    ):
        other = type(engine)() if engine.name == "duckdb" else SparkEngine(engine.session)  # type: ignore[attr-defined]
        other.attach_arrow("activity", ACTIVITY.empty_table())
        assert activity.collect(activity.table.aggregate(n=activity.table.count()))["n"][0].as_py()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of the made facts, with its customer-days kept."""
    root = tmp_path_factory.mktemp("workspace") / "made"
    workspace = Workspace.create(
        root, {"timezone": ZONE, "as_of": AS_OF.isoformat(), "currency": "USD"}
    )
    with workspace.lake.writing() as writer:
        for name, table in tables(ZONE).items():
            pq.write_table(table, writer.new_file(name))
        writer.commit("made facts")
    assert refresh(workspace, full=True).mode == "full"
    return root


class TestAWorkspace:
    """A workspace on one engine or the other: the same commands, figures and files."""

    @pytest.fixture
    def on(self, spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
        def choose(engine: str) -> None:
            monkeypatch.setenv("TENURE_ENGINE", engine)
            monkeypatch.setenv("TENURE_SPARK_MASTER", "local[2]")
            compiled = "spark.sql.codegen.wholeStage=true; spark.sql.codegen.factoryMode=FALLBACK"
            monkeypatch.setenv("TENURE_SPARK_CONF", compiled)

        yield choose
        for name, value in SPARK_OPTIONS.items():
            if name.startswith("spark.sql."):
                spark.conf.set(name, value)

    def told(self, *arguments: str) -> dict[str, object]:
        ran = CliRunner().invoke(main, [*arguments, "--json"])
        assert ran.exit_code == 0, ran.output
        found: dict[str, object] = json.loads(ran.stdout)
        return found

    @pytest.mark.parametrize("name", METRICS)
    def test_metrics_over_kept_tables(self, name: str, root: Path, on: Callable[[str], None]):
        def figures(engine: str) -> object:
            on(engine)
            return plain(metric_of(Workspace.open(root), name))

        same(figures("duckdb"), figures("spark"))

    def test_commands(self, root: Path, on: Callable[[str], None], tmp_path: Path):
        def figures(engine: str) -> object:
            on(engine)
            copy = shutil.copytree(root, tmp_path / engine)
            place = ("-w", str(copy))
            output = tmp_path / f"{engine}.parquet"
            snapshot = self.told("snapshot", "--keep", "--output", str(output), *place)
            return {
                "snapshot": {**snapshot, "output": None},
                "file": pq.read_table(output),
                "segments": self.told("segments", "list", *place),
                "members": self.told("segments", "members", "repeat_buyers", *place),
                "why": self.told("segments", "explain", "loyal", "steady", *place),
                "history": self.told("segments", "history", *place),
                "trace": self.told("trace", "tie", *place),
                "cohorts": self.told("metrics", "cohorts", *place),
                "check-up": self.told("doctor", *place),
            }

        same(figures("duckdb"), figures("spark"))

    def test_the_report_of_real_purchases(
        self, shared_data: Path, on: Callable[[str], None], tmp_path: Path
    ):
        lines = (shared_data / "CDNOW_master.txt").read_text().splitlines(keepends=True)
        file = tmp_path / "purchases.txt"
        file.write_text("".join(lines[:2001]))

        place = tmp_path / "purchases"

        def figures(engine: str, *command: str) -> object:
            on(engine)
            done = self.told(*command, "-w", str(place))["report"]
            report = json.loads(next((place / "reports").rglob("report.json")).read_text())
            written = sorted((place / "reports").rglob("tables/*.parquet"))
            return {
                "findings": done["findings"],  # type: ignore[index]
                "report": {**report, "generated_at": None},
                "tables": {path.stem: pq.read_table(path) for path in written},
            }

        spark = figures("spark", "run", str(file))
        same(figures("duckdb", "report"), spark)


class TestADifferenceIsSeen:
    """The comparison itself: what differs by one day, one tie or one digit makes it red."""

    def changed(self, facts: Pair, **columns: Callable[[ibis.Table], ibis.Value]) -> Facts:
        known = facts.spark
        table = known.activity.table
        named = {name: make(table) for name, make in columns.items()}
        changed = Relation(table.mutate(**named).select(*table.columns), known.engine)
        return Facts(
            known.engine,
            changed,
            known.order_lines,
            known.customer_attributes,
            known.subscriptions,
            known.imports,
        )

    def test_one_order_one_day_later(self, facts: Pair):
        def later(table: ibis.Table) -> ibis.Value:
            moved = (table.occurred_on + ibis.interval(days=1)).cast("date")
            return ibis.ifelse(table.order_id == "t2", moved, table.occurred_on)

        case = METRIC_CASES["rhythm"]
        found = list(differences(case(facts.duckdb), case(self.changed(facts, occurred_on=later))))
        assert any("gap_days" in difference for difference in found)

    def test_one_tie_broken_otherwise(self, facts: Pair, monkeypatch: pytest.MonkeyPatch):
        case = METRIC_CASES["rfm 0"]
        right = case(facts.duckdb)

        def on_or_beyond(value: ibis.Value, cuts: list[ibis.Value]) -> ibis.Value:
            first, *others = ((value.cast("float64") >= cut).cast("int64") for cut in cuts)
            return sum(others, first)

        # By the module's own entry: `tenure.metrics.rfm` names the function of that name.
        monkeypatch.setattr(sys.modules["tenure.metrics.rfm"], "_beyond", on_or_beyond)
        assert any("customers" in place for place in differences(right, case(facts.spark)))

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (Decimal("1.0000"), Decimal("1.0001")),
            (1.0, 1.0 + 4 * TOLERANCE),
            (0.0, 1e-300),
            (float("nan"), None),
            (1, True),
            (1, 1.0),
            ("a", "a "),
            (date(2024, 1, 1), datetime(2024, 1, 1)),
            ([1, 2], [2, 1]),
            ({"a": 1}, {"a": 1, "b": None}),
        ],
    )
    def test_one_value(self, one: object, other: object):
        assert list(differences({"cell": [one]}, {"cell": [other]}))

    def test_what_is_equal_in_all_digits_that_count_is_not(self):
        pairs = [(0.1 + 0.2, 0.3), (3, Decimal(3)), (float("nan"), float("nan")), (None, None)]
        same([one for one, _ in pairs], [other for _, other in pairs])
