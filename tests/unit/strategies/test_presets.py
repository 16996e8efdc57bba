"""The ready strategies: sound, over real columns, in both languages, with effects that say so."""

from __future__ import annotations

from datetime import date

import pytest

from tenure.kernel import OptionError
from tenure.kernel.located_yaml import read_yaml
from tenure.segments import Segments, default_segments
from tenure.snapshots import column_kinds
from tenure.strategies.definition import Stage
from tenure.strategies.presets import adapted_preset, preset_names, preset_text, presets
from tenure.strategies.reading import check_strategy
from tenure.strategies.validation import Surroundings, surrounding_faults

STAGES = Stage.__args__
INDUSTRIES = {"retail", "car_care", "finance", "saas", "education"}
NAMES = preset_names()


def test_there_is_one_for_each_stage_and_each_industry():
    found = presets()
    assert [one.stage for one in found.values() if one.stage] == list(STAGES)
    assert {one.industry for one in found.values() if one.industry} == INDUSTRIES
    assert all(one.stage or one.industry for one in found.values())


@pytest.mark.parametrize("name", NAMES)
def test_each_is_sound_without_a_warning(name):
    checked = check_strategy(preset_text(name), f"{name}.yaml")
    assert checked.issues == ()
    assert checked.strategy is not None
    assert checked.strategy.name == name


@pytest.mark.parametrize("name", NAMES)
def test_each_speaks_of_columns_and_segments_that_every_new_workspace_has(name):
    """Columns of scores are left out, since a new workspace has none yet."""
    segments = Segments(default_segments(), column_kinds((), {}))
    checked = check_strategy(preset_text(name), f"{name}.yaml")
    found = list(surrounding_faults(checked.strategy, checked.located, Surroundings(segments)))
    assert found == []


@pytest.mark.parametrize("name", NAMES)
def test_each_text_is_in_both_languages(name):
    checked = check_strategy(preset_text(name), f"{name}.yaml")
    strategy = checked.strategy
    texts = [strategy.title, strategy.description]
    for tactic in strategy.tactics:
        texts += [tactic.title, tactic.effect.prior.source, tactic.offer.text or {}]
        texts += [tactic.message.text] if tactic.message else []
    texts += [department.title for department in strategy.departments]
    for text in filter(None, texts):
        assert any("一" <= sign <= "鿿" for sign in text["zh"]), text
        assert not any("一" <= sign <= "鿿" for sign in text["en"]), text


@pytest.mark.parametrize("name", NAMES)
def test_no_effect_claims_to_have_been_measured(name):
    for tactic in check_strategy(preset_text(name), name).strategy.tactics:
        prior = tactic.effect.prior
        assert prior.basis in ("assumption", "published")
        if prior.basis == "published":
            assert any(sign.isdigit() for sign in prior.source["en"]), "a study with its year"


@pytest.mark.parametrize("name", NAMES)
def test_each_can_be_measured_and_has_guardrails(name):
    strategy = check_strategy(preset_text(name), name).strategy
    assert strategy.holdout_share > 0
    assert strategy.guardrails


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_made_ones_own_keeps_its_layout(name):
    text = adapted_preset(
        name, name="mine", owner="Li Na: 1", starts_on=date(2028, 2, 29), currency="CNY"
    )
    checked = check_strategy(text, "mine.yaml")
    strategy, original = checked.strategy, check_strategy(preset_text(name), name).strategy
    assert checked.issues == ()
    assert (strategy.name, strategy.owner, strategy.budget.currency) == ("mine", "Li Na: 1", "CNY")
    assert {one.owner for one in strategy.departments} == {"Li Na: 1"}
    assert strategy.schedule.starts_on == date(2028, 2, 29)
    assert strategy.schedule.days == original.schedule.days
    assert strategy.tactics == original.tactics
    assert len(text.splitlines()) == len(preset_text(name).splitlines())
    assert read_yaml(text, "x").text.count("#") == preset_text(name).count("#")


def test_an_unknown_preset_offers_the_nearest():
    with pytest.raises(OptionError, match="did you mean rescue"):
        preset_text("rescu")
