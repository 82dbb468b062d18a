"""Debian's own PostgreSQL and PgBouncer for tests that need what the wheel does not bring.

Owns: clusters in a folder of the system user ``postgres``, a pooler before them, ending both. Must not: touch a
cluster of the system's.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bridge.testing.counterparts.control import PATIENCE_SECONDS, wait_until
from bridge.testing.process import free_port

BIN = Path("/usr/lib/postgresql/15/bin")
USER = "postgres"

_POOLER = """\
[databases]
* = host=127.0.0.1 port={port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = trust
auth_file = {users}
pool_mode = transaction
default_pool_size = {sessions}
max_client_conn = 200
server_reset_query =
"""


def missing() -> str | None:
    """Say what is not installed, or that somebody else than root asks; None if clusters can be made."""
    if os.geteuid() != 0:
        return "only root may start servers as the user postgres"
    if not (BIN / "initdb").exists():
        return "Debian's package postgresql (15) is not installed"
    return None if shutil.which("pgbouncer") else "Debian's package pgbouncer is not installed"


def run_as_postgres(*command: str | Path) -> None:
    """Run a command as the system user ``postgres``. Raises CalledProcessError."""
    line = ["runuser", "-u", USER, "--", *map(str, command)]
    subprocess.run(line, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - our own words


class Cluster:
    """One server on loopback; trusts every local connection."""

    def __init__(self, folder: Path, name: str, port: int | None = None) -> None:
        self.data = folder / name
        self.port = port or free_port()
        self._log = folder / f"{name}.log"

    def create(self) -> None:
        """Make an empty cluster that is allowed to have standbys."""
        run_as_postgres(BIN / "initdb", "-D", self.data, "-A", "trust", "-U", USER, "-E", "UTF8", "--no-sync")

    def clone(self, primary: Cluster) -> None:
        """Become a standby of ``primary`` under the name of this cluster's folder."""
        source = f"host=127.0.0.1 port={primary.port} user={USER} application_name={self.data.name}"
        run_as_postgres(
            BIN / "pg_basebackup", "-D", self.data, "-d", source, "-R", "-X", "stream", "-c", "fast", "--no-sync"
        )

    def start(self, settings: Sequence[str] = ()) -> None:
        """Start and wait until it takes connections."""
        options = ["listen_addresses=127.0.0.1", f"port={self.port}", "unix_socket_directories=", *settings]
        line = " ".join(f'-c "{option}"' for option in options)
        run_as_postgres(BIN / "pg_ctl", "start", "-w", "-D", self.data, "-l", self._log, "-o", line)

    def stop(self, mode: str = "immediate") -> None:
        """Stop: ``fast`` in order, ``immediate`` without a checkpoint, as a crash would."""
        if (self.data / "postmaster.pid").exists():
            run_as_postgres(BIN / "pg_ctl", "stop", "-w", "-D", self.data, "-m", mode)

    def promote(self) -> None:
        """Make a standby the primary."""
        run_as_postgres(BIN / "pg_ctl", "promote", "-w", "-D", self.data)

    def make_synchronous(self, standby: Cluster) -> None:
        """Acknowledge nothing from now on that ``standby`` does not have."""
        self.sql(f"ALTER SYSTEM SET synchronous_standby_names = '{standby.data.name}'")
        self.sql("SELECT pg_reload_conf()")
        wait_until(
            lambda: self.sql("SELECT sync_state FROM pg_stat_replication") == "sync",
            what="a synchronous standby",
        )

    @contextmanager
    def silent_to_standbys(self) -> Iterator[None]:
        """Send standbys nothing, as when the line between the machines is cut."""
        pids = [int(pid) for pid in self.sql("SELECT pid FROM pg_stat_replication").split()]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def sql(self, statement: str) -> str:
        """Run a statement and return its bare result."""
        command: list[str | Path] = [
            BIN / "psql",
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-U",
            USER,
            "-d",
            "postgres",
            "-Atqc",
            statement,
        ]
        done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own words
        return str(done.stdout).strip()


class Pooler:
    """PgBouncer in transaction mode before a cluster."""

    def __init__(self, folder: Path, cluster: Cluster, sessions: int) -> None:
        self.port = free_port()
        self._config = folder / "pgbouncer.ini"
        users = folder / "pgbouncer.users"
        users.write_text(f'"{USER}" ""\n')
        self._config.write_text(_POOLER.format(port=cluster.port, listen=self.port, sessions=sessions, users=users))
        for file in (users, self._config):
            file.chmod(0o644)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it listens."""
        command = ["runuser", "-u", USER, "--", shutil.which("pgbouncer") or "pgbouncer", "-q", str(self._config)]
        self._process = subprocess.Popen(  # noqa: S603 - our own words
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until(self._listens, what="pgbouncer")

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE_SECONDS)

    def _listens(self) -> bool:
        command: list[str | Path] = [BIN / "pg_isready", "-h", "127.0.0.1", "-p", str(self.port), "-q"]
        return subprocess.run(command, check=False).returncode == 0  # noqa: S603 - our own words


def pair_url(primary: Cluster, standby: Cluster, database: str = "bridge") -> str:
    """Return the URL that finds whichever of two servers takes writes."""
    hosts = f"host=127.0.0.1:{primary.port}&host=127.0.0.1:{standby.port}"
    return f"postgresql+asyncpg://{USER}@/{database}?{hosts}&target_session_attrs=primary"
