"""The systems under the same load, each in processes of its own."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from moca.settings.sections import SANDBOX_ACCESS_TOKEN, SANDBOX_ACCOUNT_ID, SANDBOX_APP_SECRET
from tests.benchmarks.acks import THREADS
from tests.benchmarks.comparison.broker import REDIS_URL
from tests.benchmarks.journeys import UNLIMITED
from tests.benchmarks.support.servers import environment_with

_ROOT = Path(__file__).parents[3]
_BOTTENDER = Path(__file__).parent / "bottender_shop"
_SHOP = "tests.benchmarks.comparison.celery_shop"


@dataclass(frozen=True)
class Terms:
    """The conditions under which a contestant runs."""

    port: int
    folder: Path
    graph_url: str
    debounce_seconds: float
    is_killed: bool = False
    """Whether it is killed, and then watched for seconds only until everything is quiet again."""

    @property
    def shop(self) -> dict[str, str]:
        """Return the settings of the two small shops."""
        return {
            "SHOP_ACCESS_TOKEN": SANDBOX_ACCESS_TOKEN,
            "SHOP_ACCOUNT_ID": SANDBOX_ACCOUNT_ID,
            "SHOP_APP_SECRET": SANDBOX_APP_SECRET,
            "SHOP_DATABASE": str(self.folder / "shop.db"),
            "SHOP_DEBOUNCE_SECONDS": str(self.debounce_seconds),
            "SHOP_GRAPH_URL": self.graph_url,
            "SHOP_REDIS": REDIS_URL,
        }


@dataclass(frozen=True)
class Plan:
    """How a contestant is started: one process or several, all in one folder."""

    commands: Sequence[Sequence[str]]
    environment: dict[str, str] = field(default_factory=dict)
    folder: Path = _ROOT


@dataclass(frozen=True)
class Contestant:
    """One system, under the name shown in the table."""

    name: str
    plan: Callable[[Terms], Plan]
    is_whole: bool = True
    """Whether it sends replies, rather than only answering webhooks."""
    only_killed: bool = False
    """Whether it differs from another only when killed."""
    uses_redis: bool = False
    hears_echoes: bool = True
    ready_when_said: str = ""
    """What its log shows when all of it is up, if an open port does not prove it."""


def bare() -> Contestant:
    """Return the view that does nothing."""

    def plan(terms: Terms) -> Plan:
        program = [sys.executable, "-m", "tests.benchmarks.support.bare"]
        return Plan([[*program, str(terms.port), str(THREADS)]])

    return Contestant("bare Flask view", plan, is_whole=False)


def moca() -> Contestant:
    """Return Moca, with the limits lifted."""

    def plan(terms: Terms) -> Plan:
        settings = UNLIMITED | {
            "conversation__debounce_seconds": terms.debounce_seconds,
            "database__url": f"sqlite:///{terms.folder}/moca.db",
            "instagram__graph_url": terms.graph_url,
            "server__port": terms.port,
            "web__api_token": "benchmark-token",
        }
        if terms.is_killed:
            settings |= {"sender__settle_seconds": 0.5, "sender__sweep_seconds": 0.5}
        named = {f"MOCA_{name.upper()}": str(value) for name, value in settings.items()}
        return Plan([[sys.executable, str(_ROOT / "run.py")]], named)

    return Contestant("Moca", plan)


def celery(*, acks_late: bool = False) -> Contestant:
    """Return the obvious Flask, Celery and Redis; by default with Celery's own defaults."""

    def plan(terms: Terms) -> Plan:
        python = [sys.executable, "-m"]
        web = [*python, "granian", f"{_SHOP}.web:app", "--interface", "wsgi", "--http", "1"]
        web += ["--port", str(terms.port), "--blocking-threads", str(THREADS)]
        web += ["--backpressure", str(THREADS * 4), "--log-level", "error"]
        worker = [*python, "celery", "-A", f"{_SHOP}.tasks:celery", "worker", "--loglevel=INFO"]
        late = {"SHOP_ACKS_LATE": "yes"} if acks_late else {}
        return Plan([worker, web], terms.shop | late)

    name = "Celery, acks_late" if acks_late else "Flask + Celery + Redis"
    return Contestant(
        name, plan, only_killed=acks_late, uses_redis=True, ready_when_said=" ready.\n"
    )


def bottender(home: Path) -> Contestant:
    """Return Bottender's server, installed in this folder; it only supports the older signature."""

    def plan(terms: Terms) -> Plan:
        cli = home / "node_modules" / "bottender" / "bin" / "cli.js"
        command = ["node", str(cli), "start", "--port", str(terms.port)]
        return Plan([command], terms.shop | {"NODE_ENV": "production"}, home)

    return Contestant("Bottender", plan, hears_echoes=False)


class NotInstalledError(Exception):
    """Raised if npm could not install; says why."""


def install_bottender(home: Path) -> None:
    """Install it into this folder.

    Raises:
        NotInstalledError: If npm is missing, fails, or takes longer than five minutes.
    """
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise NotInstalledError("node and npm are not installed")
    shutil.copytree(_BOTTENDER, home, dirs_exist_ok=True)
    # One of its dependencies downloads a tunnel when installed, which nothing here needs.
    command = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    command += ["--prefer-offline", "--no-package-lock"]
    began = time.monotonic()
    try:
        subprocess.run(command, cwd=home, check=True, capture_output=True, timeout=300)
    except subprocess.SubprocessError as error:
        spent = time.monotonic() - began
        raise NotInstalledError(f"npm install failed after {spent:.0f} s: {error}") from error


def environment_of(plan: Plan) -> dict[str, str]:
    """Return the whole environment of its processes."""
    return environment_with(plan.environment)
