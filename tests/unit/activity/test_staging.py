"""Identities: what makes two rows one fact, stable from import to import and version to version."""

from __future__ import annotations

import hashlib

import pyarrow.parquet as pq

from tenure.activity.contract import ACTIVITY, SUBSCRIPTIONS

HEADER = "customer_id|order_date|quantity|line_total"
FIRST = "00001|1997-01-01|1|11.77"
SECOND = "00002|1997-01-12|1|12.00"
THIRD = "00002|1997-01-12|5|77.00"


def test_an_identity_never_changes_for_a_new_import_must_find_the_old_rows(stage):
    content = "\x1f".join(("00001", "852076800000000", "order", "", "", "1.0000", "11.7700"))
    assert stage(HEADER, FIRST).keys() == [hashlib.md5(content.encode()).hexdigest()]
    named = "\x1f".join(("17850", "852076800000000", "order", "536365", "p1", "", "11.7700"))
    row = "17850|1997-01-01|536365|P1|11.77"
    found = stage("customer_id|order_date|order_id|product_id|line_total", row).keys()
    assert found == [hashlib.md5(named.replace("p1", "P1").encode()).hexdigest()]


def test_an_identity_depends_on_the_row_alone(stage):
    one, other = stage(HEADER, FIRST, SECOND, THIRD), stage(HEADER, THIRD, FIRST)
    assert set(other.keys()) < set(one.keys())
    assert len(set(one.keys())) == 3


def test_descriptive_columns_do_not_change_an_identity(stage):
    wider = stage(f"{HEADER}|store|category", f"{FIRST}|North|rock")
    assert wider.keys() == stage(HEADER, FIRST).keys()


def test_each_part_of_the_content_changes_it(stage):
    changed = ("00009|1997-01-01|1|11.77", "00001|1997-01-02|1|11.77",
               "00001|1997-01-01|2|11.77", "00001|1997-01-01|1|11.78")  # fmt: skip
    keys = stage(HEADER, FIRST, *changed).keys()
    assert len(set(keys)) == 5


def test_equal_rows_are_numbered_so_that_both_are_kept(stage):
    staged = stage(HEADER, FIRST, SECOND, FIRST, FIRST)
    assert (staged.identity.repeated, staged.identity.kept_repeats) == (0, 2)
    assert len(set(staged.keys())) == 4
    assert staged.keys()[0] == stage(HEADER, FIRST).keys()[0]
    assert stage(HEADER, FIRST, FIRST).keys() == [staged.keys()[0], staged.keys()[2]]


def test_rows_equal_in_every_column_are_dropped_where_that_is_a_mistake(stage):
    header = f"{HEADER}|remark"
    lines = (f"{FIRST}|a", f"{SECOND}|b", f"{FIRST}|a", f"{FIRST}|c")
    staged = stage(header, *lines, drop_repeats=True)
    assert (staged.identity.repeated, staged.identity.kept_repeats) == (1, 1)
    assert [row[0] for row in staged.rows("source_row")] == [2, 3, 5]
    assert len(set(staged.keys())) == 3


def test_rows_that_the_lake_has_are_left_out(stage):
    known = stage(HEADER, FIRST, SECOND, SECOND)
    path = known.stage.path.with_name("known.parquet")
    table = known.connection.sql("SELECT * FROM fresh").to_arrow_table()
    pq.write_table(table.cast(ACTIVITY), path)
    staged = stage(HEADER, SECOND, THIRD, SECOND, SECOND, known=(path,))
    assert staged.identity.overlapping == 2
    assert [row[0] for row in staged.rows("source_row")] == [3, 5]


def test_a_clean_source_needs_no_second_writing(stage):
    staged = stage(HEADER, FIRST, SECOND)
    assert staged.stage.is_final
    assert staged.identity.changes_nothing
    assert pq.read_schema(staged.stage.path).names == ACTIVITY.names
    assert not stage(HEADER, FIRST, FIRST).identity.changes_nothing
    assert not stage(f"{HEADER}|city", f"{FIRST}|Rome").stage.is_final


def test_contracts_have_the_columns_of_their_table(stage):
    staged = stage("customer_id|start_date|end_date|plan", "1|2020-01-01||gold", "1|2021-01-01||x")
    assert staged.stage.table == "subscriptions"
    assert pq.read_schema(staged.stage.path).names == SUBSCRIPTIONS.names
    assert len(set(staged.keys())) == 2


def test_faulty_rows_are_counted_and_kept_apart(stage):
    staged = stage(HEADER, FIRST, "NA|1997-01-01|1|1", "00002|never|1|1")
    assert (staged.stage.rows, staged.stage.faulty) == (1, 2)
    found = staged.rows("source_row, fault_code, fault_given", "faults")
    assert found == [(3, "missing_customer", "NA"), (4, "bad_time", "never")]
    clean = stage(HEADER, FIRST)
    assert clean.rows("source_row, fault_code, fault_field, fault_given", "faults") == []


def test_an_order_is_a_customer_s_day_or_each_row(stage):
    by_day = stage(HEADER, FIRST, SECOND, THIRD)
    assert [row[0] for row in by_day.rows("order_id")] == [
        "00001|1997-01-01",
        "00002|1997-01-12",
        "00002|1997-01-12",
    ]
    by_row = stage(HEADER, FIRST, FIRST, order_rule="row")
    assert [row[0] for row in by_row.rows("order_id")] == by_row.keys()
