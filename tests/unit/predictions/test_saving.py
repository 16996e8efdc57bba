from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from tenure.kernel import DefinitionError
from tenure.predictions.saving import SavedModel, read_model


def saved(content: dict[str, object]) -> SavedModel:
    return SavedModel(
        "churn", date(2024, 1, 1), datetime(2024, 1, 1, 9), "Asia/Shanghai", content, {"n": 1}
    )


def test_a_model_comes_back_bit_for_bit(tmp_path: Path) -> None:
    model = saved({"weights": [0.1 + 0.2, 1e-308, -0.0], "name": "早期预警"})
    size = model.write(tmp_path / "models" / "churn.json")
    again = read_model(tmp_path / "models" / "churn.json")
    assert again == model
    assert size == (tmp_path / "models" / "churn.json").stat().st_size
    assert [x.hex() for x in again.content["weights"]] == [
        x.hex() for x in (0.1 + 0.2, 1e-308, -0.0)
    ]


def test_equal_models_have_equal_fingerprints_whenever_they_were_fitted() -> None:
    one, other = saved({"a": 1}), saved({"a": 1})
    later = SavedModel(
        one.kind, one.as_of, datetime(2025, 1, 1), one.timezone, one.content, one.reference
    )
    assert one.fingerprint == other.fingerprint == later.fingerprint
    assert one.fingerprint != saved({"a": 2}).fingerprint


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: text.replace('"a": 1', '"a": 2'), "fingerprint"),
        (lambda text: text[:50], "written by `tenure fit`"),
        (lambda text: text.replace('"tenure_model": 1', '"tenure_model": 9'), "format 9"),
    ],
)
def test_a_changed_file_is_refused(tmp_path: Path, change, told: str) -> None:
    path = tmp_path / "churn.json"
    saved({"a": 1}).write(path)
    path.write_text(change(path.read_text()))
    with pytest.raises(DefinitionError, match=told):
        read_model(path)


def test_an_absent_model_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="tenure fit churn"):
        read_model(tmp_path / "churn.json")


def test_a_model_that_grew_with_its_customers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="at most 1,000,000 bytes"):
        saved({"a": "x" * 1_000_000}).write(tmp_path / "churn.json")
    assert not list(tmp_path.iterdir())


def test_a_number_that_is_not_finite_never_leaves() -> None:
    with pytest.raises(ValueError, match="Out of range"):
        saved({"a": float("nan")}).text()
