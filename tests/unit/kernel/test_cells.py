import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.kernel.cells import TRIGGERS, inert_cell, restore_cell


@pytest.mark.parametrize(
    "cell",
    [
        '=HYPERLINK("http://x","y")',
        "+1+1",
        "-2+3",
        "@SUM(A1)",
        "\t=1+1",
        "\r=1+1",
        "\n=1",
        "＝1+1",
        "＋1＋1",
        "-12.50\n",
        "-１２",
        "'=1+1",
        "=",
        "-",
    ],
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(cell):
    assert inert_cell(cell) == "'" + cell


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "abc",
        "12",
        "-12.50",
        "+3",
        "-1,234.50",
        "-.5",
        "+1.5e-7",
        "'quoted'",
        "a=b",
        " =1",
        "张三",
    ],
)
def test_plain_numbers_and_plain_text_stay_as_they_are(cell):
    assert inert_cell(cell) == cell


@given(st.text(alphabet="'=+-@\t\r\n＝1,.eE a", max_size=8))
def test_restoring_gives_back_every_text(cell):
    made = inert_cell(cell)
    assert restore_cell(made) == cell
    assert not made or made[0] not in TRIGGERS or float(made.replace(",", "")) is not None
