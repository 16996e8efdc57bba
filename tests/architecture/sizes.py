"""The size of each room: `python -m tests.architecture.sizes` prints it for release notes."""

from __future__ import annotations

from collections import defaultdict

from tests.architecture.source import ROOT, Module, body_lines, modules

HEADER = (
    "| room | files | lines | module median / p95 / max | function median / p95 / max |\n"
    "|---|---:|---:|---|---|"
)


def quantile(values: list[int], share: float) -> int:
    """Return the nearest-rank quantile of a list of counts; 0 of an empty list."""
    if not values:
        return 0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def three(values: list[int]) -> str:
    """Return median, 95th percentile and maximum as text."""
    return f"{quantile(values, 0.5)} / {quantile(values, 0.95)} / {max(values, default=0)}"


def row(name: str, members: list[Module]) -> str:
    """Return one line of the table. Modules of three lines or fewer do not enter quantiles."""
    lines = [m.line_count for m in members]
    functions = [body_lines(f) for m in members for _, f in m.functions]
    counted = [n for n in lines if n > 3]
    return f"| {name} | {len(members)} | {sum(lines)} | {three(counted)} | {three(functions)} |"


def table() -> str:
    """Return the table of all rooms, the whole, and the tests beside it, as Markdown."""
    rooms: dict[str, list[Module]] = defaultdict(list)
    for module in modules():
        rooms[module.room].append(module)
    lines = [HEADER, *(row(name, members) for name, members in sorted(rooms.items()))]
    lines.append(row("**whole**", modules()))
    code = sum(m.line_count for m in modules())
    tests = sum(
        len(path.read_text(encoding="utf-8").splitlines())
        for path in (ROOT / "tests").rglob("*.py")
    )
    lines.append(f"\nTest lines per code line: {tests} / {code} = {tests / code:.2f}")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
