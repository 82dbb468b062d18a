"""Where to look while the demo runs: health, metrics, and a Prometheus pointed at them where one is installed.

Owns: the words and the small configuration written for the occasion. Must not: start anything.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import urlsplit

RULES = Path(__file__).parents[2] / "ops/prometheus"

_CONFIG = """\
global: {{scrape_interval: 5s, evaluation_interval: 5s}}
rule_files: ["{rules}/*.rules.yml"]
scrape_configs: [{{job_name: ticketbridge, static_configs: [{{targets: ["{target}"]}}]}}]
"""


def places(url: str, folder: Path) -> list[str]:
    """Return the lines to show; with Prometheus installed also write ``prometheus.yml`` into ``folder``."""
    found = [f"存活 {url}/healthz   就绪 {url}/readyz   指标 {url}/metrics（说明见 docs/reference/metrics.md）"]
    if shutil.which("prometheus") is None:
        return [*found, "本机没有 Prometheus；装上后（Debian：apt-get install prometheus）看 docs/howto/watch.zh-CN.md"]
    config = folder / "prometheus.yml"
    config.write_text(_CONFIG.format(rules=RULES, target=urlsplit(url).netloc), encoding="utf-8")
    command = f"prometheus --config.file={config} --storage.tsdb.path={folder / 'prometheus'}"
    return [*found, f"接上 Prometheus：{command} --web.listen-address=127.0.0.1:9090"]
