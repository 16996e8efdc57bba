"""The benchmark of purchase models: its customers, its goals, and what it says when peers lack."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.bench_models import Line, customers, main

LINE = Line("score", 1_000_000, "lifetimes", 1.0, 300.0, 12.0, 600.0, 12.0, 0.5, 10.0, 0.6, 1e-3)


def test_customers_are_possible_and_always_the_same():
    made, again = customers(500), customers(500)
    assert all((made[name] == again[name]).all() for name in made)
    assert (made["t"] <= made["T"]).all()
    assert ((made["t"] > 0) == (made["x"] > 0)).all()
    assert ((made["m"] > 0) == (made["x"] > 0)).all()
    assert 0.2 < np.mean(made["x"] == 0) < 0.4


def test_a_goal_is_missed_by_time_by_memory_or_by_another_answer():
    assert not LINE.is_missed
    assert replace(LINE, ratio=9.9).is_missed
    assert replace(LINE, memory_ratio=0.61).is_missed
    assert replace(LINE, difference=0.02).is_missed
    assert replace(LINE, work="bg_nbd", difference=1e-3).is_missed


def test_without_peers_it_says_what_was_not_measured(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("TENURE_BENCH_PEERS", raising=False)
    monkeypatch.delenv("TENURE_BENCH_PEERS_PYMC", raising=False)
    assert main(["--customers", "600", "--rounds", "1", "--json"]) == 0
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert {line["work"] for line in told["lines"]} == {"bg_nbd", "gamma_gamma", "score"}
    assert all(line["peer"] is None and line["seconds"] > 0 for line in told["lines"])
    assert len(told["not_measured"]) == 2
    assert "lifetimes (TENURE_BENCH_PEERS): ABSENT" in said.err
