"""Every setting as data: name, type, default, unit, help; nothing else steers a workspace."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from tenure.kernel import Calendar, SettingError

RECORDS_FILE = "records.db"
"""A workspace's own records, where no other database is set."""

_PASSWORD = re.compile(r"(://[^:/@]*:)[^@/]*@")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _setting(
    default: object, help_text: str, *, unit: str = "", choices: tuple[str, ...] = ()
) -> Any:  # noqa: ANN401 - dataclasses.field is typed so
    return field(default=default, metadata={"help": help_text, "unit": unit, "choices": choices})


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one workspace, as in its `tenure.toml`.

    Each field can be overridden by the environment variable `TENURE_<NAME>`.
    """

    business: str = _setting("", "Name of the business, shown on the report.")
    timezone: str = _setting("UTC", "Time zone in which the business counts its days (IANA name).")
    week_start: str = _setting("monday", "First day of the week.", choices=WEEKDAYS)
    month_start_day: int = _setting(1, "Day on which a (fiscal) month starts.", unit="1..28")
    fiscal_year_start_month: int = _setting(
        1, "Month in which the fiscal year and its first quarter start.", unit="1..12"
    )
    currency: str = _setting("", "ISO 4217 code of all amounts; empty until the first import.")
    language: str = _setting("en", "Language of the report.", choices=("en", "zh"))
    active_rule: str = _setting(
        "orders",
        "Who counts as active: who ordered in the period, who is within the own rhythm at its "
        "end, or who has a subscription at its end.",
        choices=("orders", "rhythm", "subscription"),
    )
    as_of: str = _setting(
        "", "Date that reports look back from; empty: the day after the data end."
    )
    engine: str = _setting(
        "duckdb",
        "What works out the figures: duckdb in this process, or spark on one machine or many.",
        choices=("duckdb", "spark"),
    )
    spark_master: str = _setting(
        "local[*]",
        "Where Spark runs: local[*] or local[N] on this machine, the URL of a cluster, "
        "or sc://host:port for Spark Connect.",
    )
    spark_conf: str = _setting(
        "", "Further settings of Spark as `name=value`, told apart by semicolons."
    )
    refresh_from_rows: int = _setting(
        1_000_000,
        "Activity above which customer-days are kept in the lake, so that figures come sooner; "
        "`tenure refresh` keeps them in any workspace.",
        unit="rows",
    )
    records_url: str = _setting(
        "",
        "Database of the records (definitions, assignments, plans): postgresql://user@host/name "
        "or sqlite:///file; empty: records.db in the workspace.",
    )
    margin_percent: int = _setting(
        100,
        "Share of net value that is left after the cost of what was sold; 100 takes revenue for "
        "value.",
        unit="1..100",
    )
    discount_rate_percent: int = _setting(
        10, "By how much money a year later is worth less.", unit="percent a year"
    )
    acquisition_cost: int = _setting(
        0, "What winning one customer costs; 0: not known.", unit="currency units"
    )
    universal_holdout_percent: int = _setting(
        0,
        "Share of customers whom no strategy contacts, drawn anew each year: tells what all of "
        "them earn together.",
        unit="0..50",
    )
    memory_limit_mb: int = _setting(1000, "Most memory the engine may take.", unit="MB")
    threads: int = _setting(0, "Threads the engine may use; 0: one per core.", unit="threads")
    lock_timeout_seconds: int = _setting(
        600, "How long a writer waits for another writer of the workspace.", unit="seconds"
    )

    def calendar(self) -> Calendar:
        """Return the business calendar that these settings describe."""
        return Calendar(
            timezone=self.timezone,
            week_start=WEEKDAYS.index(self.week_start),
            month_start_day=self.month_start_day,
            fiscal_year_start_month=self.fiscal_year_start_month,
        )

    def spark_options(self) -> dict[str, str]:
        """Return `spark_conf` by name."""
        pairs = (part.partition("=") for part in self.spark_conf.split(";") if part.strip())
        return {name.strip(): value.strip() for name, _, value in pairs}

    def shown(self) -> dict[str, object]:
        """Return every setting by name for people to see, with the passwords in URLs hidden."""
        values = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        return {
            name: _PASSWORD.sub(r"\1***@", value) if isinstance(value, str) else value
            for name, value in values.items()
        }

    def as_of_date(self) -> date | None:
        """Return the fixed as-of date, or None if the data's end decides."""
        return date.fromisoformat(self.as_of) if self.as_of else None


