import re
from pathlib import Path

import pytest

import tenure.pages
from tenure.pages.aggregates import BANDS
from tenure.pages.figures import OWN_DEFINITIONS
from tenure.pages.findings import VARIANTS
from tenure.pages.layout import SECTIONS, SHARE_BAR, SHOWN
from tenure.pages.texts import LANGUAGES, Texts, texts

FOLDER = Path(tenure.pages.__file__).parent
PLACE = re.compile(r"\{(\w+)\}")
UNITS = ("day", "week", "month", "quarter", "year")
CHARTS = ("retention", "lifecycle", "second_order")
MOVEMENTS = ("new", "returning", "resurrecting", "dormant")
FAMILIES = {
    "section": {f"{name}.{part}" for name in SECTIONS for part in ("title", "intro")},
    "table": {f"{name}.{part}" for name in (*SHOWN, "cohorts") for part in ("caption", "subtitle")}
    | {"nothing"},
    "column": {name for shown in SHOWN.values() for name in shown} - {SHARE_BAR}
    | {"cohort", "cohort_size"},
    "unit": {f"{unit}{end}" for unit in UNITS for end in ("", "_plural", "_adjective")}
    | {"points"},
    "chart": {f"{c}.{p}" for c in CHARTS for p in ("title", "subtitle", "description")}
    | {"table", "second_order.days", "second_order.mark"}
    | {f"legend.{key}" for key in ("retention_rate", "textbook_retention_rate", *MOVEMENTS)},
    "definition": {f"{key}.{part}" for key in OWN_DEFINITIONS for part in ("title", "text")}
    | {f"rule.{rule}" for rule in ("orders", "rhythm", "subscription", "none")}
    | {"terms", "none"},
}
"""Keys that code puts together, by their first part."""


def leaves(language):
    return texts(language).leaves


def places(leaf):
    found = set(PLACE.findall(leaf if isinstance(leaf, str) else " ".join(leaf.values())))
    return found - {"unit", "units", "unit_plural", "adjective"}  # a language may do without


def test_both_languages_have_the_same_keys_and_places():
    english, chinese = leaves("en"), leaves("zh")
    assert set(english) == set(chinese)
    assert {k for k in english if places(english[k]) != places(chinese[k])} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_the_plural_forms_it_needs_and_no_others(language):
    needed = set(texts(language).locale.plural_form.tags) | {"other"}
    for key, leaf in leaves(language).items():
        assert isinstance(leaf, str) or set(leaf) == needed, key


@pytest.mark.parametrize("family", FAMILIES)
def test_families_of_keys_are_complete_and_hold_nothing_unused(family):
    known = {key.removeprefix(f"{family}.") for key in leaves("en") if key.startswith(family + ".")}
    assert known == FAMILIES[family]


def test_findings_have_words_for_every_variant_and_for_nothing_else():
    known = {
        tuple(k.split(".")[1:3]) for k in leaves("en") if k.count(".") == 3 and k[:8] == "finding."
    }
    assert known == {(name, variant) for name, variants in VARIANTS.items() for variant in variants}
    for name, variant in known:
        assert f"finding.{name}.{variant}.headline" in leaves("en")
        assert f"finding.{name}.{variant}.detail" in leaves("en")


def test_every_other_key_stands_in_code_or_templates():
    source = "\n".join(
        path.read_text("utf-8")
        for path in sorted(FOLDER.rglob("*"))
        if path.suffix in (".py", ".j2")
    )
    unused = [
        key
        for key in leaves("en")
        if key.split(".")[0] not in {*FAMILIES, "code", "finding"}
        and not re.search(rf"""["']({re.escape(key)}|{key.split(".")[-1]})["']""", source)
        and not re.search(re.escape(f'"{key.rsplit(".", 1)[0]}.') + r"\{", source)
    ]
    assert unused == []


def test_every_code_that_the_report_makes_has_a_word():
    for band in BANDS:
        assert texts("en").has(f"code.band.{band}")


def test_hostile_values_are_put_into_sentences_as_they_are():
    made = Texts("en", {"greet": "Hello {name}, {name}"})
    assert made.say("greet", name="{other} %s \\1") == "Hello {other} %s \\1, {other} %s \\1"


def test_plural_forms_follow_the_language():
    one, two = (
        texts("en").say("finding.one_time.plain.headline", n, count=str(n), share="5%")
        for n in (1, 2)
    )
    assert one == "1 customer has bought only once (5%)."
    assert two == "2 customers have bought only once (5%)."
