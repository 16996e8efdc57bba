"""From a source's text columns to clean facts: one set-based SELECT, written for its mapping.

The SELECT is a pile of subqueries. Each adds columns made of those below it, so that every
step is worked out once, and the costly readings run only on rows that a quick one refused.
Names: `r_` raw text, `q_` quick reading, `p_` plain text of refused rows, `g_` general reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from tenure.activity.contract import (
    NUMBER_ROLES,
    ColumnMapping,
    Mapping,
    Role,
    TableKind,
)
from tenure.activity.reading import faults_sql, instants_sql, kinds, numbers, texts
from tenure.engine.duck import literal, quote

_TEXT_ROLES = (Role.CATEGORY, Role.CHANNEL, Role.SOURCE, Role.PLAN)
_AMOUNTS = (Role.LINE_TOTAL, Role.UNIT_PRICE, Role.RECURRING_VALUE)

CLEAN_COLUMNS: dict[str, str] = {
    "source_row": "BIGINT",
    "raw_key": "UBIGINT",
    "customer_id": "VARCHAR",
    "occurred_at": "TIMESTAMP",
    "occurred_on": "DATE",
    "kind": "VARCHAR",
    "value": numbers.MONEY_TYPE,
    "currency": "VARCHAR",
    "order_id": "VARCHAR",
    "channel": "VARCHAR",
    "source": "VARCHAR",
    "product_id": "VARCHAR",
    "category": "VARCHAR",
    "quantity": numbers.MONEY_TYPE,
    "unit_price": numbers.MONEY_TYPE,
    "discount": numbers.MONEY_TYPE,
    "line_total": numbers.MONEY_TYPE,
    "attributes": "STRUCT(key VARCHAR, value VARCHAR)[]",
    "started_at": "TIMESTAMP",
    "started_on": "DATE",
    "ended_at": "TIMESTAMP",
    "ended_on": "DATE",
    "plan": "VARCHAR",
    "recurring_value": numbers.MONEY_TYPE,
    "fault_no": "INTEGER",
    "fault_code": "VARCHAR",
    "fault_field": "VARCHAR",
    "fault_given": "VARCHAR",
}
"""The clean shape: every column that `cleaning_sql` yields, in order, with its type."""

_INSTANT_NAMES = {Role.TIME: "occurred", Role.STARTED: "started", Role.ENDED: "ended"}


def cleaning_sql(
    mapping: Mapping,
    *,
    relation: str,
    columns: Sequence[str],
    timezone: str,
    business_timezone: str | None = None,
    workspace_currency: str | None = None,
    now: datetime,
) -> str:
    """Return the SELECT that reads a relation's text columns into the clean shape.

    Naive times are in `timezone`; a date without a time is the business's day itself. An
    order marked as cancelled becomes a refund of 0, so that no figure counts it; one that
    is not yet paid becomes an `order_pending` event.

    Parameters
    ----------
    mapping : the reading of the source.
    relation : name of a relation of VARCHAR columns and `source_row BIGINT`.
    columns : all its text columns, for `raw_key`, which tells unequal rows of one source
        apart and is not stable between versions of the engine: never store it.
    timezone : IANA zone of the file's naive times.
    business_timezone : zone in which the business counts its days; None for `timezone`.
    workspace_currency : ISO 4217 code; amounts in another are faults. None accepts all.
    now : naive UTC instant; what happens more than a day later is a fault.

    Returns
    -------
    str
        SQL whose columns are `CLEAN_COLUMNS`, one row per row of the relation.
    """
    builder = _Cleaning(mapping, timezone, business_timezone or timezone, workspace_currency, now)
    return builder.sql(relation, columns)


class _Cleaning:
    """Gathers the steps of one mapping."""

    def __init__(
        self,
        mapping: Mapping,
        timezone: str,
        business_timezone: str,
        workspace_currency: str | None,
        now: datetime,
    ) -> None:
        self.mapping = mapping
        self.timezone = timezone
        self.business_timezone = business_timezone
        self.workspace_currency = workspace_currency
        self.latest = now + timedelta(days=1)
        self.by_role: dict[Role, ColumnMapping] = {
            c.role: c for c in mapping.columns if c.role is not Role.ATTRIBUTE
        }
        self.attributes = {
            (c.attribute or c.column): c for c in mapping.columns if c.role is Role.ATTRIBUTE
        }
        self.steps: list[dict[str, str]] = [{} for _ in range(9)]
        self.clean: dict[str, str] = {}
        self.faults: list[faults_sql.FaultCase] = []

    def sql(self, relation: str, columns: Sequence[str]) -> str:
        """Return the whole SELECT."""
        raw = {"source_row": "source_row", "raw_key": _raw_key(columns)}
        raw |= {f"r_{role}": quote(c.column) for role, c in self.by_role.items()}
        raw |= {f"a_{i}": quote(c.column) for i, c in enumerate(self.attributes.values())}
        self._identifiers()
        self._instants()
        self._numbers()
        self._texts()
        self._currency()
        self._kinds()
        self._amounts()
        self.steps[8]["fault_no"] = faults_sql.number(self.faults)
        self.clean |= faults_sql.columns(self.faults)
        query = f"SELECT {_listed(raw)} FROM {quote(relation)}"
        for step in self.steps:
            if step:
                query = f"SELECT *, {_listed(step)} FROM ({query})"
        final = {
            name: f"({self.clean.get(name, name if name in raw else 'NULL')})::{dtype}"
            for name, dtype in CLEAN_COLUMNS.items()
        }
        return f"SELECT {_listed(final)} FROM ({query})"

    def _fault(self, code: str, column: ColumnMapping, condition: str, ruled_out: str) -> None:
        raw = f"r_{column.role}"
        self.faults.append(faults_sql.FaultCase(code, column, raw, condition, ruled_out))

    def _identifiers(self) -> None:
        for role in (Role.CUSTOMER, Role.ORDER, Role.PRODUCT):
            column = self.by_role.get(role)
            if column is None:
                continue
            raw, mended, name = f"r_{role}", f"p_{role}", f"{role}_id"
            if role is Role.PRODUCT and column.format.kind == "text":
                self.steps[0][name] = texts.text(raw)
                self.clean[name] = name
                continue
            self.steps[0][mended] = texts.mended_identifier(raw)
            self.steps[1][name] = texts.identifier(
                raw, mended, refuse_mangled=role is not Role.PRODUCT
            )
            self.clean[name] = name
            if role is not Role.PRODUCT:
                mangled = f"{name} IS NULL AND {texts.is_mangled(mended)}"
                self._fault("mangled_identifier", column, mangled, f"{name} IS NOT NULL")
            if role is Role.CUSTOMER:
                self._fault("missing_customer", column, f"{name} IS NULL", f"{name} IS NOT NULL")

    def _instants(self) -> None:
        for role, name in _INSTANT_NAMES.items():
            column = self.by_role.get(role)
            if column is not None:
                self._instant(role, column, name)

    def _instant(self, role: Role, column: ColumnMapping, name: str) -> None:
        raw, quick, text, body, general = (f"{p}_{role}" for p in ("r", "q", "p", "b", "g"))
        read = instants_sql.quick_instant(raw, column.format.patterns)
        self.steps[0][f"s_{role}"] = read.quick
        self.steps[1][quick] = instants_sql.checked(f"s_{role}")
        self.steps[2][text] = instants_sql.plain_instant(raw, quick)
        self.steps[3][body] = instants_sql.without_zone(text)
        self.steps[4][general] = instants_sql.general_instant(body, column.format.date_order)
        form = f"CASE WHEN {text} IS NOT NULL THEN {instants_sql.general_form(text, general)} END"
        if read.form is not None:
            form = f"CASE WHEN {quick} IS NOT NULL THEN {literal(read.form)} ELSE {form} END"
        offset = f"CASE WHEN {text} IS NOT NULL THEN {instants_sql.offset_micros(text)} ELSE 0 END"
        self.steps[5] |= {
            f"l_{role}": f"CASE WHEN {quick} IS NOT NULL THEN {quick} ELSE {general} END",
            f"k_{role}": form,
            f"o_{role}": offset,
        }
        zone = column.format.zone or self.timezone
        self.steps[6][f"{name}_at"] = self._instant_of(f"l_{role}", f"k_{role}", f"o_{role}", zone)
        self.steps[7][f"{name}_on"] = self._day_of(f"l_{role}", f"k_{role}", f"{name}_at", zone)
        self.clean |= {f"{name}_at": f"{name}_at", f"{name}_on": f"{name}_on"}
        self._instant_faults(role, column, name)

    def _instant_of(self, local: str, form: str, offset: str, zone: str) -> str:
        """Return SQL for the UTC instant of a reading of some form."""
        stated = f"make_timestamp(epoch_us({local}) - {offset})"
        of_day = instants_sql.local_to_utc(local, self.business_timezone)
        if zone == self.business_timezone:
            return f"CASE WHEN {form} = 'utc' THEN {stated} ELSE {of_day} END"
        of_time = instants_sql.local_to_utc(local, zone)
        return f"CASE {form} WHEN 'utc' THEN {stated} WHEN 'day' THEN {of_day} ELSE {of_time} END"

    def _day_of(self, local: str, form: str, instant: str, zone: str) -> str:
        """Return SQL for the business day of a reading of some form."""
        forms = "('day', 'local')" if zone == self.business_timezone else "('day')"
        counted = f"({instants_sql.utc_to_local(instant, self.business_timezone)})::DATE"
        return f"CASE WHEN {form} IN {forms} THEN ({local})::DATE ELSE {counted} END"

    def _instant_faults(self, role: Role, column: ColumnMapping, name: str) -> None:
        text = f"p_{role}"
        there = f"{name}_at IS NOT NULL"
        if role is not Role.ENDED:
            empty = f"{name}_at IS NULL AND ({text} IS NULL OR {texts.is_missing(text)})"
            self._fault("missing_time", column, empty, there)
        unread = f"{name}_at IS NULL AND {text} IS NOT NULL AND NOT {texts.is_missing(text)}"
        self._fault("bad_time", column, unread, there)
        earliest = "1970-01-02" if role is Role.TIME else "1900-01-02"
        self._beyond("time_out_of_range", column, f"{name}_at", "<", earliest)
        if role is Role.TIME:
            self._beyond("future_time", column, f"{name}_at", ">", str(self.latest))
        elif role is Role.ENDED:
            self._beyond("time_out_of_range", column, f"{name}_at", ">", "9000-01-01")

    def _beyond(
        self, code: str, column: ColumnMapping, instant: str, sign: str, limit: str
    ) -> None:
        inside = {"<": ">=", ">": "<="}[sign]
        beyond, within = (f"{instant} {s} TIMESTAMP '{limit}'" for s in (sign, inside))
        self._fault(code, column, beyond, within)

    def _numbers(self) -> None:
        for role in sorted(NUMBER_ROLES):
            column = self.by_role.get(role)
            if column is None:
                continue
            raw, quick, bare = f"r_{role}", f"q_{role}", f"p_{role}"
            decimal = column.format.decimal
            self.steps[0][quick] = numbers.quick_number(raw, decimal)
            self.steps[1][bare] = (
                f"CASE WHEN {quick} IS NULL AND {raw} IS NOT NULL "
                f"THEN {numbers.bare_number(raw)} END"
            )
            general = numbers.general_number(bare, decimal)
            self.steps[2][f"n_{role}"] = (
                f"CASE WHEN {quick} IS NOT NULL THEN {quick} "
                f"WHEN {bare} IS NOT NULL THEN {general} END"
            )
            unread = (
                f"n_{role} IS NULL AND {bare} IS NOT NULL "
                f"AND NOT {texts.is_missing(texts.plain(raw))}"
            )
            there = f"(n_{role} IS NOT NULL OR {bare} IS NULL)"
            too_long = f"{unread} AND {numbers.is_too_long(bare)}"
            self._fault("number_out_of_range", column, too_long, there)
            self._fault("bad_number", column, unread, there)

    def _texts(self) -> None:
        for role in _TEXT_ROLES:
            if role in self.by_role:
                self.steps[0][f"t_{role}"] = texts.text(f"r_{role}")
                self.clean[str(role)] = f"t_{role}"
        if self.attributes:
            # A list of entries, for building a MAP costs six times as much.
            entries = ", ".join(
                f"{{'key': {literal(name)}, 'value': {texts.text(f'a_{i}')}}}"
                for i, name in enumerate(self.attributes)
            )
            self.clean["attributes"] = f"[{entries}]"

    def _currency(self) -> None:
        default = self.mapping.currency or self.workspace_currency
        stated: list[str] = []
        column = self.by_role.get(Role.CURRENCY)
        if column is not None:
            self.steps[2]["c_currency"] = numbers.currency_sign("r_currency")
            self.steps[2]["d_currency"] = texts.text("r_currency")
            known = numbers.currency_of_sign("c_currency", self.workspace_currency)
            stated += [known, "upper(d_currency)"]
        amounts = [self.by_role[role] for role in _AMOUNTS if role in self.by_role]
        for amount in amounts:
            sign = numbers.currency_sign(f"r_{amount.role}")
            self.steps[2][f"c_{amount.role}"] = (
                f"CASE WHEN p_{amount.role} IS NOT NULL THEN {sign} END"
            )
            code = numbers.currency_of_sign(f"c_{amount.role}", self.workspace_currency)
            stated.append(f"CASE WHEN c_{amount.role} <> '' THEN {code} END")
        if not stated and not default:
            return
        fallback = literal(default) if default else "NULL"
        self.steps[6]["row_currency"] = f"coalesce({', '.join([*stated, fallback])})"
        self.clean["currency"] = "row_currency"
        told = column or next(iter(amounts), None)
        if self.workspace_currency and told is not None:
            other, own = (
                f"row_currency {s} {literal(self.workspace_currency)}" for s in ("<>", "=")
            )
            self._fault("other_currency", told, other, own)

    def _kinds(self) -> None:
        if self.mapping.kind not in (TableKind.ORDERS, TableKind.EVENTS):
            return
        for role in (Role.KIND, Role.STATUS):
            if role in self.by_role:
                self.steps[0][f"d_{role}"] = kinds.plain_word(f"r_{role}")
                self.steps[1][f"w_{role}"] = kinds.word_class(f"d_{role}")
        if self.mapping.kind is TableKind.EVENTS and Role.KIND in self.by_role:
            self._fault(
                "missing_kind", self.by_role[Role.KIND], "w_kind IS NULL", "w_kind IS NOT NULL"
            )
        amounts = [
            r for r in (Role.LINE_TOTAL, Role.UNIT_PRICE, Role.QUANTITY) if r in self.by_role
        ]
        order = self.by_role.get(Role.ORDER)
        prefixes = order.format.patterns if order else ()
        marked = "|".join(f"{prefix}[0-9]+" for prefix in prefixes)
        self.steps[6]["row_kind"] = kinds.row_kind(
            kind="w_kind" if Role.KIND in self.by_role else None,
            status="w_status" if Role.STATUS in self.by_role else None,
            negative=tuple(f"n_{role}" for role in amounts),
            order_prefix=f"regexp_full_match(order_id, {literal(marked)})" if marked else None,
        )
        self.clean["kind"] = (
            f"CASE row_kind WHEN '{kinds.CANCELLED}' THEN 'refund' ELSE row_kind END"
        )

    def _amounts(self) -> None:
        amount = self._amount()
        if amount is not None and self.mapping.kind in (TableKind.ORDERS, TableKind.EVENTS):
            self.steps[7]["row_value"] = kinds.signed(amount, "row_kind")
            self.clean |= {"value": "row_value", "line_total": "row_value"}
        for role in (Role.UNIT_PRICE, Role.DISCOUNT, Role.RECURRING_VALUE):
            if role in self.by_role:
                self.clean[str(role)] = f"n_{role}"
        if Role.QUANTITY in self.by_role:
            cancelled = f"CASE row_kind WHEN '{kinds.CANCELLED}' THEN 0 ELSE n_quantity END"
            in_orders = self.mapping.kind in (TableKind.ORDERS, TableKind.EVENTS)
            self.clean["quantity"] = cancelled if in_orders else "n_quantity"

    def _amount(self) -> str | None:
        if Role.LINE_TOTAL in self.by_role:
            return "n_line_total"
        if Role.UNIT_PRICE not in self.by_role:
            return None
        if Role.QUANTITY not in self.by_role:
            return "n_unit_price"
        # The product of two DECIMAL(18,4) has 18 digits in all, 8 of them decimals; beyond
        # these bounds it takes the slower one of 38 digits.
        product = (
            "CASE WHEN n_quantity BETWEEN -9999 AND 9999 AND n_unit_price BETWEEN -99999 AND 99999 "
            f"THEN (n_quantity * n_unit_price)::{numbers.MONEY_TYPE} ELSE TRY_CAST("
            f"n_quantity::DECIMAL(19,4) * n_unit_price::DECIMAL(19,4) AS {numbers.MONEY_TYPE}) END"
        )
        discount = " - coalesce(abs(n_discount), 0)" if Role.DISCOUNT in self.by_role else ""
        return f"TRY_CAST(({product}){discount} AS {numbers.MONEY_TYPE})" if discount else product


def _raw_key(columns: Sequence[str]) -> str:
    return f"hash({', '.join(quote(c) for c in columns)})" if columns else "hash(0)"


def _listed(expressions: dict[str, str]) -> str:
    return ", ".join(f"{sql} AS {name}" for name, sql in expressions.items())
