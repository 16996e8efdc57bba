"""JSON Lines and JSON arrays: keys are columns, lines are exact, bad lines are rejected."""

from __future__ import annotations

import json

import pytest

from tenure.kernel import SourceError

NAMES = ("customer", "date", "cds", "value")


def as_objects(cdnow):
    return [dict(zip(NAMES, row, strict=True)) for row in cdnow]


@pytest.mark.parametrize("name", ["orders.jsonl", "orders.ndjson", "orders.json"])
def test_one_object_per_line(read, cdnow, name):
    source = read("".join(json.dumps(o) + "\n" for o in as_objects(cdnow)), name)
    assert source.raw.columns == NAMES
    assert source.cells == [tuple(row) for row in cdnow]
    assert source.lines == list(range(1, len(cdnow) + 1))


@pytest.mark.parametrize("indent", [None, 2])
def test_one_array_of_objects_keeps_the_line_each_starts_on(read, cdnow, indent):
    source = read(json.dumps(as_objects(cdnow), indent=indent), "orders.json")
    assert source.cells == [tuple(row) for row in cdnow]
    if indent:
        assert source.lines == [2 + 6 * n for n in range(len(cdnow))]


def test_array_elements_that_share_a_line_are_numbered_apart(read):
    source = read('[{"a": 1}, {"a": 2},\n {"a": 3}]', "orders.json")
    assert source.cells == [("1",), ("2",), ("3",)]
    assert source.lines == [1, 2, 3]


def test_keys_are_the_union_over_the_file_and_nested_values_stay_json(read):
    source = read(
        '{"id": 1, "x": {"y": [1, 2]}}\n\n{"id": "007", "late": true, "x": null}\n'
        '{"id": 12345678901234567890, "a/b~c": 1.50, "": "blank", "it\'s": "", "ID": "other"}\n',
        "events.jsonl",
    )
    assert source.raw.columns == (
        "id",
        "x",
        "late",
        "a/b~c",
        "column_5",
        "it's",
        "ID_2",
    )
    assert source.lines == [1, 3, 4]
    assert source.rows[0][:2] == ("1", '{"y":[1,2]}')
    assert source.rows[1][:3] == ("007", None, "true")
    assert source.rows[2][0] == "12345678901234567890"
    assert source.rows[2][4:7] == ("blank", None, "other")


def test_bad_lines_are_rejected_with_their_line(read):
    source = read(
        '{"id": 1}\n{"id": 2\nnull\n[3]\n\n{"id": 4} {"id": 5}\n{"id":\t6}\n{"id": "\x1f"}\n',
        "events.jsonl",
    )
    assert source.lines == [1, 7]
    assert source.codes == [(n, "bad_json") for n in (2, 3, 4, 6, 8)]
    assert source.rejected[0][1] == '{"id": 2'


def test_undecodable_lines_are_rejected(read):
    body = '{"名": "王"}\n'.encode() * 9
    source = read(body + b'{"\xff": 1}\n' + body, "events.jsonl")
    assert source.codes == [(10, "undecodable")]


def test_utf16_json_lines(read):
    assert read('{"名": "王"}\n{"名": "李"}\n'.encode("utf-16"), "e.jsonl").cells == [
        ("王",),
        ("李",),
    ]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ('[{"a": 1},\n{"a": }]', "line 2"),
        ('[{"a": 1}', "breaks on line 1"),
        ('[{"a": 1}] x', "breaks"),
        ("[" * 100_000, "breaks"),
        ("[]", "no JSON object"),
        ('{\n"a": 1\n}\n', "no JSON object"),
        ("{}\n", "no JSON object"),
        ("plain words\n", "no JSON object"),
        (" \n", "no rows"),
    ],
)
def test_what_holds_no_records_is_refused(read, text, match):
    with pytest.raises(SourceError, match=match):
        read(text, "events.json")
