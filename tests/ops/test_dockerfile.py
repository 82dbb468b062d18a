"""The image: its Dockerfile passes a linter, and its steps, run one by one in a bare folder, give a program that serves."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.testing.counterparts.control import wait_until
from bridge.testing.process import free_port
from tests.ops.image import ROOT, Instruction, context, instructions

BUILD, RUN = instructions()


def only(word: str, stage: list[Instruction] = RUN) -> Instruction:
    """The one instruction of this word."""
    (found,) = [each for each in stage if each.word == word]
    return found


def test_the_linter_has_nothing_to_say() -> None:
    linter = Path(sysconfig.get_path("scripts")) / "hadolint"
    done = subprocess.run([linter, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_it_runs_as_somebody_and_says_how_it_is() -> None:
    assert only("USER").rest == "10001:10001"
    assert only("STOPSIGNAL").rest == "SIGTERM"
    assert "/healthz" in only("HEALTHCHECK").rest
    assert only("VOLUME").rest == "/data"


def run(line: str, cwd: Path, tools: Path) -> None:
    """Run one step as the image's shell would."""
    environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(["sh", "-ec", line], cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{line}\n{done.stderr}"


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare folder in which both stages ran; the locked wheels themselves stand in as this environment's packages."""
    image = tmp_path_factory.mktemp("image")
    source, wheels, here = image / "src", image / "wheels", Path(sysconfig.get_path("scripts"))
    context(source)
    steps = [each.rest for each in BUILD if each.word == "RUN"]
    (locked,) = [step for step in steps if "build.lock" in step]
    run(locked.partition("&&")[0], source, here)
    assert (source / "build.lock").read_text().startswith("setuptools==")
    (own,) = [step for step in steps if "--no-build-isolation" in step]
    run(own.replace("/wheels", str(wheels)), source, here)
    (installed,) = [each.rest for each in RUN if "/wheels/*.whl" in each.rest]
    run(f"{sys.executable} -m venv --without-pip {image}/usr", image, here)
    line = "pip " + installed.partition("pip ")[2].replace("/wheels", str(wheels))
    run(line.replace("pip install", f"pip --python {image}/usr/bin/python install"), image, here)
    (site,) = (image / "usr/lib").glob("python3*/site-packages")
    (site / "locked.pth").write_text(sysconfig.get_path("purelib") + "\n")
    shutil.rmtree(source)
    return image


def bridge(image: Path, *words: str, **environment: str) -> subprocess.Popen[bytes]:
    """Start the installed program as the image does, nothing of the source tree beside it."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("BRIDGE_", "PYTHON"))}
    return subprocess.Popen([image / "usr/bin" / words[0], *words[1:]], cwd=image / "data", env=clean | environment)


@pytest.fixture(scope="module")
def served(image: Path) -> Iterator[tuple[Path, int]]:
    """The image's command, on the folder that ``bridge init`` made with the image's own rules."""
    (image / "data").mkdir(mode=0o700)
    data, port = image / "data", free_port()
    assert bridge(image, "bridge", "init", str(data)).wait(60) == 0
    assert (data / "routing_rules.yaml").read_bytes() == (ROOT / "routing_rules.yaml").read_bytes()
    words = [word.replace("/data", str(data)) for word in only("CMD").words]
    daemon = bridge(image, *words, BRIDGE_LISTEN=f"127.0.0.1:{port}")
    yield image, port
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(30) == 0


def test_its_own_health_check_finds_it_well(served: tuple[Path, int]) -> None:
    image, port = served
    words = [word.replace(":8080", f":{port}") for word in Instruction("", only("HEALTHCHECK").rest).words]

    def is_well() -> bool:
        line = [str(image / "usr/bin" / words[0]), *words[1:]]
        return subprocess.run(line, stderr=subprocess.DEVNULL, check=False).returncode == 0

    wait_until(is_well, what="the image's health check")
