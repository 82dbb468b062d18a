"""The image: its Dockerfile passes a linter, and its steps, run one by one in a bare folder, give a program that serves."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.testing.counterparts.control import PATIENCE_SECONDS, wait_until
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


def wheels_of(image: Path, *, locked: bool) -> None:
    """Run the first stage in a bare folder; without ``locked`` only this program's own wheel is built."""
    source, wheels, here = image / "src", image / "wheels", Path(sysconfig.get_path("scripts"))
    context(source)
    steps = [each.rest.replace("/wheels", str(wheels)) for each in BUILD if each.word == "RUN"]
    (lock,) = [step for step in steps if "build.lock" in step]
    run(lock if locked else lock.partition("&&")[0], source, here)
    assert (source / "build.lock").read_text().startswith("setuptools==")
    (own,) = [step for step in steps if "--no-build-isolation" in step]
    run(own, source, here)
    shutil.rmtree(source)


def installed(image: Path) -> None:
    """Run the second stage's installation in an environment of its own."""
    (step,) = [each.rest for each in RUN if "/wheels/*.whl" in each.rest]
    run(f"{shlex.quote(sys.executable)} -m venv --without-pip {image}/usr", image, Path(sysconfig.get_path("scripts")))
    line = "pip " + step.partition("pip ")[2].replace("/wheels", f"{image}/wheels")
    line = line.replace("pip install", f"pip --python {image}/usr/bin/python install")
    run(line, image, Path(sysconfig.get_path("scripts")))


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare folder in which both stages ran; the locked wheels themselves stand in as this environment's packages."""
    image = tmp_path_factory.mktemp("image")
    wheels_of(image, locked=False)
    installed(image)
    (site,) = (image / "usr/lib").glob("python3*/site-packages")
    (site / "locked.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return image


@pytest.mark.soak
def test_the_locked_wheels_alone_carry_the_program(tmp_path: Path) -> None:
    wheels_of(tmp_path, locked=True)
    installed(tmp_path)
    (tmp_path / "data").mkdir()
    assert bridge(tmp_path, "bridge", "init", str(tmp_path / "data/county")).wait(PATIENCE_SECONDS) == 0
    assert (
        bridge(tmp_path, "bridge", "rules", "test", str(tmp_path / "data/county/routing_rules.yaml")).wait(
            PATIENCE_SECONDS
        )
        == 0
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make a user")
def test_it_makes_its_user_and_the_folder_only_that_user_enters(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    for name in ("passwd", "group", "shadow", "gshadow"):
        (tmp_path / "etc" / name).touch()
    (step,) = [each.rest for each in RUN if "useradd" in each.rest]
    for word in ("groupadd", "useradd"):
        step = step.replace(f"{word} ", f"{word} --prefix {tmp_path} ")
    run(step.replace("-m 0700 /data", f"-m 0700 {tmp_path}/data"), tmp_path, Path("/usr/sbin"))
    made = (tmp_path / "etc/passwd").read_text()
    assert made == "bridge:x:10001:10001::/data:/usr/sbin/nologin\n"
    found = (tmp_path / "data").stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (10001, 10001, 0o700)


def bridge(image: Path, *words: str, **environment: str) -> subprocess.Popen[bytes]:
    """Start the installed program as the image does, nothing of the source tree beside it."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("BRIDGE_", "PYTHON"))}
    return subprocess.Popen([image / "usr/bin" / words[0], *words[1:]], cwd=image / "data", env=clean | environment)


@pytest.fixture(scope="module")
def served(image: Path) -> Iterator[tuple[Path, int]]:
    """The image's command, on the folder that ``bridge init`` made with the image's own rules."""
    (image / "data").mkdir(mode=0o700)
    data, port = image / "data", free_port()
    assert bridge(image, "bridge", "init", str(data)).wait(PATIENCE_SECONDS) == 0
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
