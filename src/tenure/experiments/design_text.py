"""A design as YAML: read with the line of every fault, and written so that it reads back.

```yaml
name: welcome_sms
title: {en: A message after the first order, zh: 首单后的短信}
hypothesis: A message a week after the first order brings a second one sooner.
arms:
  - {name: control, weight: 20}
  - {name: sms, weight: 80}
primary_metric: net_revenue
layer: {name: contact, slots: 300}
reading: {mode: confidence_sequence}
```
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from tenure.experiments.arms import Arm
from tenure.experiments.designs import Design, Guardrail, Reading
from tenure.experiments.exclusion import Layer
from tenure.kernel import DefinitionError, Issue
from tenure.kernel.located_yaml import (
    LocatedYaml,
    YamlPath,
    faults_error,
    near_hint,
    path_text,
    read_yaml,
)

_WHOLE: TypeAdapter[Design] = TypeAdapter(Design)
_PARTS: dict[str, tuple[type, TypeAdapter[Any]]] = {
    "arms": (Arm, TypeAdapter(Arm)),
    "guardrails": (Guardrail, TypeAdapter(Guardrail)),
    "layer": (Layer, TypeAdapter(Layer)),
    "reading": (Reading, TypeAdapter(Reading)),
}
_CODE = "bad_design"


def read_design(text: str, source: str) -> Design:
    """Return the design of a YAML text.

    Parameters
    ----------
    text : the YAML.
    source : file name for messages.

    Raises
    ------
    DefinitionError : it is not a design; the error names every fault with its line.
    """
    located = read_yaml(text, source)
    issues = [*located.issues, *_part_faults(located)]
    if issues:
        raise faults_error(source, tuple(issues), "experiment")
    try:
        return _WHOLE.validate_python(located.value)
    except ValidationError as error:
        found = tuple(_issue(located, (), Design, one) for one in error.errors())
        raise faults_error(source, found, "experiment") from None
    except DefinitionError as error:
        raise faults_error(source, (_told(located, (), error),), "experiment") from None


def design_text(design: Design) -> str:
    """Return a design as YAML without what is default; `read_design` returns it again."""
    defaults = Design(design.name, design.arms, design.primary_metric).as_dict()
    named = ("name", "arms", "primary_metric")
    plain = {
        name: value
        for name, value in design.as_dict().items()
        if name in named or value != defaults[name]
    }
    return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True)


def _part_faults(located: LocatedYaml) -> Iterator[Issue]:
    """Check the parts one by one: each fault then knows its own line."""
    if not isinstance(located.value, Mapping):
        yield located.issue(
            (), "a list or text", "lines of `key: value`", "write `name: ...` first", code=_CODE
        )
        return
    for key, (kind, adapter) in _PARTS.items():
        value = located.value.get(key)
        parts: list[tuple[YamlPath, object]] = [((key,), value)]
        if key in ("arms", "guardrails"):
            listed = value if isinstance(value, list) else []
            parts = [((key, place), one) for place, one in enumerate(listed)]
        for path, part in parts:
            if isinstance(part, Mapping):
                yield from _faults_of(located, path, kind, adapter, part)


def _faults_of(
    located: LocatedYaml,
    path: YamlPath,
    kind: type,
    adapter: TypeAdapter[Any],
    value: Mapping[str, object],
) -> Iterator[Issue]:
    try:
        adapter.validate_python(value)
    except ValidationError as error:
        for one in error.errors():
            yield _issue(located, path, kind, one)
    except DefinitionError as error:
        yield _told(located, path, error)


def _issue(located: LocatedYaml, path: YamlPath, kind: type, error: ErrorDetails) -> Issue:
    where = (*path, *error["loc"])
    name = str(error["loc"][-1]) if error["loc"] else ""
    known = [field.name for field in fields(kind)]
    if error["type"] == "unexpected_keyword_argument":
        hint = near_hint(name, known) or "delete it, or check how it is written"
        return located.issue(where, f"the key {name!r}", ", ".join(known), hint, code=_CODE)
    if error["type"] in ("missing", "missing_argument"):
        given = f"{path_text(path) or 'the design'} without {name!r}"
        return located.issue(path, given, f"{name}: ...", f"add `{name}`", code=_CODE)
    return located.issue(where, f"{error['input']!r}", error["msg"], "mend that line", code=_CODE)


def _told(located: LocatedYaml, path: YamlPath, error: DefinitionError) -> Issue:
    return located.issue(path, error.given, error.expected, error.remedy, code=_CODE)
