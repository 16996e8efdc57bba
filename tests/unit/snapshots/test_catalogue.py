from __future__ import annotations

from tenure.snapshots import CATALOGUE, ColumnKind, attribute_columns, catalogue, column_kinds


def test_every_column_is_described_once_and_in_both_languages() -> None:
    names = [column.name for column in CATALOGUE]
    assert len(set(names)) == len(names)
    for column in CATALOGUE:
        for text in (column.definition, *([column.null_means] if column.null_means else [])):
            assert set(text) == {"en", "zh"}, column.name
            assert all(text.values()), column.name
            assert any("\u4e00" <= sign <= "\u9fff" for sign in text["zh"]), column.name
        assert column.unit
        assert column.source


def test_kinds_follow_types() -> None:
    kinds = column_kinds(["City"])
    assert kinds["net_value"] is ColumnKind.NUMBER
    assert kinds["last_order_on"] is ColumnKind.DATE
    assert kinds["rfm_segment"] is ColumnKind.TEXT
    assert kinds["attr_city"] is ColumnKind.TEXT


def test_attributes_never_share_a_column() -> None:
    columns = attribute_columns(["Loyalty level", "loyalty-level", "年龄"])
    assert len(set(columns.values())) == 3
    assert columns["年龄"] == "attr_年龄"
    assert all(name.startswith("attr_loyalty_level") for name in list(columns.values())[:2])


def test_entries_are_plain_for_programs() -> None:
    entry = catalogue(["City"])[-1].as_dict()
    assert entry["name"] == "attr_city"
    assert entry["kind"] == "text"
