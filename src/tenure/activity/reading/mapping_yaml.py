"""A mapping's YAML, checked line by line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from zoneinfo import available_timezones

import yaml

from tenure.activity.contract import ColumnFormat, ColumnMapping, Mapping, Role, TableKind
from tenure.kernel import DefinitionError

_KEYS = ("source", "kind", "currency", "headers", "columns")
_COLUMN_KEYS = ("column", "role", "attribute", "read_as", "patterns", "date_order", "decimal",
                "zone", "confidence", "reasons")  # fmt: skip
_READ_AS = ("identifier", "text", "number", "instant")


def mapping_from_yaml(text: str, name: str) -> Mapping:
    """Return the mapping that a YAML text describes.

    Parameters
    ----------
    text : the YAML.
    name : the file's name, for messages.

    Raises
    ------
    DefinitionError : the text is no mapping; the message names the line.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise DefinitionError(
            f"{name}, line {line}: {getattr(error, 'problem', None) or 'no YAML'}",
            "YAML",
            "mend the line, or delete the file to be asked again",
        ) from None
    return _Reader(name).mapping(root)


class _Reader:
    """Reads nodes, each with its line for messages."""

    def __init__(self, name: str) -> None:
        self.name = name

    def mapping(self, root: yaml.Node | None) -> Mapping:
        """Return the whole mapping."""
        fields = self._fields(root, _KEYS)
        self._require(root, fields, ("kind", "columns"))
        kind = TableKind(self._one_of(fields["kind"], [k.value for k in TableKind]))
        columns = tuple(self._column(node) for node in self._items(fields["columns"]))
        self._check_unique(fields["columns"], columns)
        currency = self._text(fields["currency"]) if "currency" in fields else None
        return Mapping(kind, columns, currency)

    def _column(self, node: yaml.Node) -> ColumnMapping:
        fields = self._fields(node, _COLUMN_KEYS)
        self._require(node, fields, ("column", "role"))
        role = Role(self._one_of(fields["role"], [r.value for r in Role]))
        text = {key: self._text(fields[key]) for key in ("column", "attribute") if key in fields}
        column = text["column"] or ""
        attribute = (text.get("attribute") or column) if role is Role.ATTRIBUTE else None
        reasons = tuple(self._text(n) or "" for n in self._items(fields.get("reasons")))
        confidence = self._share(fields.get("confidence"))
        return ColumnMapping(column, role, self._format(fields), confidence, reasons, attribute)

    def _format(self, fields: dict[str, yaml.Node]) -> ColumnFormat:
        patterns = tuple(self._text(n) or "" for n in self._items(fields.get("patterns")))
        order = fields.get("date_order")
        zone = fields.get("zone")
        return ColumnFormat(
            self._one_of(fields["read_as"], _READ_AS) if "read_as" in fields else "text",
            patterns,
            self._one_of(order, ("ymd", "dmy", "mdy")) if order else None,
            self._one_of(fields["decimal"], (".", ",")) if "decimal" in fields else ".",
            self._one_of(zone, available_timezones()) if zone else None,
        )

    def _fields(self, node: yaml.Node | None, allowed: tuple[str, ...]) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            raise self._fault(node, "no `key: value` lines", f"the keys {', '.join(allowed)}")
        fields = {}
        for key, value in node.value:
            fields[self._one_of(key, allowed)] = value
        return fields

    def _require(
        self, node: yaml.Node | None, fields: dict[str, yaml.Node], keys: tuple[str, ...]
    ) -> None:
        for key in keys:
            if key not in fields:
                raise self._fault(node, f"no `{key}`", f"the keys {', '.join(keys)}")

    def _items(self, node: yaml.Node | None) -> list[yaml.Node]:
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode):
            raise self._fault(node, "one value", "a list")
        return list(node.value)

    def _text(self, node: yaml.Node) -> str | None:
        if not isinstance(node, yaml.ScalarNode):
            raise self._fault(node, "a list or keys", "one value")
        return None if node.tag.endswith(":null") else str(node.value)

    def _share(self, node: yaml.Node | None) -> float:
        text = self._text(node) if node is not None else "1"
        try:
            share = float(text or "")
        except ValueError:
            share = -1.0
        if not 0 <= share <= 1:
            raise self._fault(node, f"{text!r}", "a confidence in 0..1")
        return share

    def _one_of(self, node: yaml.Node, allowed: Iterable[str]) -> str:
        text = self._text(node) or ""
        known = list(allowed)
        if text not in known:
            near = difflib.get_close_matches(text, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            shown = ", ".join(known) if len(known) < 30 else "a known name"
            raise self._fault(node, f"{text!r}{hint}", shown)
        return text

    def _check_unique(self, node: yaml.Node, columns: tuple[ColumnMapping, ...]) -> None:
        keys = [(c.role, c.attribute) for c in columns]
        for role, attribute in keys:
            if keys.count((role, attribute)) > 1:
                raise self._fault(
                    node,
                    f"two columns with the role {attribute or role.value!r}",
                    "one column each",
                )

    def _fault(self, node: yaml.Node | None, given: str, expected: str) -> DefinitionError:
        line = node.start_mark.line + 1 if node is not None else 1
        return DefinitionError(
            f"{self.name}, line {line}: {given}",
            expected,
            "mend the line, or delete the file to be asked again",
        )
