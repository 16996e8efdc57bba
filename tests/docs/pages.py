"""The documentation as data: its pages, their fenced blocks, their links and commands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=indent)```", re.M | re.S
)
LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """One fenced block: the page, the words after the fence, the text, its line."""

    page: Path
    words: tuple[str, ...]
    text: str
    line: int

    @property
    def runs(self) -> bool:
        """Marked as an example that the tests run: three backticks, a language, `run`."""
        return "run" in self.words[1:]

    @property
    def exit_code(self) -> int:
        """Exit code that the example shows; `exit=5` after `run` says which."""
        codes = [word.removeprefix("exit=") for word in self.words if word.startswith("exit=")]
        return int(codes[0]) if codes else 0


def pages() -> list[Path]:
    """Return the README and other front pages, and every page below docs/."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path) -> list[Block]:
    """Return a page's fenced blocks, in order."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in FENCE.finditer(text):
        indent = len(match["indent"])
        body = "\n".join(line[indent:] for line in match["body"].splitlines())
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(page, tuple(match["info"].split()), body, line))
    return found


def links(page: Path) -> Iterator[str]:
    """Yield the targets of a page's links that stay within the repository."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for match in LINK.finditer(text):
        if not match["target"].startswith(("http://", "https://", "mailto:", "#")):
            yield match["target"]


def commands(block: Block) -> Iterator[list[str]]:
    """Yield the words of each `tenure` command in a shell block."""
    if block.words[:1] not in (("bash",), ("console",), ("sh",)):
        return
    joined = block.text.replace("\\\n", " ")
    for line in joined.splitlines():
        for part in re.split(r"&&|\|\||[|;]", line.removeprefix("$ ").split(" #")[0]):
            words = shlex.split(part)
            while words and "=" in words[0] and not words[0].startswith("-"):
                words = words[1:]  # a variable set before the command
            if words and Path(words[0]).name == "tenure":
                yield words[1:]
