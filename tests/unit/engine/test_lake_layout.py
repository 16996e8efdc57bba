from __future__ import annotations

from pathlib import Path

from tenure.engine.lake_layout import FileSpan, RowGroup, loose_rows


def span(*groups: tuple[str | None, str | None]) -> FileSpan:
    return FileSpan(Path("x"), tuple(RowGroup(10, low, high) for low, high in groups), None)


def test_sorted_files_are_not_loose_whoever_wrote_them() -> None:
    tidy = [span(("a", "b"), ("b", "c")), span(("d", "e"), ("f", "g"), ("g", "k"))]
    assert loose_rows(tidy) == 0


def test_a_file_in_order_of_time_is_loose() -> None:
    mixed = span(*[("a", "z")] * 5, ("b", "y"))
    tidy = span(*[(letter, letter) for letter in "cdefgh"])
    assert loose_rows([mixed, tidy]) == mixed.rows


def test_rows_of_unknown_customers_are_loose() -> None:
    assert loose_rows([span((None, None), ("a", "b"))]) == 10
