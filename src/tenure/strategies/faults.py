"""What a model refuses, said in plain words with the line of the file."""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from tenure.kernel import Issue
from tenure.kernel.located_yaml import LocatedYaml, YamlPath, faults_error, near_hint

_Model = TypeVar("_Model", bound=BaseModel)

_SHAPES = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "is_instance_of": "a number",
    "bool_type": "true or false",
    "date_type": "a date like 2026-01-31",
    "tuple_type": "a list",
    "dict_type": "a text, or one for each of en and zh",
    "model_type": "lines of `key: value`",
    "string_too_short": "a text that is not empty",
}
_BOUNDS = {
    "greater_than": ("above {}", "gt"),
    "greater_than_equal": ("at least {}", "ge"),
    "less_than": ("below {}", "lt"),
    "less_than_equal": ("at most {}", "le"),
    "decimal_max_places": ("at most {} decimals", "decimal_places"),
    "decimal_max_digits": ("at most {} digits", "max_digits"),
    "decimal_whole_digits": ("at most {} digits before the point", "whole_digits"),
    "too_short": ("at least {} of them", "min_length"),
    "too_long": ("at most {} of them", "max_length"),
    "string_too_long": ("at most {} signs", "max_length"),
}
_PATTERNS = {
    r"^[A-Z]{3}$": (
        "a currency code of three capitals, e.g. EUR",
        "write the ISO 4217 code",
    ),
    r"^[a-z][a-z0-9_]{0,63}$": (
        "a name of a-z, 0-9 and _ that begins with a letter, at most 64 signs",
        "rename it; titles may use any language",
    ),
}
_SHOWN_MAX = 60


def read_model(
    model: type[_Model], value: object, located: LocatedYaml, path: YamlPath
) -> tuple[_Model | None, list[Issue]]:
    """Return one part of a definition, or every fault in it.

    Parameters
    ----------
    model : what the part must be.
    value : the part's plain value.
    located, path : where it stands.
    """
    try:
        return model.model_validate(value), []
    except ValidationError as error:
        return None, list(model_faults(error, model, located, path))


def whole_model(
    model: type[_Model],
    located: LocatedYaml,
    faults: Callable[[_Model, LocatedYaml], Iterator[Issue]],
    kind: str,
) -> _Model:
    """Return a text as a definition, if it is sound in all its parts.

    Parameters
    ----------
    model : what it must be.
    located : the text.
    faults : further faults of a text that has the model's shape.
    kind : what it is called in the error.

    Raises
    ------
    DefinitionError : it is not valid; the error names every fault with its line.
    """
    found, issues = read_model(model, located.value, located, ())
    issues += located.issues
    if found is not None:
        issues += faults(found, located)
    if found is None or issues:
        raise faults_error(located.source, tuple(issues), kind)
    return found


def read_value(
    adapter: TypeAdapter[Any], kind: object, value: object, located: LocatedYaml, path: YamlPath
) -> tuple[Any, list[Issue]]:
    """Return one value of any annotated type, or None and every fault in it.

    Parameters
    ----------
    adapter : made of `kind`; making one takes long, so whoever reads much keeps it.
    kind : the type, to say which keys it has.
    value : the plain value.
    located, path : where it stands.
    """
    try:
        return adapter.validate_python(value), []
    except ValidationError as error:
        return None, list(model_faults(error, kind, located, path))


def model_faults(
    error: ValidationError, kind: object, located: LocatedYaml, path: YamlPath
) -> Iterator[Issue]:
    """Yield each fault that pydantic found as an issue with its line."""
    for detail in error.errors(include_url=False):
        where = tuple(part for part in detail["loc"] if part != "[key]")
        full = (*path, *where)
        given, expected, remedy = _said(detail, kind, where, full)
        yield located.issue(full, given, expected, remedy, code=detail["type"])


def keys_at(kind: object, path: YamlPath) -> list[str]:
    """Return the keys that a definition may have at a path below a type; empty if any."""
    for part in path:
        kind = _inside(kind, part)
    found = _model_in(kind)
    return [] if found is None else list(found.model_fields)


def shown(value: object) -> str:
    """Return a value as it is quoted in a message."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if value is None:
        return "nothing"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _SHOWN_MAX else text[: _SHOWN_MAX - 3] + "..."


def _said(
    detail: ErrorDetails, kind: object, where: YamlPath, path: YamlPath
) -> tuple[str, str, str]:
    code, given = detail["type"], shown(detail["input"])
    context: Mapping[str, Any] = detail.get("ctx", {})
    key = str(path[-1]) if path else ""
    if code == "missing":
        return f"nothing for {key!r}", f"the key {key!r}", f"add a line `{key}: ...`"
    if code == "extra_forbidden":
        known = keys_at(kind, where[:-1])
        return (
            f"the unknown key {key!r}",
            f"one of {', '.join(known)}",
            near_hint(key, known) or "delete the line",
        )
    if code == "literal_error":
        choices = re.findall(r"'([^']*)'", str(context.get("expected", "")))
        near = near_hint(str(detail["input"]), choices)
        return given, f"one of {', '.join(choices)}", near or "choose one of them"
    if code == "string_pattern_mismatch":
        expected, remedy = _PATTERNS[context["pattern"]]
        return given, expected, remedy
    if code in _BOUNDS:
        text, bound = _BOUNDS[code]
        return given, text.format(_plain(context[bound])), "change the value"
    if code == "value_error":
        return given, str(context["error"]), "change the value"
    return given, _SHAPES.get(code, detail["msg"]), "change the value"


def _plain(bound: object) -> object:
    return int(bound) if isinstance(bound, float) and bound.is_integer() else bound


def _inside(kind: object, part: str | int) -> object:
    if isinstance(part, int):
        return next(iter(get_args(_bare(kind))), None)
    model = _model_in(kind)
    field = None if model is None else model.model_fields.get(part)
    return None if field is None else field.annotation


def _model_in(kind: object) -> type[BaseModel] | None:
    bare = _bare(kind)
    return bare if isinstance(bare, type) and issubclass(bare, BaseModel) else None


def _bare(kind: Any) -> Any:  # noqa: ANN401 - any annotation
    """Return a type without `Annotated` and without `| None`."""
    while True:
        origin = get_origin(kind)
        if origin in (Union, types.UnionType):
            kind = next(one for one in get_args(kind) if one is not type(None))
        elif hasattr(kind, "__metadata__"):
            kind = kind.__origin__
        else:
            return kind
