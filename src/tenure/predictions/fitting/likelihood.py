"""Find the maximum of a log-likelihood and say how well the data determine it.

Positive parameters are searched by their logarithms. There the surface is close to quadratic,
so a trust-region Newton search needs few passes over the data; a short search over a sample of
the rows may come first. The curvature at the maximum (the observed information) gives the
standard errors; where there is none, the parameter is named as unidentified.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tenure.kernel import OptionError

FloatArray = npt.NDArray[np.float64]

FURTHEST = 30.0
"""No logarithm of a parameter is searched beyond this, on either side."""
ANCHOR = 1e-6
"""A pull towards 0 too weak to be seen, so that a perfectly flat direction has one answer."""
IDENTIFIED_WITHIN = 2.0
"""A logarithm with a larger standard error is unidentified: 90 % would span a factor of 700."""
EDGE = 18.0
"""A logarithm beyond this is a limit, not an estimate: the likelihood rises towards it for ever."""
FLAT_SHARE = 0.5
"""A plain coefficient is unidentified if this share of its information is the anchor's."""
_STEPS_MAX = 200
_NEAR = 1e-6  # squared distance to the maximum, in standard errors, at which the search ends
_ROUNDING = 1e-12  # relative; a smaller gain cannot be told from rounding
_DIFFERENCE = 1e-4  # of a logarithm, where the curvature is differenced from gradients


class Evaluation(NamedTuple):
    """A log-likelihood at one point.

    Parameters
    ----------
    value : the log-likelihood.
    gradient : by the working parameters (logarithms, or plain coefficients), shape (k,).
    hessian : second derivatives, shape (k, k); None has them differenced from gradients.
    """

    value: float
    gradient: FloatArray
    hessian: FloatArray | None = None


Objective = Callable[[FloatArray], Evaluation]


