"""The example configuration is what ``bridge init`` writes, and it loads."""

from __future__ import annotations

from pathlib import Path

from bridge.cli.folder import create_folder, example_config
from bridge.settings_file import load_settings

EXAMPLE = Path(__file__).parents[2] / "ops/bridge.example.toml"


def test_the_example_is_what_init_writes() -> None:
    assert EXAMPLE.read_text(encoding="utf-8") == example_config()


def test_a_fresh_folder_loads(tmp_path: Path) -> None:
    create_folder(tmp_path / "county")
    settings = load_settings(tmp_path / "county" / "bridge.toml", {})
    assert set(settings.channels) == {"tax", "hrss", "medical", "finance"}
    assert settings.rules.exists()
