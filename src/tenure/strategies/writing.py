"""A strategy as the text of its file, e.g. the version that a review proposes."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import yaml

from tenure.strategies.definition import Strategy


def strategy_text(strategy: Strategy) -> str:
    """Return a strategy as YAML that reads back as the very same; what is default is left out.

    Parameters
    ----------
    strategy : any. Comments of the file it came from are not kept.
    """
    content = _plain(strategy.model_dump(exclude_defaults=True))
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=100)


def _plain(value: object) -> object:
    """Return a value as YAML knows it; amounts as numbers where that is exact."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Decimal):
        whole = value == value.to_integral_value()
        return int(value) if whole else float(value)
    return value
