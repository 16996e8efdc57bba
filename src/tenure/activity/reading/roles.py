"""Which column plays which role: by the header's words, borne out or refuted by the contents."""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass

from tenure.activity.contract import TableKind
from tenure.activity.reading.profiles import ColumnProfile
from tenure.activity.reading.vocabulary import (
    ALSO,
    NAMED,
    WITHIN,
    header_score,
    is_attribute,
    vocabulary,
)

PRICE = "price"
"""Stands for a price that may be of a unit or of a line, until that is settled."""

_SHARED = ("customer", "time", "order", "product", "category", "quantity", "unit_price", PRICE,
           "line_total", "discount", "currency", "kind", "status", "channel", "source")  # fmt: skip
ROLES_OF_KIND: dict[TableKind, tuple[str, ...]] = {
    TableKind.ORDERS: _SHARED,
    TableKind.EVENTS: _SHARED,
    TableKind.CUSTOMERS: ("customer",),
    TableKind.SUBSCRIPTIONS: (
        "customer", "started", "ended", "plan", "recurring_value", "currency",
    ),
}  # fmt: skip
_INSTANTS = frozenset({"time", "started", "ended"})
_NUMBERS = frozenset({"quantity", "unit_price", PRICE, "line_total", "discount", "recurring_value"})
_LEAST = 0.4
"""Below this a column is left out rather than given a role."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A column that may play a role, how surely, and why."""

    role: str
    column: str
    confidence: float
    reasons: tuple[str, ...]


def candidates(profiles: MappingOf[str, ColumnProfile], roles: tuple[str, ...]) -> list[Candidate]:
    """Return every plausible pair of role and column, the surest first."""
    found = []
    for profile in profiles.values():
        if is_attribute(profile.column):
            continue
        for role in roles:
            candidate = _candidate(role, profile)
            if candidate.confidence >= _LEAST:
                found.append(candidate)
    return sorted(found, key=lambda c: -c.confidence)


def assign(found: list[Candidate], taken: MappingOf[str, str]) -> dict[str, Candidate]:
    """Give each role its surest free column; what a person has said comes first."""
    chosen = {
        role: Candidate(role, column, 1.0, ("you said so",)) for role, column in taken.items()
    }
    used = set(taken.values())
    for candidate in found:
        if candidate.role not in chosen and candidate.column not in used:
            chosen[candidate.role] = candidate
            used.add(candidate.column)
    return chosen


def rivals(found: list[Candidate], chosen: MappingOf[str, Candidate]) -> dict[str, list[str]]:
    """Return, by role, the columns that only hint at it exactly as surely as the chosen one."""
    tied: dict[str, list[str]] = {}
    for role, best in chosen.items():
        if best.confidence > ALSO - 0.1:
            continue
        equal = [c.column for c in found if c.role == role and c.confidence == best.confidence]
        used = {c.column for r, c in chosen.items() if r != role}
        if len([c for c in equal if c not in used]) > 1:
            tied[role] = [c for c in equal if c not in used]
    return tied


def table_kind(profiles: MappingOf[str, ColumnProfile], said: MappingOf[str, str]) -> TableKind:
    """Tell what the rows are from the roles that the columns could play."""
    best = dict.fromkeys(vocabulary().roles, 0.0)
    for candidate in candidates(profiles, tuple(vocabulary().roles)):
        best[candidate.role] = max(best[candidate.role], candidate.confidence)
    best |= {role: 1.0 for role in said if role in best}
    contract = max(best["ended"], best["plan"], best["recurring_value"])
    goods = max(best["order"], best["quantity"], best["unit_price"], best["product"])
    if best["started"] >= NAMED - 0.1 and contract >= ALSO - 0.1 and goods < NAMED - 0.1:
        return TableKind.SUBSCRIPTIONS
    money = max(best["line_total"], best["unit_price"], best[PRICE], best["quantity"])
    dated = best["time"] > 0 or any(_is_dates(p) for p in profiles.values() if money > 0)
    if not dated:
        return TableKind.CUSTOMERS
    kind = next((c for c in candidates(profiles, ("kind",))), None)
    column = said.get("kind") or (kind.column if kind else None)
    if column is not None and column in profiles and order_word_share(profiles[column]) < 0.5:
        return TableKind.EVENTS
    return TableKind.ORDERS


def order_word_share(profile: ColumnProfile) -> float:
    """Return the share of rows whose word names an order, a refund or an order's state, 0..1."""
    if not profile.filled:
        return 0.0
    words = {word for found in vocabulary().kinds.values() for word in found}
    inside = [word for found in vocabulary().inside.values() for word in found]
    known = sum(
        n
        for text, n in profile.counts.items()
        if text.lower().replace("_", " ") in words or any(word in text for word in inside)
    )
    return known / profile.filled


def _is_dates(profile: ColumnProfile) -> bool:
    return profile.written_instant_share > 0.9


def _candidate(role: str, profile: ColumnProfile) -> Candidate:
    by_header = header_score(role, profile.column)
    if by_header >= ALSO - 0.1:
        reason = f"the header {profile.column!r} names it"
    else:
        reason = f"the header {profile.column!r} hints at it"
    if not by_header and role == "time" and _is_dates(profile):
        return Candidate(role, profile.column, WITHIN - 0.05, ("the column holds dates",))
    if not by_header:
        return Candidate(role, profile.column, 0.0, ())
    factor, borne_out = _by_contents(role, profile, by_header)
    return Candidate(role, profile.column, round(by_header * factor, 4), (reason, borne_out))


def _by_contents(role: str, profile: ColumnProfile, by_header: float) -> tuple[float, str]:
    """Return how far the contents bear a header out (0..1), and in words."""
    if not profile.filled:
        return (0.9 if by_header >= NAMED - 0.1 else 0.0), "the sample is empty there"
    if role in _INSTANTS:
        return _by_share(profile.instant_share, by_header), (
            f"{profile.instant_share:.0%} read as dates"
        )
    if role in _NUMBERS:
        return _by_share(profile.number_share, by_header), (
            f"{profile.number_share:.0%} read as numbers"
        )
    if role in ("kind", "status"):
        share = order_word_share(profile)
        few = len(profile.counts) <= 60 and profile.number_share < 0.5
        sure = few and ((by_header >= NAMED - 0.1 and role == "kind") or share >= 0.3)
        return float(sure), f"{len(profile.counts)} different words"
    if role == "currency":
        codes = all(re.fullmatch(r"\D{1,8}", text) for text in profile.counts)
        return float(codes), f"{len(profile.counts)} different codes"
    if role in ("customer", "order", "product"):
        return _by_identity(role, profile, by_header)
    return 1.0, f"{len(profile.counts):,} different in {profile.filled:,} rows"


def _by_share(share: float, by_header: float) -> float:
    # A header that names the role outright keeps it, so that unreadable cells become faults
    # that are told, not a column that silently drops out.
    if share > 0.5:
        return 1.0
    return 0.6 if by_header >= NAMED - 0.1 else share * 0.5


def _by_identity(role: str, profile: ColumnProfile, by_header: float) -> tuple[float, str]:
    said = f"{len(profile.counts):,} different in {profile.filled:,} rows"
    is_doubtful_name = by_header <= ALSO
    if is_doubtful_name and profile.written_instant_share > 0.5:
        return 0.0, "the column holds dates"
    if role == "order" and is_doubtful_name:
        # A column "name" or "id" is an order's only if its texts are numbered.
        numbered = sum(n for text, n in profile.counts.items() if re.search(r"\d{2,}$", text))
        return (1.0 if numbered / profile.filled > 0.8 else 0.0), said
    return 1.0, said
