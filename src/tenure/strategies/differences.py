"""What changed between two versions of a definition, field by field, in the file's own words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from tenure.kernel.located_yaml import YamlPath, path_text


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs.

    Parameters
    ----------
    field : where, e.g. `tactics[call].cost.contact`; named entries by name, others by place.
    change : `added`, `removed` or `changed`.
    before, after : the two values; None where it was not there.
    """

    field: str
    change: Literal["added", "removed", "changed"]
    before: object
    after: object

    def as_dict(self) -> dict[str, object]:
        """Return the difference as plain values for JSON."""
        return {
            "field": self.field,
            "change": self.change,
            "before": self.before,
            "after": self.after,
        }


def differences(before: object, after: object) -> tuple[Difference, ...]:
    """Return every field that differs between two plain values, in the order of the new one.

    Entries of a list that have a name are compared by name, so that a new tactic at the top is
    one difference; their order alone is none.

    Parameters
    ----------
    before, after : mappings, lists and single values, as a YAML reader returns them.
    """
    return tuple(_differ(before, after, ()))


def _differ(before: object, after: object, path: YamlPath) -> Iterator[Difference]:
    old, new = _by_key(before), _by_key(after)
    if old is None or new is None or isinstance(before, dict) != isinstance(after, dict):
        if before != after or type(before) is not type(after):
            yield Difference(_said(path), "changed", before, after)
        return
    for key, value in new.items():
        if key in old:
            yield from _differ(old[key], value, (*path, key))
        else:
            yield from _leaves(value, (*path, key), "added")
    for key, value in old.items():
        if key not in new:
            yield from _leaves(value, (*path, key), "removed")


def _leaves(
    value: object, path: YamlPath, change: Literal["added", "removed"]
) -> Iterator[Difference]:
    inner = _by_key(value)
    if inner:
        for key, one in inner.items():
            yield from _leaves(one, (*path, key), change)
    elif change == "added":
        yield Difference(_said(path), change, None, value)
    else:
        yield Difference(_said(path), change, value, None)


def _by_key(value: object) -> Mapping[str | int, object] | None:
    """Return a mapping as it is, a list by its entries' names or places; None for one value."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, list):
        return None
    names = [one.get("name") if isinstance(one, dict) else None for one in value]
    if all(isinstance(name, str) for name in names) and len(set(names)) == len(names):
        return {_Named(str(name)): one for name, one in zip(names, value, strict=True)}
    return dict(enumerate(value))


class _Named(str):
    """The name of an entry of a list, shown in brackets."""


def _said(path: YamlPath) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, _Named) else path_text((text, part))[len(text) :]
    return text.removeprefix(".")