@dataclass(frozen=True)
class Maximum:
    """The maximum of a likelihood.

    Parameters
    ----------
    names : the parameters.
    values : on their natural scale.
    working : what was searched: logarithms, for plain coefficients the values themselves.
    plain : names of the coefficients that may have any sign.
    standard_errors : on the natural scale (delta method); None where unidentified.
    covariance : of the working parameters, always finite and positive definite.
    log_likelihood : at the maximum, without penalty.
    customers : the sum of weights.
    converged : whether the search ended at a maximum.
    unidentified : names of parameters that the data do not determine.
    notes : stable keys of what a person should know, e.g. `penalised`, `not_converged`.
    passes : evaluations over all rows.
    draws : draws of the parameters on the natural scale, shape (draws, parameters), where some
        were made from the likelihood itself; None leaves them to the covariance.
    """

    names: tuple[str, ...]
    values: FloatArray
    working: FloatArray
    plain: tuple[str, ...]
    standard_errors: tuple[float | None, ...]
    covariance: FloatArray
    log_likelihood: float
    customers: float
    converged: bool
    unidentified: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    passes: int = 0
    draws: FloatArray | None = None

    def __getitem__(self, name: str) -> float:
        """Return a parameter's value on its natural scale."""
        return float(self.values[self.names.index(name)])

    def as_parameters(self) -> dict[str, float]:
        """Return name and value of every parameter, on the natural scale."""
        return {name: float(value) for name, value in zip(self.names, self.values, strict=True)}

    def rescaled(
        self, factors: Mapping[str, float], *, log_likelihood_shift: float = 0.0
    ) -> Maximum:
        """Return the same maximum in other units.

        Parameters
        ----------
        factors : by what each named positive parameter is multiplied; others stay.
        log_likelihood_shift : added to the log-likelihood (a density changes with its unit).
        """
        by = np.array([factors.get(name, 1.0) for name in self.names])
        errors = tuple(
            None if error is None else error * float(factor)
            for error, factor in zip(self.standard_errors, by, strict=True)
        )
        return replace(
            self,
            values=self.values * by,
            working=self.working + np.log(by),
            standard_errors=errors,
            log_likelihood=self.log_likelihood + log_likelihood_shift,
            draws=None if self.draws is None else self.draws * by,
        )

    def with_notes(self, *notes: str, unidentified: Sequence[str] = ()) -> Maximum:
        """Return the same with more notes, and with parameters known to be unidentified."""
        named = tuple(n for n in self.names if n in self.unidentified or n in unidentified)
        errors = tuple(
            None if name in named else error
            for name, error in zip(self.names, self.standard_errors, strict=True)
        )
        return replace(
            self,
            notes=tuple(dict.fromkeys((*self.notes, *notes))),
            unidentified=named,
            standard_errors=errors,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values for JSON."""
        return {
            "names": list(self.names),
            "values": self.values.tolist(),
            "working": self.working.tolist(),
            "plain": list(self.plain),
            "standard_errors": list(self.standard_errors),
            "covariance": self.covariance.tolist(),
            "log_likelihood": self.log_likelihood,
            "customers": self.customers,
            "converged": self.converged,
            "unidentified": list(self.unidentified),
            "notes": list(self.notes),
            "passes": self.passes,
            **({} if self.draws is None else {"draws": self.draws.tolist()}),
        }

    @classmethod
    def from_dict(cls, described: Mapping[str, Any]) -> Maximum:
        """Make it again from what `to_dict` returned."""
        present = [n for n in ("values", "working", "covariance", "draws") if n in described]
        arrays = {name: np.array(described[name]) for name in present}
        tuples = {
            name: tuple(described[name])
            for name in ("names", "plain", "standard_errors", "unidentified", "notes")
        }
        return cls(**{**described, **arrays, **tuples})


def maximise(
    objective: Objective,
    *,
    names: Sequence[str],
    start: Sequence[float],
    customers: float,
    plain: Sequence[str] = (),
    penalty: float | Sequence[float] = 0.0,
    sample: Objective | None = None,
) -> Maximum:
    """Return the maximum of a log-likelihood.

    Parameters
    ----------
    objective : log-likelihood of all rows at the working parameters. Rescale times first, so
        that their mean is about 1: then all logarithms are of ordinary size.
    names : the parameters.
    start : where to begin, on the natural scale; positive except for `plain` ones.
    customers : the sum of weights.
    plain : names of coefficients that may have any sign; they are searched as they are.
    penalty : ridge, >= 0, for all or for each: a normal prior around 0 with this precision on
        the working parameters (around 1 for a positive parameter itself).
    sample : the same over a part of the rows, scaled up to all; searched first, for a good start.

    Returns
    -------
    The maximum; it is finite whatever the data are. Look at `converged` and `unidentified`.

    Raises
    ------
    OptionError : a penalty is negative or not a number.
    """
    if not np.all(np.isfinite(penalty) & (np.asarray(penalty) >= 0)):
        raise OptionError(f"penalty {penalty}", "a number from 0 up", "pass e.g. 0 or 1")
    is_plain = np.array([name in plain for name in names])
    ridge = np.broadcast_to(np.asarray(penalty, dtype=np.float64), (len(names),)) + ANCHOR
    point = np.array(
        [v if p else math.log(v) for v, p in zip(start, is_plain, strict=True)], dtype=np.float64
    )
    if sample is not None:
        point = _Search(sample, ridge).run(point).point
    found = _Search(objective, ridge).run(point)
    curvature = found.curvature
    covariance = _safe_inverse(curvature)
    spread = np.sqrt(np.diag(covariance))
    is_limit = (spread > IDENTIFIED_WITHIN) | (np.abs(found.point) > EDGE)
    lost = np.where(is_plain, spread**2 * ANCHOR > FLAT_SHARE, is_limit)
    values = np.where(is_plain, found.point, np.exp(found.point))
    errors = np.where(is_plain, spread, spread * values)
    notes = [] if found.converged else ["not_converged"]
    if np.any(ridge > ANCHOR):
        notes.append("penalised")
    if lost.any():
        notes.append("unidentified")
    return Maximum(
        names=tuple(names),
        values=values,
        working=found.point,
        plain=tuple(plain),
        standard_errors=tuple(
            None if gone else float(error) for gone, error in zip(lost, errors, strict=True)
        ),
        covariance=covariance,
        log_likelihood=float(found.value + ridge @ found.point**2 / 2),
        customers=float(customers),
        converged=found.converged,
        unidentified=tuple(name for name, gone in zip(names, lost, strict=True) if gone),
        notes=tuple(notes),
        passes=found.passes,
    )


class _Found(NamedTuple):
    point: FloatArray
    value: float
    curvature: FloatArray
    converged: bool
    passes: int


class _Search:
    """A trust-region Newton search (Nocedal and Wright 2006, Numerical Optimization, ch. 4)."""

    def __init__(self, objective: Objective, ridge: FloatArray) -> None:
        self.objective = objective
        self.ridge = ridge
        self.passes = 0

    def run(self, point: FloatArray) -> _Found:
        """Climb from a point until the next step is far below a standard error."""
        value, gradient, curvature = self._at(point)
        radius = 1.0
        converged = False
        for _ in range(_STEPS_MAX):
            step, expected = _trust_step(gradient, curvature, radius)
            if 2 * expected < _NEAR or expected < _ROUNDING * abs(value):
                # The last step is known and far below a standard error: it needs no more pass.
                point, value = np.clip(point + step, -FURTHEST, FURTHEST), value + expected
                converged = True
                break
            trial = np.clip(point + step, -FURTHEST, FURTHEST)
            new_value, new_gradient, new_curvature = self._at(trial)
            gain = (new_value - value) / expected if np.isfinite(new_value) else -1.0
            length = float(np.linalg.norm(step))
            if gain < 0.25:
                radius = length / 4
            elif gain > 0.75 and length > 0.9 * radius:
                radius = min(4 * radius, FURTHEST)
            if gain > 1e-4:
                point, value, gradient, curvature = trial, new_value, new_gradient, new_curvature
            elif radius < 1e-9:
                break
        return _Found(point, value, curvature, converged, self.passes)

    def _at(self, point: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Return penalised value, gradient and curvature (the negative Hessian)."""
        value, gradient, hessian = self.objective(point)
        self.passes += 1
        if hessian is None:
            hessian = self._differenced(point)
        value -= float(self.ridge @ point**2) / 2
        curvature = np.diag(self.ridge) - (hessian + hessian.T) / 2
        if not (
            math.isfinite(value) and np.isfinite(gradient).all() and np.isfinite(curvature).all()
        ):
            return -math.inf, np.zeros_like(point), np.eye(len(point))
        return value, gradient - self.ridge * point, curvature

    def _differenced(self, point: FloatArray) -> FloatArray:
        rows = []
        for step in np.eye(len(point)) * _DIFFERENCE:
            ahead, behind = self.objective(point + step), self.objective(point - step)
            rows.append((ahead.gradient - behind.gradient) / (2 * _DIFFERENCE))
        self.passes += 2 * len(point)
        return np.array(rows)


def _trust_step(
    gradient: FloatArray, curvature: FloatArray, radius: float
) -> tuple[FloatArray, float]:
    """Return the best step within a radius and the gain a quadratic would bring.

    Where the surface bends upwards, the curvature's sign is turned, so that the step climbs.
    """
    bends, directions = np.linalg.eigh(curvature)
    along = directions.T @ gradient
    sizes = np.maximum(np.abs(bends), ANCHOR * 1e-3)

    def length(shift: float) -> float:
        return float(np.linalg.norm(along / (sizes + shift)))

    shift = 0.0
    if length(0.0) > radius:
        low, high = 0.0, float(np.linalg.norm(along)) / radius
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if length(middle) > radius else (low, middle)
        shift = high
    moved = along / (sizes + shift)
    return directions @ moved, float(along @ moved - (sizes * moved) @ moved / 2)


def _safe_inverse(curvature: FloatArray) -> FloatArray:
    """Invert the information; a direction without any gets the anchor's, so all is finite."""
    bends, directions = np.linalg.eigh(curvature)
    inverse: FloatArray = (directions / np.maximum(bends, ANCHOR)) @ directions.T
    return inverse
