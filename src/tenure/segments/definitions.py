"""Segments as text: one YAML file each, with a name, titles in each language and a condition.

```yaml
name: overdue_now
title: {en: Overdue now, zh: 现已逾期}
description: {en: Later than their own rhythm lets expect., zh: 已晚于本人的购买节奏。}
expression: overdue_ratio > 1.5 and order_count >= 2
```
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import yaml

from tenure.kernel import DefinitionError
from tenure.segments.parsing import Place, is_plain_name
from tenure.snapshots.columns import ATTRIBUTE_PREFIX

_KEYS = ("name", "title", "description", "expression")
_LANGUAGES = ("en", "zh")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
FILE_BYTES_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Segment:
    """One named condition over the snapshot.

    Parameters
    ----------
    name : lower-case letters, digits and `_`; other conditions refer to it by this name.
    title : short name by language (`en`, `zh`).
    description : what it is for, by language; may be empty.
    expression : boolean SQL expression over snapshot columns and other segments.
    source : the file it came from; empty if none.
    line : 1-based line of the file in which the expression begins.
    """

    name: str
    title: Mapping[str, str]
    expression: str
    description: Mapping[str, str]
    source: str = ""
    line: int = 1

    @property
    def place(self) -> Place:
        """Where the condition stands, for error messages."""
        return Place(self.name, self.source, self.line)

    def as_dict(self) -> dict[str, object]:
        """Return the definition as plain values for JSON."""
        return {
            "name": self.name,
            "title": dict(self.title),
            "description": dict(self.description),
            "expression": self.expression,
        }


def segment(name: str, expression: str, **titles: str) -> Segment:
    """Return a segment made in code; `en=` and `zh=` give its titles (default: the name).

    Raises
    ------
    DefinitionError : the name is not a valid one.
    """
    _check_name(name, f"segment {name!r}")
    title = {language: titles.get(language, name) for language in _LANGUAGES}
    return Segment(name, title, expression, {})


def load_segments(folder: Path) -> tuple[Segment, ...]:
    """Return the segments of a folder's `*.yaml` files, sorted by name.

    Raises
    ------
    DefinitionError : a file is not a valid definition, or two define one name.
    """
    if not folder.is_dir():
        return ()
    paths = sorted(p for p in folder.iterdir() if p.suffix in (".yaml", ".yml") and p.is_file())
    return unique(read_segment(path) for path in paths)


def default_segments() -> tuple[Segment, ...]:
    """Return the segments that every new workspace starts with, sorted by name."""
    return unique(
        parse_segment(text, name) for name, text in sorted(default_segment_files().items())
    )


def default_segment_files() -> dict[str, str]:
    """Return file name and YAML text of each default segment, to be copied into a workspace."""
    folder = resources.files(__package__) / "defaults"
    return {
        file.name: file.read_text(encoding="utf-8")
        for file in folder.iterdir()
        if file.name.endswith(".yaml")
    }


def unique(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """Return segments sorted by name.

    Raises
    ------
    DefinitionError : two have one name.
    """
    found: dict[str, Segment] = {}
    for one in segments:
        if one.name in found:
            other = found[one.name].source or "another definition"
            raise DefinitionError(
                f"segment {one.name!r} in {one.source or 'one definition'} and in {other}",
                "each name once",
                "rename or delete one of them",
            )
        found[one.name] = one
    return tuple(found[name] for name in sorted(found))


def read_segment(path: Path) -> Segment:
    """Return the segment of one YAML file.

    Raises
    ------
    DefinitionError : the file cannot be read or is not a valid definition.
    """
    try:
        content = path.read_bytes()[: FILE_BYTES_MAX + 1]
        text = content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(
            f"{path.name}: {error}", "a YAML file in UTF-8", "save the file as UTF-8"
        ) from error
    if len(content) > FILE_BYTES_MAX:
        raise DefinitionError(
            f"{path.name} of more than {FILE_BYTES_MAX} bytes",
            "one segment",
            "keep one segment in one file",
        )
    return parse_segment(text, path.name)


def parse_segment(text: str, source: str) -> Segment:
    """Return the segment of a YAML text.

    Parameters
    ----------
    text : the YAML.
    source : file name for error messages.

    Raises
    ------
    DefinitionError : the text is not a valid definition; the message names file and line.
    """
    entries = _entries(_compose(text, source), source, "the segment")
    unknown = [key for key in entries if key not in _KEYS]
    if unknown:
        raise _fault(source, entries[unknown[0]], f"the key {unknown[0]!r}", ", ".join(_KEYS))
    for key in ("name", "expression"):
        if key not in entries:
            raise DefinitionError(f"{source} without {key!r}", ", ".join(_KEYS), f"add {key}: ...")
    name, expression = entries["name"], entries["expression"]
    _check_name(_text(name, source, "name"), f"{source}, line {_line(name)}: name {name.value!r}")
    return Segment(
        name=name.value,
        title=_titles(entries.get("title"), source, name.value),
        expression=_text(expression, source, "expression"),
        description=_titles(entries.get("description"), source, ""),
        source=source,
        line=_line(expression) + (getattr(expression, "style", None) in ("|", ">")),
    )


def _compose(text: str, source: str) -> yaml.Node:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = "" if mark is None else f", line {mark.line + 1}"
        problem = getattr(error, "problem", None) or "not YAML"
        raise DefinitionError(
            f"{source}{line}: {problem}",
            "a YAML mapping with name, title and expression",
            "check indentation, colons and quotes",
        ) from error
    if node is None:
        raise DefinitionError(
            f"{source}, which is empty", "a segment", "write one, or delete the file"
        )
    return node


def _entries(node: yaml.Node, source: str, what: str) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        raise _fault(source, node, f"{what} as a list or text", "a mapping of `key: value` lines")
    return {str(key.value): value for key, value in node.value}


def _text(node: yaml.Node, source: str, key: str) -> str:
    if not isinstance(node, yaml.ScalarNode) or node.tag == "tag:yaml.org,2002:null":
        raise _fault(source, node, f"{key} without a text", f"{key}: text")
    return str(node.value)


def _titles(node: yaml.Node | None, source: str, default: str) -> dict[str, str]:
    """Read `{en: ..., zh: ...}` or one text for both; a missing language takes the other's."""
    if node is None:
        return dict.fromkeys(_LANGUAGES, default)
    if isinstance(node, yaml.ScalarNode):
        return dict.fromkeys(_LANGUAGES, _text(node, source, "title"))
    given = {
        key: _text(value, source, key) for key, value in _entries(node, source, "title").items()
    }
    odd = [key for key in given if key not in _LANGUAGES]
    if odd or not given:
        raise _fault(source, node, f"the language {(odd or [''])[0]!r}", "en and zh")
    first = next(iter(given.values()))
    return {language: given.get(language, first) for language in _LANGUAGES}


def _check_name(name: str, where: str) -> None:
    if (
        not _NAME.fullmatch(name)
        or not is_plain_name(name)
        or name.startswith((ATTRIBUTE_PREFIX, "tenure_"))
    ):
        raise DefinitionError(
            where,
            "a name of a-z, 0-9 and _, at most 64 signs, no word of the grammar, no attr_ prefix",
            "rename it, e.g. big_spenders; titles may use any language",
        )


def _fault(source: str, node: yaml.Node, given: str, expected: str) -> DefinitionError:
    return DefinitionError(
        f"{source}, line {_line(node)}: {given}", expected, "mend that line of the file"
    )


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
