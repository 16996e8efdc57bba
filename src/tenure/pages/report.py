"""The report as files: one page per language, and the same figures as JSON, CSV and Parquet."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tenure.pages.figures import ReportFigures, collect
from tenure.pages.inputs import ReportInputs
from tenure.pages.page import Page
from tenure.pages.tables import write_csv, write_parquet
from tenure.pages.templating import environment
from tenure.pages.texts import texts


@dataclass(frozen=True, slots=True)
class ReportFiles:
    """Where a report was written, and what it says first.

    Parameters
    ----------
    pages : the pages, the one in the first language first: `report.html`.
    figures : the figures as JSON.
    tables : the folder with one CSV and one Parquet file per table.
    findings : what matters first, a sentence each, in the first language.
    """

    pages: tuple[Path, ...]
    figures: Path
    tables: Path
    findings: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """Return it as plain values for JSON."""
        return {
            "pages": [str(page) for page in self.pages],
            "figures": str(self.figures),
            "tables": str(self.tables),
            "findings": list(self.findings),
        }


def build_report(
    inputs: ReportInputs, out_dir: Path, languages: Sequence[str] = ("en",)
) -> ReportFiles:
    """Write the report of some results into a folder.

    Parameters
    ----------
    inputs : what `collect_inputs` returns; the same inputs give the same bytes.
    out_dir : made if it does not exist; the files of an earlier report there are removed.
    languages : `en`, `zh` or both; `report.html` is in the first, `report.<other>.html` in
        the other.

    Raises
    ------
    OptionError : no such language.
    """
    words = [texts(language) for language in languages]
    figures = collect(inputs)
    _clear(out_dir)
    pages = []
    for number, language in enumerate(languages):
        page = out_dir / ("report.html" if number == 0 else f"report.{language}.html")
        page.write_text(render(figures, language), encoding="utf-8", newline="\n")
        pages.append(page)
    json_file = out_dir / "report.json"
    text = json.dumps(figures.as_dict(), ensure_ascii=False, indent=1)
    json_file.write_text(text + "\n", encoding="utf-8", newline="\n")
    for name, table in figures.tables.items():
        write_csv(table, out_dir / "tables" / f"{name}.csv")
        write_parquet(table, out_dir / "tables" / f"{name}.parquet")
    sentences = tuple(finding.sentence for finding in Page(figures, words[0]).findings)
    return ReportFiles(tuple(pages), json_file, out_dir / "tables", sentences)


def render(figures: ReportFigures, language: str) -> str:
    """Return the report's page in one language as HTML; every value in it is escaped."""
    words = texts(language)
    template = environment(words.language).get_template("report.html.j2")
    text = template.render(page=Page(figures, words))
    return text if text.endswith("\n") else text + "\n"


def _clear(out_dir: Path) -> None:
    # A table of the report before would outlive a switch to one without customers' ids.
    (out_dir / "tables").mkdir(parents=True, exist_ok=True)
    for pattern in ("report.html", "report.*.html", "tables/*.csv", "tables/*.parquet"):
        for file in out_dir.glob(pattern):
            file.unlink()
