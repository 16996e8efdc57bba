"""Settings: a commented text that reads back as it was, and clear words for what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenure.kernel import OptionError, SettingError
from tenure.settings import Settings, read_settings, settings_text


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "tenure.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_written_reads_back_the_same(tmp_path: Path) -> None:
    settings = Settings(business='Wäsche "Blitz" 洗车', timezone="Asia/Shanghai", currency="CNY")
    assert read_settings(written(tmp_path, settings_text(settings)), {}) == settings


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, 'language = "en"\n')
    settings = read_settings(path, {"TENURE_LANGUAGE": "zh", "TENURE_THREADS": "2"})
    assert (settings.language, settings.threads) == ("zh", 2)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('timezon = "UTC"', "did you mean timezone"),
        ('week_start = "mon"', "monday"),
        ("month_start_day = 31", r"1\.\.28"),
        ("memory_limit_mb = 5", "200 or more"),
        ('threads = "two"', "whole number"),
        ("threads = -1", "0 or more"),
        ('currency = "euro"', "three capital letters"),
        ('as_of = "31.12.2025"', "2025-12-31"),
        ('timezone = "Moon"', "IANA"),
        ("language = ", "TOML"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises((SettingError, OptionError), match=told):
        read_settings(written(tmp_path, text), {})
