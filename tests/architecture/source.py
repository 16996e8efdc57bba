"""The package's own source, parsed once: what the architecture tests and the size table read."""

from __future__ import annotations

import ast
import functools
import io
import tokenize
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "tenure"

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One module: where it is, its text and its tree."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """Path below the package, e.g. `metrics/cohorts.py`."""
        return self.path.relative_to(PACKAGE).as_posix()

    @property
    def room(self) -> str:
        """The folder or single file directly below the package."""
        return self.path.relative_to(PACKAGE).parts[0].removesuffix(".py")

    @property
    def line_count(self) -> int:
        """Physical lines."""
        return len(self.text.splitlines())

    @functools.cached_property
    def comments(self) -> dict[int, str]:
        """Each comment by its line number."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return {t.start[0]: t.string for t in tokens if t.type == tokenize.COMMENT}

    @functools.cached_property
    def functions(self) -> list[tuple[str, FunctionNode]]:
        """Each function with its dotted name within the module, outer ones first."""
        found: list[tuple[str, FunctionNode]] = []
        _gather(self.tree, "", found)
        return found

    @property
    def classes(self) -> list[ast.ClassDef]:
        """The classes, nested ones too."""
        return [node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef)]


@functools.cache
def modules() -> list[Module]:
    """Every module of the package, by path."""
    paths = sorted(PACKAGE.rglob("*.py"))
    texts = [(path, path.read_text(encoding="utf-8")) for path in paths]
    return [Module(path, text, ast.parse(text)) for path, text in texts]


def body_lines(function: FunctionNode) -> int:
    """Lines of a function from `def` on, without its docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function) is not None:
        docstring = function.body[0]
        lines -= (docstring.end_lineno or docstring.lineno) - docstring.lineno + 1
    return lines


def _gather(node: ast.AST, prefix: str, found: list[tuple[str, FunctionNode]]) -> None:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, FunctionNode):
            found.append((prefix + child.name, child))
            _gather(child, f"{prefix}{child.name}.", found)
        elif isinstance(child, ast.ClassDef):
            _gather(child, f"{prefix}{child.name}.", found)
        else:
            _gather(child, prefix, found)
