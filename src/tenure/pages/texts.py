"""The words of a page: one catalogue per language, as data; sentences with named places.

A leaf of a catalogue is a sentence, or a mapping from a plural category (`one`, `other`) to a
sentence.
"""

from __future__ import annotations

import functools
import importlib.resources
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import babel
import yaml

from tenure.kernel import OptionError

LANGUAGES: dict[str, str] = {"en": "en", "zh": "zh_Hans_CN"}
"""Languages that a page can be written in, with the locale of their numbers and dates."""

HTML_LANGUAGE: dict[str, str] = {"en": "en", "zh": "zh-Hans"}
"""What the `lang` attribute says, per language."""

_PLURALS = frozenset({"zero", "one", "two", "few", "many", "other"})
_PLACE = re.compile(r"\{(\w+)\}")

Leaf = str | dict[str, str]


@dataclass(frozen=True, slots=True)
class Texts:
    """The catalogue of one language.

    Parameters
    ----------
    language : `en` or `zh`.
    leaves : sentence by dotted key.
    """

    language: str
    leaves: Mapping[str, Leaf]

    @property
    def locale(self) -> babel.Locale:
        """The locale by which numbers, dates and plurals are made."""
        return babel.Locale.parse(LANGUAGES[self.language])

    def has(self, key: str) -> bool:
        """Tell whether the catalogue has a sentence of that key."""
        return key in self.leaves

    def say(self, key: str, number: object = None, /, **values: object) -> str:
        """Return the sentence of a key with its places filled.

        Parameters
        ----------
        key : dotted key.
        number : chooses the plural form, if the sentence has several.
        values : what stands in the places, as ready text.

        Raises
        ------
        KeyError : the catalogue has no such key, or a place has no value.
        """
        leaf = self.leaves[key]
        if not isinstance(leaf, str):
            counted = number if isinstance(number, int | float) else 0
            category = self.locale.plural_form(counted)
            leaf = leaf.get(category, leaf["other"])
        return _PLACE.sub(lambda place: str(values[place.group(1)]), leaf)


@functools.cache
def texts(language: str) -> Texts:
    """Return the catalogue of a language.

    Raises
    ------
    OptionError : no such language.
    """
    if language not in LANGUAGES:
        raise OptionError(
            f"language {language!r}", " or ".join(LANGUAGES), "choose one of these languages"
        )
    folder = importlib.resources.files("tenure.pages") / "text"
    tree = yaml.safe_load((folder / f"{language}.yaml").read_text(encoding="utf-8"))
    return Texts(language, dict(_flatten(tree, "")))


@functools.cache
def catalogue(name: str, language: str) -> Texts:
    """Return the catalogue of one kind of page, e.g. `scorecard`, `plan` or `rehearsal`.

    Raises
    ------
    OptionError : no such language.
    """
    if language not in LANGUAGES:
        return texts(language)  # says what languages there are
    folder = importlib.resources.files("tenure.pages") / "text"
    leaves = yaml.safe_load((folder / f"{name}.{language}.yaml").read_text(encoding="utf-8"))
    return Texts(language, {str(key): str(leaf) for key, leaf in leaves.items()})


def _flatten(tree: Mapping[str, object], prefix: str) -> Iterator[tuple[str, Leaf]]:
    for name, value in tree.items():
        key = f"{prefix}{name}"
        if not isinstance(value, Mapping):
            yield key, str(value)
        elif value and set(value) <= _PLURALS:
            yield key, {str(form): str(text) for form, text in value.items()}
        else:
            yield from _flatten(value, f"{key}.")
