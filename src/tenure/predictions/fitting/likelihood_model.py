"""What every model fitted by maximum likelihood can tell of itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tenure.kernel.scipy_library import special
from tenure.predictions.estimator import Estimator
from tenure.predictions.fitting.draws import check_interval
from tenure.predictions.fitting.likelihood import Maximum


class LikelihoodModel(Estimator):
    """A model whose fit is a maximum of a likelihood, kept in `maximum_`."""

    maximum_: Maximum

    @property
    def parameters_(self) -> dict[str, float]:
        """Name and value of the fitted parameters."""
        self._require_fit()
        return self.maximum_.as_parameters()

    @property
    def log_likelihood_(self) -> float:
        """The log-likelihood at its maximum, without penalty."""
        self._require_fit()
        return self.maximum_.log_likelihood

    def summary(self, interval: float = 0.9) -> list[dict[str, Any]]:
        """Return one row per parameter: value, standard error, interval, whether identified.

        Parameters
        ----------
        interval : nominal coverage, 0..1; made on the logarithm for positive parameters.
        """
        self._require_fit()
        check_interval(interval)
        found = self.maximum_
        reach = float(special.ndtri((1 + interval) / 2)) * np.sqrt(np.diag(found.covariance))
        rows = []
        for i, name in enumerate(found.names):
            is_known = name not in found.unidentified
            ends = [float(found.working[i] - reach[i]), float(found.working[i] + reach[i])]
            low, high = ends if name in found.plain else np.exp(np.clip(ends, -60, 60)).tolist()
            rows.append(
                {
                    "parameter": name,
                    "value": float(found.values[i]),
                    "standard_error": found.standard_errors[i],
                    "low": low if is_known else None,
                    "high": high if is_known else None,
                    "identified": is_known,
                }
            )
        return rows

    def _fitted_state(self) -> dict[str, Any]:
        return {"maximum": self.maximum_.to_dict()}

    def _restore(self, state: Mapping[str, Any]) -> None:
        self.maximum_ = Maximum.from_dict(state["maximum"])
