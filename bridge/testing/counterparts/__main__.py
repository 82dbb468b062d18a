"""``python -m bridge.testing.counterparts hotline|units SETTINGS.json`` starts one counterpart.

Owns: the command line. Must not: do anything else.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from bridge.testing.counterparts.hotline import Hotline, HotlineSettings
from bridge.testing.counterparts.program import run
from bridge.testing.counterparts.unit import Units, UnitsSettings


def main() -> None:
    """Read the settings and run."""
    parser = argparse.ArgumentParser(
        prog="python -m bridge.testing.counterparts",
        description="模拟的对手方:热线(hotline)或承办单位(units)。标准输入关闭即退出。",
    )
    parser.add_argument("kind", choices=["hotline", "units"])
    parser.add_argument("settings", type=Path, help="设置文件(JSON),含共享密钥,权限应为 0600")
    arguments = parser.parse_args()
    text = arguments.settings.read_text(encoding="utf-8")
    if arguments.kind == "hotline":
        hotline = HotlineSettings.model_validate_json(text)
        run(Hotline(hotline), hotline.port)
    else:
        units = UnitsSettings.model_validate_json(text)
        run(Units(units), units.port)


if __name__ == "__main__":
    main()
