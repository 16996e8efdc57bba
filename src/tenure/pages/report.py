"""The report as files: one page per language, and the same figures as JSON, CSV and Parquet."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import jinja2

from tenure.pages.figures import ReportFigures, collect
from tenure.pages.inputs import ReportInputs
from tenure.pages.page import Page
from tenure.pages.tables import write_csv, write_parquet
from tenure.pages.texts import LANGUAGES, texts


@dataclass(frozen=True, slots=True)
class ReportFiles:
    """Where a report was written.

    Parameters
    ----------
    page : the page in the chosen language, `report.html`.
    pages : every page, by language.
    figures : the figures as JSON.
    tables : CSV and Parquet files, by table name.
    """

    page: Path
    pages: dict[str, Path]
    figures: Path
    tables: dict[str, tuple[Path, Path]]


def build_report(inputs: ReportInputs, out_dir: Path, language: str = "en") -> ReportFiles:
    """Write the report of some results into a folder.

    Parameters
    ----------
    inputs : what `collect_inputs` returns; the same inputs give the same bytes.
    out_dir : made if it does not exist; files of an earlier report are replaced.
    language : `en` or `zh`; `report.html` is in this language, `report.<other>.html` in the
        other.

    Raises
    ------
    OptionError : no such language.
    """
    texts(language)
    figures = collect(inputs)
    out_dir.mkdir(parents=True, exist_ok=True)
    pages = {}
    for each in LANGUAGES:
        name = "report.html" if each == language else f"report.{each}.html"
        pages[each] = out_dir / name
        pages[each].write_text(render(figures, each), encoding="utf-8", newline="\n")
    json_file = out_dir / "report.json"
    json_file.write_text(
        json.dumps(figures.as_dict(), ensure_ascii=False, indent=1) + "\n",
        encoding="utf-8",
        newline="\n",
    )
    return ReportFiles(pages[language], pages, json_file, _write_tables(figures, out_dir))


def render(figures: ReportFigures, language: str) -> str:
    """Return the report's page in one language as HTML; every value in it is escaped."""
    words = texts(language)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tenure.pages", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["t"] = words.say
    page = Page(figures, words)
    text = environment.get_template("report.html.j2").render(page=page)
    return text if text.endswith("\n") else text + "\n"


def _write_tables(figures: ReportFigures, out_dir: Path) -> dict[str, tuple[Path, Path]]:
    folder = out_dir / "tables"
    folder.mkdir(exist_ok=True)
    written = {}
    for name, table in figures.tables.items():
        files = (folder / f"{name}.csv", folder / f"{name}.parquet")
        write_csv(table, files[0])
        write_parquet(table, files[1])
        written[name] = files
    return written