def read_settings(path: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read and check a `tenure.toml`, with overrides from the environment.

    Raises
    ------
    SettingError : the file is not TOML, a name is unknown or a value is out of its range.
    """
    try:
        given: dict[str, object] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise SettingError(
            f"{path}: {fault}", "a TOML file of `name = value` lines", "mend the line it names"
        ) from fault
    for known in fields(Settings):
        override = environment.get(f"TENURE_{known.name.upper()}")
        if override is not None:
            given[known.name] = int(override) if override.lstrip("-").isdigit() else override
    return checked_settings(given, where=str(path))


def checked_settings(given: Mapping[str, object], *, where: str) -> Settings:
    """Return settings from plain values.

    Parameters
    ----------
    given : value of each setting; absent ones take their default.
    where : where they come from, for the error.

    Raises
    ------
    SettingError : a name is unknown or a value is out of its range.
    """
    known = {entry.name: entry for entry in fields(Settings)}
    for name, value in given.items():
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else "see `tenure settings` for all names"
            raise SettingError(f"{where}: {name} = {value!r}", "a known setting", hint)
        _check_value(where, name, value, known[name].default, known[name].metadata["choices"])
    settings = Settings(**given)  # type: ignore[arg-type] # checked just above, name by name
    settings.calendar()
    return settings


def settings_text(settings: Settings) -> str:
    """Return settings as a commented `tenure.toml`."""
    lines = ["# How this workspace behaves. `tenure settings` explains every line.", ""]
    for entry in fields(Settings):
        unit = f" ({entry.metadata['unit']})" if entry.metadata["unit"] else ""
        choices = entry.metadata["choices"]
        listed = f" One of: {', '.join(choices)}." if choices else ""
        lines.append(f"# {entry.metadata['help']}{unit}{listed}")
        value = getattr(settings, entry.name)
        lines += [f"{entry.name} = {json.dumps(value, ensure_ascii=False)}", ""]
    return "\n".join(lines)


def _check_value(
    where: str, name: str, value: object, default: object, choices: tuple[str, ...]
) -> None:
    expected = "text" if isinstance(default, str) else "a whole number"
    remedy = f"mend `{name}` there"
    if type(value) is not type(default):
        raise SettingError(f"{where}: {name} = {value!r}", expected, remedy)
    if choices and value not in choices:
        raise SettingError(f"{where}: {name} = {value!r}", " | ".join(choices), remedy)
    if isinstance(value, int) and value < 0:
        raise SettingError(f"{where}: {name} = {value!r}", "0 or more", remedy)
    if name == "memory_limit_mb" and isinstance(value, int) and value < 200:
        raise SettingError(f"{where}: {name} = {value!r}", "200 or more", remedy)
    if name == "margin_percent" and isinstance(value, int) and not 1 <= value <= 100:
        raise SettingError(f"{where}: {name} = {value!r}", "1 to 100", remedy)
    if name == "universal_holdout_percent" and isinstance(value, int) and not 0 <= value <= 50:
        raise SettingError(f"{where}: {name} = {value!r}", "0 to 50", remedy)
    if name == "currency" and value and not (isinstance(value, str) and _is_currency(value)):
        raise SettingError(f"{where}: {name} = {value!r}", "three capital letters", remedy)
    if name == "spark_conf" and any(
        "=" not in part for part in str(value).split(";") if part.strip()
    ):
        raise SettingError(f"{where}: {name} = {value!r}", "name=value; name=value", remedy)
    if name == "as_of" and value:
        try:
            date.fromisoformat(str(value))
        except ValueError:
            raise SettingError(
                f"{where}: {name} = {value!r}", "a date like 2025-12-31", remedy
            ) from None


def _is_currency(text: str) -> bool:
    return len(text) == 3 and text.isascii() and text.isalpha() and text.isupper()
