"""A page of its own: a heading, sentences, and sections of charts and tables. It opens offline."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from tenure.pages.scorecard_page import scorecard_style
from tenure.pages.scorecard_pictures import Picture
from tenure.pages.scorecard_tables import Grid
from tenure.pages.templating import environment
from tenure.pages.texts import HTML_LANGUAGE


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page.

    Parameters
    ----------
    id : unique on the page.
    title : its heading.
    paragraphs, points : sentences, and sentences as a list beneath them.
    pictures, grids : charts, then tables.
    """

    id: str
    title: str
    paragraphs: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    grids: tuple[Grid, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """What stands on a page.

    Parameters
    ----------
    title : its heading.
    lead : the first sentences.
    sections : what follows.
    """

    title: str
    lead: tuple[str, ...]
    sections: tuple[Section, ...]


def document_page(document: Document, language: str) -> str:
    """Return a document as HTML; every value in it is escaped, nothing on it is fetched.

    Raises
    ------
    OptionError : no such language.
    """
    html = (
        environment(language)
        .get_template("document.html.j2")
        .render(d=document, style=scorecard_style(), html_language=HTML_LANGUAGE[language])
    )
    return html if html.endswith("\n") else html + "\n"


def section_html(section: Section, language: str, *, level: int = 3) -> Markup:
    """Return a section to stand in any page; the page needs the styles of `scorecard_style`.

    Parameters
    ----------
    section : what stands in it.
    language : `en` or `zh`.
    level : of its heading, 1..6.
    """
    template = environment(language).get_template("section.html.j2")
    return Markup(template.render(part=section, level=level))
