"""Pages hang together: links lead somewhere, commands exist, glossary terms are whole."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from scripts.landed import landed
from tests.docs.pages import ROOT, Block, blocks, commands, links, pages

PAGES = [pytest.param(p, id=p.relative_to(ROOT).as_posix()) for p in pages()]


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: Path) -> None:
    targets = [target.partition("#")[0] for target in links(page)]
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_commands_in_examples_exist_with_their_options(page: Path) -> None:
    main = landed("tenure.cli", "main")
    if not isinstance(main, click.Group):
        pytest.skip("the command line is not built yet")
    wrong = [
        f"line {block.line}: tenure {' '.join(words)}: {unknown}"
        for block in blocks(page)
        for words in commands(block)
        for unknown in unknown_words(main, words)
    ]
    assert wrong == []


def unknown_words(command: click.Command, words: list[str]) -> list[str]:
    """Return a command line's subcommand or options that the program does not have."""
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        inner = command.commands.get(words[0])
        if inner is None:
            return [words[0]]
        command, words = inner, words[1:]
    known = {name for p in command.params for name in (*p.opts, *p.secondary_opts)} | {"--help"}
    given = [word.partition("=")[0] for word in words if word.startswith("--") and word != "--"]
    return [name for name in given if name not in known]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_starts_with_one_title(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    body = "\n".join(line for line in text.splitlines() if not line.startswith("<!--")).lstrip()
    assert body.startswith("# ")


def test_every_shell_and_python_example_is_run_or_says_why_not() -> None:
    bare = [
        f"{block.page.relative_to(ROOT)}:{block.line}"
        for page in pages()
        for block in blocks(page)
        if block.words[:1] in (("bash",), ("python",)) and not is_marked(block)
    ]
    assert bare == [], "mark the example `run`, or `not-run` followed by the reason"


def is_marked(block: Block) -> bool:
    """Tell whether a block is run, or names the reason why it is not."""
    return block.runs or (block.words[1:2] == ("not-run",) and len(block.words) > 2)


def test_glossary_has_both_languages_and_a_meaning_for_each_term() -> None:
    lines = (ROOT / "GLOSSARY.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line[:1] == "|"]
    terms = [row for row in rows if row[0] not in ("term", "---")]
    assert [row for row in terms if len(row) != 3 or not all(row)] == []
    names = [row[0] for row in terms]
    assert len(names) == len(set(names))
    assert all(any("\u4e00" <= letter <= "\u9fff" for letter in row[1]) for row in terms)


@pytest.mark.parametrize(
    ("module", "name"),
    [("tenure.metrics.stages", "STAGE_TITLES"), ("tenure.metrics.rfm", "RFM_TITLES")],
)
def test_names_that_customers_are_given_stand_in_the_glossary(module: str, name: str) -> None:
    titles = landed(module, name)
    assert isinstance(titles, dict)
    lines = (ROOT / "GLOSSARY.md").read_text(encoding="utf-8").splitlines()
    known = {
        (cells[1].strip(), cells[2].strip()) for line in lines if (cells := line.split("|"))[2:]
    }
    shown = {(title["en"].lower(), title["zh"]) for title in titles.values()}
    assert shown - known == set()
