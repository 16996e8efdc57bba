"""The words of exported files, loaded from `vocabulary.yaml` and compared as people mean them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

NAMED = 0.95
ALSO = 0.75
WITHIN = 0.5
_STEP = 0.0005
"""How much less each later word of a list weighs, so that the lists' order decides ties."""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BRACKETS = re.compile(r"[(\[{（【].*?[)\]}）】]")
_SEPARATORS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class RoleWords:
    """The words of one role.

    Parameters
    ----------
    scores : squeezed header -> how sure the whole header makes the role, 0..1.
    within : words that hint at the role inside a longer header.
    never : words that rule it out.
    """

    scores: dict[str, float]
    within: tuple[str, ...]
    never: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All word lists.

    Parameters
    ----------
    roles : words of each role; `price` stands for a price that may be of a unit or a line.
    attributes : squeezed headers of customer attributes.
    missing : spelled-out missing values, lower case.
    kinds : `refund`, `cancelled`, `pending`, `order` -> words, lower case.
    inside : the same, but found inside a longer word.
    currencies : sign or name, upper case -> codes it can stand for.
    """

    roles: dict[str, RoleWords]
    attributes: frozenset[str]
    missing: tuple[str, ...]
    kinds: dict[str, tuple[str, ...]]
    inside: dict[str, tuple[str, ...]]
    currencies: dict[str, tuple[str, ...]]


@cache
def vocabulary() -> Vocabulary:
    """Return the word lists that ship with Tenure."""
    text = files(__package__).joinpath("vocabulary.yaml").read_text(encoding="utf-8")
    data = yaml.safe_load(text)
    inside = data["kinds"].pop("inside")
    return Vocabulary(
        roles={role: _role_words(lists) for role, lists in data["roles"].items()},
        attributes=frozenset(squeeze(name) for name in data["attributes"]),
        missing=tuple(dict.fromkeys(str(word).lower() for word in data["missing"])),
        kinds={kind: tuple(words) for kind, words in data["kinds"].items()},
        inside={kind: tuple(words) for kind, words in inside.items()},
        currencies=_currencies(data),
    )


def header_words(header: str) -> tuple[str, ...]:
    """Split a header into lower-case words; brackets and what is in them are left out."""
    plain = unicodedata.normalize("NFKC", header)
    plain = _BRACKETS.sub(" ", plain) if _BRACKETS.sub("", plain).strip() else plain
    spaced = _CAMEL.sub(" ", plain)
    return tuple(word for word in _SEPARATORS.split(spaced.lower()) if word)


def squeeze(header: str) -> str:
    """Return a header's words without anything between them."""
    return "".join(header_words(header))


def header_score(role: str, header: str) -> float:
    """Return how sure a header alone makes a role, 0..1."""
    words = vocabulary().roles[role]
    tokens = header_words(header)
    named = words.scores.get("".join(tokens))
    if named is not None:
        return named
    if any(_holds(tokens, word) for word in words.never):
        return 0.0
    return WITHIN if any(_holds(tokens, word) for word in words.within) else 0.0


def is_attribute(header: str) -> bool:
    """Return whether a header names a customer attribute."""
    return squeeze(header) in vocabulary().attributes


def _holds(tokens: tuple[str, ...], word: str) -> bool:
    if not word.isascii():
        return any(word in token for token in tokens)
    return f" {word} " in f" {' '.join(tokens)} "


def _role_words(lists: dict[str, list[str]]) -> RoleWords:
    scores: dict[str, float] = {}
    for base, key in ((NAMED, "names"), (ALSO, "also")):
        for position, name in enumerate(lists[key]):
            scores.setdefault(squeeze(name), base - _STEP * position)
    return RoleWords(scores, tuple(lists["within"]), tuple(lists["never"]))


def _currencies(data: dict[str, dict[str, list[str]]]) -> dict[str, tuple[str, ...]]:
    found = {sign.upper(): (code,) for code, signs in data["currencies"].items() for sign in signs}
    shared = {sign.upper(): tuple(codes) for sign, codes in data["shared_signs"].items()}
    return {**found, **shared}
