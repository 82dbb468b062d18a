"""Debian's own Prometheus and Alertmanager for tests: their tools, and a server in a folder of its own.

Owns: starting one on loopback, asking it, ending it. Must not: touch a server of the system's.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bridge.testing.counterparts.control import PATIENCE_SECONDS, wait_until
from bridge.testing.process import free_port

TOOLS = ("prometheus", "promtool", "amtool")


def missing() -> str | None:
    """Say which of Debian's packages prometheus and prometheus-alertmanager is not installed; None if both are."""
    lacking = [tool for tool in TOOLS if shutil.which(tool) is None]
    return f"Debian's packages prometheus and prometheus-alertmanager: no {', '.join(lacking)}" if lacking else None


def run_tool(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run one of the tools and return what it said, whatever its status."""
    line = list(map(str, command))
    return subprocess.run(line, check=False, capture_output=True, text=True, timeout=PATIENCE_SECONDS)  # noqa: S603 - our own words


class Prometheus:
    """One server on loopback that keeps its configuration and what it scraped in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.log = folder / "prometheus.log"
        self._data = folder / "data"
        self._config = folder / "prometheus.yml"
        self._process: subprocess.Popen[bytes] | None = None

    def configure(self, text: str) -> None:
        """Write the configuration; rule files it names relatively lie in the same folder."""
        self._config.write_text(text, encoding="utf-8")

    def start(self) -> None:
        """Start and wait until it answers."""
        command = [
            "prometheus",
            f"--config.file={self._config}",
            f"--storage.tsdb.path={self._data}",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)  # noqa: S603 - our own words
        wait_until(self._is_ready, what="Prometheus")

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE_SECONDS)

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the series an expression has now. Raises ValueError if the expression is refused."""
        found = self._ask(f"/api/v1/query?{urlencode({'query': expression})}")
        if found["status"] != "success":
            raise ValueError(f"{expression}: {found.get('error')}")
        result = found["data"]["result"]
        return [{"metric": {}, "value": result}] if found["data"]["resultType"] == "scalar" else list(result)

    def firing(self) -> set[str]:
        """Return the names of the alerts that fire now."""
        alerts = self._ask("/api/v1/alerts")["data"]["alerts"]
        return {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}

    def rules(self) -> list[dict[str, Any]]:
        """Return every rule with its health and last error."""
        groups = self._ask("/api/v1/rules")["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]

    def _ask(self, path: str) -> dict[str, Any]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request("GET", path)
            found: dict[str, Any] = json.loads(connection.getresponse().read())
            return found
        finally:
            connection.close()

    def _is_ready(self) -> bool:
        try:
            return bool(self._ask("/api/v1/status/buildinfo")["status"] == "success")
        except (OSError, HTTPException, ValueError):
            return False
