"""The templates of all pages: every value is escaped, an absent one is an error."""

from __future__ import annotations

from collections.abc import Callable

import jinja2

from tenure.pages.texts import texts


def environment(language: str, **words: Callable[..., str]) -> jinja2.Environment:
    """Return the templates with the page's words as `t`.

    Parameters
    ----------
    language : `en` or `zh`.
    words : what else templates may call, by name.

    Raises
    ------
    OptionError : no such language.
    """
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("tenure.pages", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(t=texts(language).say, **words)
    return made
