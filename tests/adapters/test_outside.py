"""One file is enough, in this repository or in somebody else's package; ``bridge adapters new`` begins it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bridge.errors import ConfigError
from bridge.registry import UnknownAdapter, feed_class, unit_class
from bridge.settings_file import parse_settings
from tests.adapters.example.county_form import CountyForm

ROOT = Path(__file__).parents[2]
OUTSIDE = "tests.adapters.example.county_form"
CONFIG = f'[channels.tax]\nadapter = "{OUTSIDE}"\nurl = "http://127.0.0.1:1/form"\n'


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False, cwd=ROOT)


def test_an_adapter_of_another_package_is_named_in_full() -> None:
    assert unit_class(OUTSIDE).__name__ == CountyForm.__name__
    settings = parse_settings(CONFIG, ROOT / "bridge.toml", {})
    assert settings.channels["tax"].adapter == OUTSIDE


def test_its_own_keys_are_checked_at_their_place() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_settings(CONFIG + 'adress = "x"\n', ROOT / "bridge.toml", {})
    assert (caught.value.problems[0].line, caught.value.problems[0].path) == (4, "channels.tax.adress")


def test_two_counterparts_in_one_folder_are_refused() -> None:
    text = '[feeds.a]\nadapter = "xinfang"\ndir = "x/y"\n[channels.tax]\nadapter = "file_drop"\ndir = "x/z/../y"\n'
    with pytest.raises(ConfigError) as caught:
        parse_settings(text, ROOT / "bridge.toml", {})
    problem = caught.value.problems[0]
    assert (problem.line, problem.path) == (6, "channels.tax.dir")
    assert "feeds.a" in problem.message


@pytest.mark.parametrize("name", ["no.such.module", "os.path", "..etc", "a b", "adapters.console;x", "json"])
def test_what_is_no_adapter_is_refused(name: str) -> None:
    with pytest.raises(UnknownAdapter):
        unit_class(name)


def test_a_units_adapter_is_no_upstream() -> None:
    with pytest.raises(UnknownAdapter, match="不能用作上游"):
        feed_class(OUTSIDE)


@pytest.mark.parametrize("kind", ["unit", "feed"])
def test_the_skeleton_passes_lint_format_and_types(tmp_path: Path, kind: str) -> None:
    (tmp_path / "__init__.py").write_text('"""Adapters of a county."""\n', encoding="utf-8")
    made = run("bridge", "adapters", "new", "county_oa", "--kind", kind, "--folder", str(tmp_path))
    assert made.returncode == 0, made.stderr
    path, config = str(tmp_path / "county_oa.py"), str(ROOT / "pyproject.toml")
    for command in (
        ("ruff", "check", "--config", config, path),
        ("ruff", "format", "--check", "--config", config, path),
        ("mypy", "--config-file", config, path),
    ):
        done = run(*command)
        assert done.returncode == 0, done.stdout
    again = run("bridge", "adapters", "new", "county_oa", "--kind", kind, "--folder", str(tmp_path))
    assert again.returncode == 1
    assert "已存在" in again.stderr


@pytest.mark.parametrize("arguments", [["Bad-Name"], ["x", "--kind", "both"], ["x", "--folder", "/no/such"]])
def test_wrong_use_of_new(arguments: list[str]) -> None:
    assert run("bridge", "adapters", "new", *arguments).returncode == 2
