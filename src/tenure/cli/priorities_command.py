"""`tenure priorities`: needs and candidate tactics on one list, with how sure each rank is."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import click

from tenure.cli.options import json_option
from tenure.cli.output import clear_errors, console, print_json, print_table
from tenure.kernel import Estimate, OptionError
from tenure.strategies.priorities import Priorities, read_priorities
from tenure.strategies.ranking import DRAWS, PrioritisedList, Ranking, prioritise

_TITLES = {
    "opportunity": "Needs by opportunity: importance + max(importance - satisfaction, 0)",
    "rice": "Candidates by RICE: reach x impact x confidence / effort",
    "net_benefit": "Candidates by benefit less cost",
    "benefit_cost_ratio": "Candidates by benefit over cost",
}


@click.command("priorities")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--example", is_flag=True, help="Print an example file and end.")
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of the draws.")
@click.option(
    "--draws",
    type=click.IntRange(100, 1_000_000),
    default=DRAWS,
    show_default=True,
    help="Draws over the stated ranges.",
)
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", help="Of the titles.")
@json_option
def priorities_command(
    file: Path | None, example: bool, seed: int, draws: int, language: str, as_json: bool
) -> None:
    """Rank customer needs and candidate tactics, and say how sure each rank is.

    Four rankings from one YAML: opportunity, RICE, cost and benefit, importance and performance.
    The sensitivity is the share of draws over the stated ranges in which each is among the first.
    """
    with clear_errors(as_json=as_json):
        if example:
            _print_example(as_json=as_json)
            return
        if file is None:
            raise OptionError(
                "no file",
                "a YAML file of needs and candidates",
                "name one; `tenure priorities --example` prints how one looks",
            )
        priorities = read_priorities(file)
        found = prioritise(priorities, seed=seed, draws=draws)
        if as_json:
            print_json(found.as_dict())
            return
        _print_one_list(priorities, found, language)
        for ranking in found.rankings.values():
            _print_ranking(ranking)


def _print_example(*, as_json: bool) -> None:
    folder = resources.files("tenure.strategies")
    text = folder.joinpath("priorities_example.yaml").read_text(encoding="utf-8")
    if as_json:
        print_json({"text": text})
    else:
        click.echo(text, nl=False)


def _print_one_list(priorities: Priorities, found: PrioritisedList, language: str) -> None:
    ranks = {
        (method, entry.name): entry.rank
        for method, ranking in found.rankings.items()
        for entry in ranking.entries
    }
    quadrants = {one.name: one.quadrant.replace("_", " ") for one in found.grid}
    rows: list[tuple[object, ...]] = []
    for entry in found.combined:
        told = [ranks.get((method, entry.name)) for method in ("rice", "net_benefit")]
        met = [
            rank
            for name in next(c for c in priorities.candidates if c.name == entry.name).needs
            if (rank := ranks.get(("opportunity", name))) is not None
        ]
        share = "n/a" if entry.share_first is None else f"{entry.share_first:.0%}"
        rows.append((entry.title[language], "candidate", *told, min(met, default=None), share))
    opportunity = found.rankings.get("opportunity")
    for need in opportunity.entries if opportunity else ():
        share = "n/a" if need.share_first is None else f"{need.share_first:.0%}"
        kind = f"need: {quadrants[need.name]}"
        rows.append((need.title[language], kind, None, None, need.rank, share))
    print_table(
        f"{found.name}: ranks, and share of {found.draws:,} draws among the first "
        f"{priorities.first}",
        ("what", "kind", "RICE", "net", "need", "first"),
        [tuple("-" if cell is None else cell for cell in row) for row in rows],
        left=2,
    )
    unserved = found.details["needs_without_candidate"]
    if isinstance(unserved, list) and unserved:
        console().print(f"Needs that no candidate meets: {', '.join(unserved)}", markup=False)


def _print_ranking(ranking: Ranking) -> None:
    names = [name for name in ranking.entries[0].parts if name != "source"]
    rows = []
    for entry in ranking.entries:
        score = entry.score
        cells: list[object] = [None, None, None]
        if isinstance(score, Estimate):
            cells = [round(one, 2) for one in (score.value, score.low, score.high)]
        share = "n/a" if entry.share_first is None else f"{entry.share_first:.0%}"
        parts = [entry.parts.get(name) for name in names]
        rows.append((entry.name, entry.rank, *map(_short, cells), share, *map(_short, parts)))
    print_table(
        _TITLES[ranking.method], ("name", "rank", "score", "low", "high", "first", *names), rows
    )
    if ranking.certainty is not None:
        console().print(
            f"The first {ranking.first} are among the first in {ranking.certainty:.0%} of the "
            "draws, on average",
            markup=False,
        )


def _short(cell: object) -> str:
    if cell is None:
        return "n/a"
    return f"{cell:,.6g}" if isinstance(cell, int | float) else str(cell)
