"""A PostgreSQL and a RabbitMQ of the test's own, which may be killed unlike the shared ones."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pika
import pika.exceptions
import psycopg
import pytest

from tests.process.service import eventually, free_port
from tests.support.values import present

_BINARIES_OF_POSTGRESQL = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
_RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
_START_SECONDS = 60


class Daemon:
    """A server in its own process; a restart keeps its files and its port."""

    def __init__(
        self,
        home: Path,
        port: int,
        user: str,
        command: list[str],
        is_up: Callable[[], bool],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.port = port
        self._home = home
        self._command = [*_as(user), *command]
        self._environment = {"PATH": os.environ["PATH"], "HOME": str(home), **(environment or {})}
        self._is_up = is_up
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it accepts connections."""
        with (self._home / "log.txt").open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._home,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        eventually(self.answers, seconds=_START_SECONDS)

    def answers(self) -> bool:
        """Return whether it is up."""
        assert present(self._process).poll() is None, (self._home / "log.txt").read_text()[-3000:]
        found: bool = self._is_up()
        return found

    def kill(self) -> None:
        """Kill all of it at once, as `kill -9` does; return when nothing of it is left."""
        doomed = self.pids()
        for pid in doomed:
            _kill(pid)
        present(self._process).wait(20)
        eventually(lambda: not any(map(_runs, doomed)))

    def pids(self) -> list[int]:
        """Return its processes."""
        pid = present(self._process).pid
        return [pid, *_descendants(pid)]

    def close(self) -> None:
        """Stop it and delete its files."""
        if self._process is not None and self._process.poll() is None:
            self.kill()
        shutil.rmtree(self._home)


def own_postgresql() -> Daemon:
    """Create a PostgreSQL, not yet started; it has `port`. Skips if none is installed."""
    if not _BINARIES_OF_POSTGRESQL:
        _lacking("PostgreSQL's binaries")
    initdb, port, home = _BINARIES_OF_POSTGRESQL[-1], free_port(), _home("postgres")
    create: list[str | Path] = [
        initdb,
        "-D",
        home / "data",
        "-U",
        "postgres",
        "-A",
        "trust",
        "--no-sync",
    ]
    subprocess.run([*_as("postgres"), *create], check=True, capture_output=True, timeout=120)
    options = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": home}
    named = (part for name, value in options.items() for part in ("-c", f"{name}={value}"))
    command = [str(initdb.with_name("postgres")), "-D", str(home / "data"), *named]
    return Daemon(home, port, "postgres", command, lambda: _takes_queries(port))


def own_rabbitmq() -> Daemon:
    """Create a RabbitMQ, not yet started; it has `port`. Skips if none is installed."""
    if not _RABBITMQ.exists():
        _lacking("RabbitMQ's server")
    port, home = free_port(), _home("rabbitmq")
    (home / "plugins").write_text("[].\n")
    (home / "rabbitmq.conf").write_text(f"listeners.tcp.local = 127.0.0.1:{port}\n")
    environment = {
        "RABBITMQ_NODENAME": f"{home.name}@localhost",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
        "RABBITMQ_LOG_BASE": str(home / "log"),
        "RABBITMQ_PID_FILE": str(home / "pid"),
        "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
        "RABBITMQ_CONF_ENV_FILE": str(home / "none"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "plugins"),
    }
    command = [str(_RABBITMQ)]
    return Daemon(home, port, "rabbitmq", command, lambda: _takes_parcels(port), environment)


def _lacking(what: str) -> None:
    reason = f"{what} are not on this machine"
    pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)


def _home(user: str) -> Path:
    home = Path(tempfile.mkdtemp(prefix=f"moca-{user}-"))
    if os.geteuid() == 0:
        shutil.chown(home, user)
    return home


def _as(user: str) -> list[str]:
    # PostgreSQL refuses to run as root.
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]


def _takes_queries(port: int) -> bool:
    try:
        psycopg.connect(
            f"postgresql://postgres@127.0.0.1:{port}/postgres", connect_timeout=2
        ).close()
    except psycopg.OperationalError:
        return False
    return True


def _takes_parcels(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
        with pika.BlockingConnection(pika.URLParameters(f"amqp://127.0.0.1:{port}/%2F")):
            return True
    except (OSError, pika.exceptions.AMQPError):
        return False


def _descendants(pid: int) -> list[int]:
    found = []
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, tasks.read_text().split()):
            found += [child, *_descendants(child)]
    return found


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _runs(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
