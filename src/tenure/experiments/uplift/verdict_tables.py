"""A verdict on targeting as plain values, for JSON, reports and records."""

from __future__ import annotations

from typing import Any

from tenure.experiments.uplift.calibration import Tenth, slope_estimate
from tenure.experiments.uplift.targeting import Candidate, TargetingVerdict
from tenure.kernel import Estimate, Undefined


def verdict_as_dict(verdict: TargetingVerdict) -> dict[str, Any]:
    """Return a verdict as plain values for JSON.

    Parameters
    ----------
    verdict : from `judge_targeting`.
    """
    return {
        "code": verdict.code.value,
        "text": dict(verdict.text),
        "recommended": verdict.recommended,
        "learner": verdict.learner,
        "everybody": estimate_as_dict(verdict.everybody),
        "at_random": estimate_as_dict(verdict.at_random),
        "customers": verdict.customers[0],
        "customers_tried_on": verdict.customers[1],
        "candidates": [_candidate(one) for one in verdict.candidates],
    }


def estimate_as_dict(found: Estimate | Undefined) -> dict[str, Any]:
    """Return an estimate, or the reason why there is none, as plain values.

    Parameters
    ----------
    found : the figure.
    """
    if isinstance(found, Undefined):
        return {"undefined": found.reason}
    return {
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "confidence": found.confidence,
        "method": found.method,
    }


def _candidate(one: Candidate) -> dict[str, Any]:
    return {
        "name": one.name,
        "title": dict(one.title),
        "p_value": one.p_value,
        "gain_over_random": estimate_as_dict(one.gain_over_random),
        "value": estimate_as_dict(one.value),
        "uplift": estimate_as_dict(one.uplift),
        "qini": estimate_as_dict(one.curve.qini),
        "auuc": estimate_as_dict(one.curve.auuc),
        "uplift_at": {
            f"{depth:g}": estimate_as_dict(found) for depth, found in one.curve.uplift_at.items()
        },
        "slope": estimate_as_dict(slope_estimate(one.line)) if one.tenths else None,
        "tenths": [_tenth(tenth) for tenth in one.tenths],
    }


def _tenth(one: Tenth) -> dict[str, Any]:
    return {
        "customers": one.customers,
        "predicted": one.predicted,
        "found": estimate_as_dict(one.found),
    }
