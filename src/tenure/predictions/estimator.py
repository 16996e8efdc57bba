"""What every model has in common: parameters that can be read and set, and a life as JSON."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, Self

from tenure.kernel import DataError, DefinitionError, OptionError

FORMAT = 1
"""Version of the text form; a newer one is refused, not guessed at."""


class Estimator:
    """A model with scikit-learn's conventions, without scikit-learn.

    A subclass's `__init__` only stores its arguments under their own names; what fitting finds
    gets names that end in `_`. A subclass says how its findings become JSON in `_fitted_state`
    and back in `_restore`.
    """

    @classmethod
    def _parameter_names(cls) -> tuple[str, ...]:
        signature = inspect.signature(cls.__init__)
        return tuple(name for name in signature.parameters if name != "self")

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the arguments this model was made with.

        Parameters
        ----------
        deep : also return those of models inside it, as `<name>__<inner name>`.

        Returns
        -------
        Name and value; `type(model)(**model.get_params(deep=False))` is an unfitted twin.
        """
        found: dict[str, Any] = {}
        for name in self._parameter_names():
            value = found[name] = getattr(self, name)
            if deep and isinstance(value, Estimator):
                inner = value.get_params(deep=True)
                found.update({f"{name}__{key}": inside for key, inside in inner.items()})
        return found

    def set_params(self, **parameters: Any) -> Self:  # noqa: ANN401 - each has its own type
        """Set arguments by name and return the model itself.

        Parameters
        ----------
        parameters : name and value; `<name>__<inner name>` reaches a model inside.

        Raises
        ------
        OptionError : the model has no such parameter.
        """
        known = self._parameter_names()
        for name, value in parameters.items():
            own, _, inner = name.partition("__")
            if own not in known:
                raise OptionError(
                    f"parameter {name!r} for {type(self).__name__}",
                    f"one of {', '.join(known)}",
                    "correct the name",
                )
            if inner:
                getattr(self, own).set_params(**{inner: value})
            else:
                setattr(self, own, value)
        return self

    def __repr__(self) -> str:
        inside = ", ".join(f"{k}={v!r}" for k, v in self.get_params(deep=False).items())
        return f"{type(self).__name__}({inside})"

    @property
    def is_fitted(self) -> bool:
        """Tell whether the model has been fitted."""
        return any(name.endswith("_") and not name.startswith("_") for name in vars(self))

    def _require_fit(self) -> None:
        """Raise a `DataError` unless the model has been fitted."""
        if not self.is_fitted:
            raise DataError(
                f"a {type(self).__name__} that was never fitted",
                "a fitted model",
                "call fit(...) first, or load a saved model",
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the model as plain values for JSON; floats come back bit for bit.

        Returns
        -------
        `model`, `format`, `parameters` and, once fitted, `fitted`.
        """
        described: dict[str, Any] = {
            "model": type(self).__name__,
            "format": FORMAT,
            "parameters": {k: _plain(v) for k, v in self.get_params(deep=False).items()},
        }
        if self.is_fitted:
            described["fitted"] = self._fitted_state()
        return described

    @classmethod
    def from_dict(cls, described: Mapping[str, Any]) -> Self:
        """Make the model again from what `to_dict` returned.

        Raises
        ------
        DefinitionError : the text describes another model or a newer format.
        """
        if described.get("model") != cls.__name__ or described.get("format") != FORMAT:
            raise DefinitionError(
                f"model {described.get('model')!r} in format {described.get('format')!r}",
                f"model {cls.__name__!r} in format {FORMAT}",
                "load it with the model and the version of Tenure that saved it",
            )
        known = cls._parameter_names()
        parameters = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in described["parameters"].items()
            if name in known
        }
        model = cls(**parameters)
        if "fitted" in described:
            model._restore(described["fitted"])
        return model

    def _fitted_state(self) -> dict[str, Any]:
        """Return what fitting found as plain values."""
        raise NotImplementedError

    def _restore(self, state: Mapping[str, Any]) -> None:
        """Take back what `_fitted_state` returned."""
        raise NotImplementedError


def _plain(value: object) -> object:
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return value
