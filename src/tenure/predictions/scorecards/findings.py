"""What checks found, as values: leakage before a model is believed, drift once it is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Text = Mapping[str, str]
"""One text in each language: keys `en` and `zh`."""


class Weight(StrEnum):
    """How much a finding weighs: `proof` stands, `alarm` must be looked into, `note` is told."""

    PROOF = "proof"
    ALARM = "alarm"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class LeakageFinding:
    """A place in which the future may have reached a model.

    Parameters
    ----------
    code : stable identifier, e.g. `tells_the_outcome`.
    column : the column, fold or predictor concerned; None if it concerns all.
    evidence : what was seen, with figures, by language.
    remedy : what to do, by language.
    weight : how much it weighs.
    """

    code: str
    column: str | None
    evidence: Text
    remedy: Text
    weight: Weight = Weight.ALARM

    def as_dict(self) -> dict[str, object]:
        """Return the finding as plain values for JSON."""
        return {
            "code": self.code,
            "column": self.column,
            "evidence": dict(self.evidence),
            "remedy": dict(self.remedy),
            "weight": self.weight.value,
        }

    @classmethod
    def from_dict(cls, given: Mapping[str, object]) -> LeakageFinding:
        """Return the finding that `as_dict` wrote."""
        column = given["column"]
        return cls(
            str(given["code"]),
            None if column is None else str(column),
            text_of(given["evidence"]),
            text_of(given["remedy"]),
            Weight(str(given["weight"])),
        )


@dataclass(frozen=True, slots=True)
class LeakageCheck:
    """One check that was run, and what it found.

    Parameters
    ----------
    name : stable identifier, e.g. `future_deleted`.
    title : what was checked, by language.
    findings : what it found; nothing is good.
    """

    name: str
    title: Text
    findings: tuple[LeakageFinding, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether it found nothing but notes."""
        return all(finding.weight is Weight.NOTE for finding in self.findings)

    def as_dict(self) -> dict[str, object]:
        """Return the check as plain values for JSON."""
        return {
            "name": self.name,
            "title": dict(self.title),
            "passed": self.passed,
            "findings": [finding.as_dict() for finding in self.findings],
        }

    @classmethod
    def from_dict(cls, given: Mapping[str, object]) -> LeakageCheck:
        """Return the check that `as_dict` wrote."""
        findings = given["findings"]
        listed = findings if isinstance(findings, list) else []
        return cls(
            str(given["name"]),
            text_of(given["title"]),
            tuple(LeakageFinding.from_dict(one) for one in listed),
        )


@dataclass(frozen=True, slots=True)
class DriftFinding:
    """A way in which the present differs from what a model was fitted to.

    Parameters
    ----------
    code : stable identifier, e.g. `population_moved`.
    subject : feature, parameter or model concerned.
    value : the measured figure.
    threshold : what it had to exceed to be told.
    text : what was seen and what to do, by language.
    weight : `alarm` calls for a refit or a look; `note` is told.
    """

    code: str
    subject: str
    value: float
    threshold: float
    text: Text
    weight: Weight = Weight.ALARM

    def as_dict(self) -> dict[str, object]:
        """Return the finding as plain values for JSON."""
        return {
            "code": self.code,
            "subject": self.subject,
            "value": self.value,
            "threshold": self.threshold,
            "text": dict(self.text),
            "weight": self.weight.value,
        }


def text_of(given: object) -> Text:
    """Return a text in each language as it was read from JSON."""
    return {str(k): str(v) for k, v in given.items()} if isinstance(given, Mapping) else {}
