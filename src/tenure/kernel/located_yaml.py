"""YAML as plain values that still know the line they stand on.

Only what definitions need: texts, numbers, dates, true, false, null, lists and mappings. `yes`,
`no`, `on` and `12:30` stay texts, and a key that stands twice is a fault, not a silent winner.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from tenure.kernel.errors import DefinitionError
from tenure.kernel.issues import Issue

YamlPath = tuple[str | int, ...]
"""Keys and list positions from the top to a value, e.g. `("tactics", 0, "cost")`."""

BYTES_MAX = 200_000
VALUES_MAX = 20_000
DEPTH_MAX = 40
"""Limits far above any definition a person writes; an alias counts wherever it is used."""

_WHOLE = re.compile(r"[-+]?(0|[1-9]\d{0,17})")
_REAL = re.compile(r"[-+]?(\d+\.\d*|\.\d+|\d+(?=[eE]))([eE][-+]?\d{1,3})?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_TAGS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("str", "map", "seq"))


class _Loader(yaml.SafeLoader):
    """A loader that leaves every plain word to `_plain_word`."""


_Loader.yaml_implicit_resolvers = {}


@dataclass(frozen=True, slots=True)
class _Spot:
    line: int
    start: int
    end: int
    is_scalar: bool


@dataclass(frozen=True, slots=True)
class LocatedYaml:
    """The values of one YAML text and where each of them stands.

    Parameters
    ----------
    text : the YAML as it was given.
    source : file name for messages.
    value : its plain values: mappings, lists, texts, numbers, dates, booleans, None.
    spots : where each value stands, by path.
    issues : keys that stand twice.
    """

    text: str
    source: str
    value: object
    spots: Mapping[YamlPath, _Spot]
    issues: tuple[Issue, ...]

    def line(self, path: YamlPath) -> int:
        """Return the 1-based line of a value, or of the nearest one around it."""
        for length in range(len(path), -1, -1):
            spot = self.spots.get(path[:length])
            if spot is not None:
                return spot.line
        return 1

    def single_values(self) -> dict[YamlPath, object]:
        """Return every text, number, date, boolean and null by its path."""
        return {path: self.at(path) for path, spot in self.spots.items() if spot.is_scalar}

    def at(self, path: YamlPath) -> Any:  # noqa: ANN401 - whatever stands there
        """Return the plain value at a path; KeyError or IndexError if there is none."""
        found: Any = self.value
        for part in path:
            found = found[part]
        return found

    def issue(self, path: YamlPath, given: str, expected: str, remedy: str, *, code: str) -> Issue:
        """Return a fault at a path, with its file and line."""
        return Issue(
            self.source, self.line(path), path_text(path) or None, given, expected, remedy, code
        )

    def replaced(self, changes: Mapping[YamlPath, object]) -> str:
        """Return the text with single values changed; comments and layout stay.

        Parameters
        ----------
        changes : new text, number, date or boolean by path; each path must name a single value.

        Raises
        ------
        DefinitionError : a path names nothing, or a list or mapping.
        """
        edits = []
        for path, value in changes.items():
            spot = self.spots.get(path)
            if spot is None or not spot.is_scalar:
                raise DefinitionError(
                    f"{self.source} without a single value at {path_text(path)}",
                    "the path of a text, number, date or boolean",
                    "name one that stands in the file",
                )
            before = self.text[spot.start : spot.end]
            # A block text ends with its line; an empty value begins right at the colon.
            edges = ("" if before else " ", "\n" if before.endswith("\n") else "")
            edits.append((spot.start, spot.end, scalar_text(value).join(edges)))
        text = self.text
        for start, end, new in sorted(edits, reverse=True):
            text = text[:start] + new + text[end:]
        return text


def read_yaml_file(path: Path) -> LocatedYaml:
    """Return the located values of a YAML file.

    Raises
    ------
    DefinitionError : the file cannot be read, is too large, not UTF-8, or not YAML.
    """
    try:
        with path.open("rb") as file:
            content = file.read(BYTES_MAX + 1)
        text = content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(
            f"{path}: {error}", "a YAML file in UTF-8", "check the path; save the file as UTF-8"
        ) from error
    return read_yaml(text, str(path))


def read_yaml(text: str, source: str) -> LocatedYaml:
    """Return the located values of a YAML text.

    Parameters
    ----------
    text : the YAML.
    source : file name for messages.

    Raises
    ------
    DefinitionError : it is empty, too large or not YAML; the message names file and line.
    """
    if len(text.encode("utf-8", "surrogatepass")) > BYTES_MAX:
        raise DefinitionError(
            f"{source} of more than {BYTES_MAX} bytes",
            "one definition",
            "keep one definition in one file",
        )
    # The parser counts signs without the mark of byte order.
    text = text.removeprefix("\ufeff")
    try:
        node = yaml.compose(text, Loader=_Loader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = "" if mark is None else f", line {mark.line + 1}"
        problem = getattr(error, "problem", None) or "not YAML"
        raise DefinitionError(
            f"{source}{line}: {problem}",
            "lines of `key: value`",
            "check indentation, colons and quotes",
        ) from error
    if node is None:
        raise DefinitionError(
            f"{source}, which is empty", "a definition", "write one, or delete the file"
        )
    reading = _Reading(source)
    value = reading.plain(node, ())
    return LocatedYaml(text, source, value, reading.spots, tuple(reading.issues))


def path_text(path: YamlPath) -> str:
    """Return a path as people write it: `tactics[0].cost`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def scalar_text(value: object) -> str:
    """Return a single value as YAML that reads back as itself."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        plain = re.fullmatch(r"[^\W\d][\w ./%()-]*", value) and not value.endswith(" ")
        if plain and _plain_word(value) == value:
            return value
        return '"' + "".join(map(_escaped, value)) + '"'
    return str(value)


def near_hint(name: str, known: list[str]) -> str:
    """Return which known name was probably meant, as a remedy; empty if none is near."""
    near = get_close_matches(name, known, n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else ""


def faults_error(source: str, issues: tuple[Issue, ...], what: str) -> DefinitionError:
    """Return the error that names every fault of a definition, in the order of lines."""
    ordered = sorted(issues, key=lambda issue: (issue.source, issue.row or 0))
    first = ordered[0]
    if len(ordered) == 1:
        field = f"{first.field}: " if first.field else ""
        return DefinitionError(
            f"{source}, line {first.row}: {field}{first.given}",
            first.expected,
            first.remedy,
            issues=tuple(ordered),
        )
    several = len({issue.source for issue in ordered}) > 1
    lines = "; ".join(
        f"{issue.source + ', ' if several else ''}line {issue.row}: "
        f"{issue.field + ': ' if issue.field else ''}{issue.given} (expected {issue.expected})"
        for issue in ordered
    )
    return DefinitionError(
        f"{source} with {len(ordered)} faults: {lines}",
        f"a valid {what}",
        f"mend these lines; first: {first.remedy}",
        issues=tuple(ordered),
    )


class _Reading:
    """One walk over the nodes of a text."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.spots: dict[YamlPath, _Spot] = {}
        self.issues: list[Issue] = []

    def plain(self, node: yaml.Node, path: YamlPath) -> object:
        start = node.start_mark
        if len(self.spots) >= VALUES_MAX or len(path) > DEPTH_MAX:
            raise self._fault(node, f"more than {VALUES_MAX} values or {DEPTH_MAX} levels")
        scalar = isinstance(node, yaml.ScalarNode)
        self.spots[path] = _Spot(start.line + 1, start.index, node.end_mark.index, scalar)
        if node.tag not in _TAGS:
            raise self._fault(node, f"the tag {node.tag}")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.plain(one, (*path, place)) for place, one in enumerate(node.value)]
        text = str(node.value)
        # Quoted and block texts are texts, whatever they look like.
        is_plain = isinstance(node, yaml.ScalarNode) and node.style is None
        return _plain_word(text) if is_plain else text

    def _mapping(self, node: yaml.MappingNode, path: YamlPath) -> dict[str, object]:
        found: dict[str, object] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self._fault(key, "a list or mapping as a key")
            name = str(key.value)
            if name in found:
                self.issues.append(
                    Issue(
                        self.source,
                        key.start_mark.line + 1,
                        path_text((*path, name)),
                        f"the key {name!r} a second time",
                        "each key once",
                        "delete one of the two lines",
                        "repeated_key",
                    )
                )
                continue
            found[name] = self.plain(value, (*path, name))
            spot = self.spots[(*path, name)]
            # A block begins below its key; a person looks for the key.
            self.spots[(*path, name)] = _Spot(
                key.start_mark.line + 1, spot.start, spot.end, spot.is_scalar
            )
        return found

    def _fault(self, node: yaml.Node, given: str) -> DefinitionError:
        return DefinitionError(
            f"{self.source}, line {node.start_mark.line + 1}: {given}",
            "texts, numbers, dates, true, false, null, lists and mappings",
            "write it plainly",
        )


def _escaped(sign: str) -> str:
    if sign in '"\\':
        return "\\" + sign
    return sign if sign.isprintable() else f"\\U{ord(sign):08x}"


def _plain_word(text: str) -> object:
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _REAL.fullmatch(text):
        return float(text)
    if _DAY.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            return text
    return text
