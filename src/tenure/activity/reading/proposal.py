"""From a source's columns to a proposed mapping, the questions that stay open, and notes."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from dataclasses import dataclass, replace

import duckdb

from tenure.activity.contract import (
    ATTRIBUTE_PREFIX,
    INSTANT_ROLES,
    NUMBER_ROLES,
    REQUIRED_ROLES,
    ColumnFormat,
    ColumnMapping,
    Mapping,
    Role,
    TableKind,
)
from tenure.activity.reading import formats, kept_formats, notes, prices, roles
from tenure.activity.reading.currencies import find_currency
from tenure.activity.reading.profiles import ColumnProfile, count_matching, profile_columns
from tenure.activity.reading.questions import Question, ReadingOptions
from tenure.activity.reading.vocabulary import header_score, header_words, is_attribute
from tenure.kernel import Issue, MappingError

_UNNAMED = re.compile(r"column_?\d+", re.IGNORECASE)
_ASKED = {
    Role.CUSTOMER: "the column that identifies the customer",
    Role.TIME: "the column that says when it happened",
    Role.KIND: "the column that names the event",
    Role.STARTED: "the column that says when the contract started",
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """How a source is proposed to be read.

    Parameters
    ----------
    mapping : the proposed reading.
    questions : what must be answered before anything is imported; empty if nothing.
    notes : what is worth knowing.
    samples : header -> its most frequent texts, for people to look at.
    """

    mapping: Mapping
    questions: tuple[Question, ...]
    notes: tuple[Issue, ...]
    samples: MappingOf[str, tuple[str, ...]]


def propose(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Sequence[str],
    *,
    source_name: str,
    options: ReadingOptions | None = None,
    workspace_currency: str | None = None,
    kept: Mapping | None = None,
) -> Proposal:
    """Propose how a relation of text columns is to be read.

    Parameters
    ----------
    connection : where the relation is known.
    relation : its name; VARCHAR columns and `source_row BIGINT`.
    columns : its text columns, in the file's order.
    source_name : the source's name in the notes.
    options : what a person has said.
    workspace_currency : ISO 4217 code in which the workspace counts; None if unknown.
    kept : the mapping accepted for an earlier table of this shape. It settles what today's
        texts leave open; where they contradict it, that is a question.

    Raises
    ------
    MappingError : an option names a column that is not there, or one column twice.
    """
    options = options or ReadingOptions()
    said = _said_columns(options, columns)
    profiles = profile_columns(connection, relation, columns)
    if kept is not None and options.table_kind not in (None, kept.kind):
        kept = None
    proposing = _Proposing(connection, relation, profiles, source_name, options, said, kept)
    return proposing.proposal(workspace_currency)


class _Proposing:
    """The state of one proposal: what is chosen, asked and noted so far."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        relation: str,
        profiles: dict[str, ColumnProfile],
        source_name: str,
        options: ReadingOptions,
        said: dict[str, str],
        kept: Mapping | None,
    ) -> None:
        self.connection = connection
        self.relation = relation
        self.profiles = profiles
        self.source_name = source_name
        self.options = options
        self.said = {r: c for r, c in said.items() if not r.startswith(ATTRIBUTE_PREFIX)}
        self.said_attributes = {
            role.removeprefix(ATTRIBUTE_PREFIX): column
            for role, column in said.items()
            if role.startswith(ATTRIBUTE_PREFIX)
        }
        taken = set(said.values())
        self.kept = tuple(
            c
            for c in (kept.columns if kept else ())
            if c.column in profiles and c.column not in taken and c.role not in said
        )
        self.kept_mapping = kept
        self.questions: list[Question] = []
        self.notes: list[Issue] = []

    def proposal(self, workspace_currency: str | None) -> Proposal:
        """Work out the whole proposal."""
        kind, chosen = self._kind_and_roles()
        self._ask_missing(kind, chosen)
        decided = {role: self._format(role, c.column, self.options) for role, c in chosen.items()}
        self._settle_price(chosen, decided)
        self._ask_formats(chosen, decided)
        mapped = tuple(
            ColumnMapping(
                c.column,
                Role(role),
                decided[role].format,
                c.confidence,
                (*c.reasons, *decided[role].reasons),
            )
            for role, c in chosen.items()
        )
        mapped += self._attributes(kind, {c.column for c in chosen.values()})
        in_file_order = list(self.profiles)
        mapped = tuple(sorted(mapped, key=lambda c: in_file_order.index(c.column)))
        # A row's own currency column counts before the signs in its amounts.
        telling = {Role.CURRENCY} if "currency" in chosen else notes.AMOUNT_ROLES
        amounts = [self.profiles[c.column] for c in mapped if c.role in telling]
        currency, question = find_currency(amounts, list(self.profiles), self.options.currency)
        if currency is None and self.kept_mapping is not None:
            currency = self.kept_mapping.currency
        if question is not None and workspace_currency is None:
            self.questions.append(question)
        mapping = Mapping(kind, mapped, currency)
        self.notes += notes.notes(self.connection, self.relation, self.source_name, mapping,
                                  self.profiles)  # fmt: skip
        samples = {p.column: tuple(list(p.counts)[:3]) for p in self.profiles.values()}
        return Proposal(mapping, tuple(self.questions), tuple(self.notes), samples)

    def _kind_and_roles(self) -> tuple[TableKind, dict[str, roles.Candidate]]:
        if self.kept_mapping is not None:
            chosen = {
                c.role.value: roles.Candidate(c.role.value, c.column, c.confidence, c.reasons)
                for c in self.kept
                if c.role is not Role.ATTRIBUTE
            }
            return self.kept_mapping.kind, chosen | roles.assign([], self.said)
        free = {
            name: p
            for name, p in self.profiles.items()
            if name not in (*self.said.values(), *self.said_attributes.values())
        }
        if all(_UNNAMED.fullmatch(name) for name in self.profiles):
            free = {}
        kind = self.options.table_kind or (
            roles.table_kind(free, self.said) if free else _kind_said(self.said)
        )
        found = roles.candidates(free, roles.ROLES_OF_KIND[kind])
        chosen = roles.assign(found, self.said)
        if roles.PRICE in chosen and "line_total" not in chosen and "quantity" not in chosen:
            chosen["line_total"] = replace(chosen.pop(roles.PRICE), role="line_total")
        for role, tied in roles.rivals(found, chosen).items():
            if role in ("customer", "time", "line_total", "order"):
                self._ask_rivals(role, tied)
        return kind, chosen

    def _ask_rivals(self, role: str, tied: list[str]) -> None:
        listed = " or ".join(f'--map "{role}={column}"' for column in tied)
        self.questions.append(
            Question(
                "ambiguous_role",
                tied[0],
                f"the columns {', '.join(map(repr, tied))} can each be the {role}",
                f"the one column that is the {role}",
                f"add {listed}",
            )
        )

    def _ask_missing(self, kind: TableKind, chosen: dict[str, roles.Candidate]) -> None:
        looks = "; ".join(f"{p.column!r}: {p.looks_like()}" for p in self.profiles.values())
        for role in REQUIRED_ROLES[kind]:
            if role.value not in chosen:
                self.questions.append(
                    Question(
                        "missing_role",
                        None,
                        f"no column of {self.source_name} is known to be the {role}; {looks}",
                        _ASKED[role],
                        f'add --map "{role}=COLUMN"',
                    )
                )

    def _format(self, role: str, column: str, options: ReadingOptions) -> formats.FormatDecision:
        profile = self.profiles[column]
        if role == roles.PRICE or role in NUMBER_ROLES:
            decision = formats.number_format(profile, options, self._count)
        elif role in INSTANT_ROLES:
            decision = formats.instant_format(profile, options, self._count)
        else:
            decision = formats.FormatDecision(formats.other_format(Role(role), profile))
        kept = next((c for c in self.kept if c.role == role and c.column == column), None)
        if kept is None:
            return decision
        return kept_formats.reconcile(decision, kept.format, profile, options, self._count)

    def _count(self, column: str, patterns: tuple[str, ...]) -> tuple[int, ...]:
        return count_matching(self.connection, self.relation, column, patterns)

    def _settle_price(
        self, chosen: dict[str, roles.Candidate], decided: dict[str, formats.FormatDecision]
    ) -> None:
        """Turn the role `price` into a unit price or a line total, or ask which it is."""
        price = chosen.pop(roles.PRICE, None)
        if price is None:
            return
        decision = decided.pop(roles.PRICE)
        if "unit_price" in chosen:
            return
        chosen["unit_price"], decided["unit_price"] = replace(price, role="unit_price"), decision
        if "line_total" in chosen or "quantity" not in chosen:
            return
        quantity = (chosen["quantity"].column, decided["quantity"].format)
        if prices.quantity_varies(self.connection, self.relation, *quantity):
            product = chosen["product"].column if "product" in chosen else None
            asked = prices.price_question(
                self.connection, self.relation, (price.column, decision.format), quantity, product
            )
            self.questions.append(asked)

    def _ask_formats(
        self, chosen: dict[str, roles.Candidate], decided: dict[str, formats.FormatDecision]
    ) -> None:
        """Ask about formats that no other column of the same file settles; note contradictions."""
        for role, decision in list(decided.items()):
            if decision.question is None:
                if decision.contrary:
                    column = chosen[role].column
                    self.notes.append(notes.contrary(self.source_name, column, decision))
                continue
            settled = formats.settled_elsewhere(decision, list(decided.values()), self.options)
            if settled is None:
                self.questions.append(decision.question)
            else:
                decided[role] = replace(
                    self._format(role, chosen[role].column, settled),
                    reasons=("another column of the file tells it",),
                )

    def _attributes(self, kind: TableKind, used: set[str]) -> tuple[ColumnMapping, ...]:
        said = self.said_attributes
        if self.kept_mapping is not None:
            kept = tuple(c for c in self.kept if c.role is Role.ATTRIBUTE)
            kept = tuple(c for c in kept if c.attribute not in said)
            return kept + tuple(_attribute(c, n, 1.0, "you said so") for n, c in said.items())
        found = [_attribute(column, name, 1.0, "you said so") for name, column in said.items()]
        names = set(said)
        for column in self.profiles:
            if column in used or column in said.values() or _UNNAMED.fullmatch(column):
                continue
            name = "_".join(header_words(column)) or column
            describes = is_attribute(column) or header_score("customer", column) >= 0.7
            if name not in names and (describes or kind is TableKind.CUSTOMERS):
                names.add(name)
                found.append(_attribute(column, name, 0.8, "it describes the customer"))
        return tuple(found)


def _attribute(column: str, name: str, confidence: float, reason: str) -> ColumnMapping:
    return ColumnMapping(
        column, Role.ATTRIBUTE, ColumnFormat("text"), confidence, (reason,), attribute=name
    )


def _kind_said(said: MappingOf[str, str]) -> TableKind:
    return TableKind.SUBSCRIPTIONS if "started" in said else TableKind.ORDERS


def _said_columns(options: ReadingOptions, columns: Sequence[str]) -> dict[str, str]:
    """Return the options' roles with each column as it stands in the file."""
    said: dict[str, str] = {}
    for role, name in options.roles.items():
        column = _find_column(name, columns)
        if column is None:
            near = difflib.get_close_matches(name, columns, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise MappingError(
                f"--map {role}={name}: no such column{hint}",
                f"one of {', '.join(map(repr, columns))}",
                "name a column as its header is written",
            )
        if column in said.values():
            raise MappingError(
                f"--map names the column {column!r} twice",
                "one role per column",
                "take one of the two out",
            )
        said[role] = column
    return said


def _find_column(name: str, columns: Sequence[str]) -> str | None:
    if name in columns:
        return name
    folded = name.strip().casefold()
    return next((c for c in columns if c.strip().casefold() == folded), None)
