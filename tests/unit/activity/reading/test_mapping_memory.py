from __future__ import annotations

from dataclasses import replace

import pytest

from tenure.activity.contract import Role
from tenure.activity.reading import recall, remember
from tenure.kernel import DefinitionError

HEADER = "Kunde|date|amount|City"
COLUMNS = HEADER.split("|")
SAID = {"customer": "Kunde"}


@pytest.fixture
def accepted(read):
    """A reading in which a person answered what the file left open."""
    return read(HEADER, "A|05/03/2024|1,234|Bonn", roles=SAID, date_order="dmy", decimal=",")


def test_an_accepted_mapping_answers_for_the_next_file_of_its_shape(
    read, accepted, tmp_path
) -> None:
    remember(tmp_path / "mappings", accepted.proposal.mapping, COLUMNS, source_name="a.csv")
    kept = recall(tmp_path / "mappings", ["KUNDE", "Date", " amount", "City"])
    assert kept is not None
    result = read("KUNDE|Date| amount|City", "B|06/03/2024|5,678|Köln", kept=kept)
    assert result.questions == []
    row = result.rows[0]
    assert (row["customer_id"], str(row["occurred_on"])) == ("B", "2024-03-06")
    assert str(row["value"]) == "5.6780"
    assert row["attributes"] == [{"key": "city", "value": "Köln"}]


def test_another_shape_is_not_recalled(accepted, tmp_path) -> None:
    remember(tmp_path, accepted.proposal.mapping, COLUMNS, source_name="a.csv")
    assert recall(tmp_path, COLUMNS[:-1]) is None
    assert recall(tmp_path / "absent", COLUMNS) is None


def test_the_file_says_what_it_is_and_survives_a_round_trip(accepted, tmp_path) -> None:
    mapping = accepted.proposal.mapping
    path = remember(tmp_path, mapping, COLUMNS, source_name="Käufe.csv")
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# How files with these columns are read.")
    assert "source: Käufe.csv" in text
    assert recall(tmp_path, COLUMNS) == mapping


def test_a_reading_that_has_not_changed_leaves_a_hand_written_comment(accepted, tmp_path) -> None:
    mapping = accepted.proposal.mapping
    path = remember(tmp_path, mapping, COLUMNS, source_name="a.csv")
    path.write_text("# checked by Ann\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    remember(tmp_path, mapping, COLUMNS, source_name="b.csv")
    assert path.read_text(encoding="utf-8").startswith("# checked by Ann")


@pytest.mark.parametrize(
    "line", ["B|03/25/2024|5,678|Bonn", "B|06/03/2024|5,678.90|Bonn", "B|soon|5,678|Bonn"]
)
def test_texts_that_contradict_the_kept_reading_are_asked_about(read, accepted, line) -> None:
    result = read(HEADER, line, kept=accepted.proposal.mapping)
    assert result.questions == ["changed_format"]


def test_what_a_person_says_today_wins_over_the_kept_reading(read, accepted) -> None:
    kept = accepted.proposal.mapping
    result = read(HEADER, "B|05/03/2024|1,234|Bonn", kept=kept, date_order="mdy", decimal=".",
                  roles={"customer": "City"})  # fmt: skip
    assert result.questions == []
    row = result.rows[0]
    assert (row["customer_id"], str(row["occurred_on"]), str(row["value"])) == (
        "Bonn", "2024-05-03", "1234.0000",
    )  # fmt: skip


def test_new_unambiguous_spellings_join_the_kept_ones(read, accepted) -> None:
    result = read(HEADER, "B|2024-03-25|1,5|Bonn", kept=accepted.proposal.mapping)
    assert result.questions == []
    patterns = result.format(Role.TIME).patterns
    assert patterns[0] == "%Y-%m-%d"
    assert "%d/%m/%Y" in patterns


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("role: customer", "role: custmer", "did you mean 'customer'"),
        ("kind: orders", "kind: order", "line 4: 'order'"),
        ("read_as: number", "read_as: [number]", "one value"),
        ("confidence: 1.0", "confidence: much", "a confidence in 0..1"),
        ("- column: date", "- colum: date", "did you mean 'column'"),
        ("role: time", "role: customer", "two columns with the role"),
        ("columns:", "columns: none\nrest:", "line"),
        ("kind: orders", "kind: [orders", "line"),
    ],
)
def test_a_mended_file_that_is_no_mapping_names_its_line(
    accepted, tmp_path, old, new, line
) -> None:
    mapping = replace(accepted.proposal.mapping, currency="EUR")
    path = remember(tmp_path, mapping, COLUMNS, source_name="a.csv")
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        recall(tmp_path, COLUMNS)
    assert line in str(caught.value)
    assert ", line " in caught.value.given
