from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

from flask import Blueprint, Flask, redirect, render_template
from werkzeug.wrappers import Response as Answer

from moca import clock
from moca.storage.queries.stats import SetupSteps, read_setup_steps
from moca.web.auth.current_user import current_scope
from moca.web.auth.guards import Guards
from moca.web.config import DoctorFinding, WebConfig, WebPorts

_BUSY_FOR = 60


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """The doctor's findings, and when they were made."""

    at: datetime
    findings: Sequence[DoctorFinding]

    @property
    def left(self) -> int:
        """Return how many things are left to do."""
        return sum(not each.is_fine for each in self.findings)


class DoctorRunner:
    """Runs the doctor, one run at a time, and keeps the last report. Thread-safe."""

    def __init__(self, ports: WebPorts) -> None:
        self._ports = ports
        self._lock = Lock()
        self.last: DoctorReport | None = None

    def run_checks(self) -> None:
        """Run every check, which takes seconds; concurrent callers wait for the same run."""
        asked_at = clock.now()
        with self._lock:
            if self.last is None or self.last.at < asked_at:
                findings = tuple(self._ports.run_checks())
                self.last = DoctorReport(clock.now(), findings)


def setup_pages(ports: WebPorts, config: WebConfig, access: Guards, app: Flask) -> Blueprint:
    """Return the setup steps to a live account; the first page shows the next one."""
    routes = Blueprint("setup_pages", __name__)
    routes.before_request(access.guard_page)
    routes.before_request(access.require_all_accounts)
    doctor = DoctorRunner(ports)
    done: list[SetupSteps] = []

    def first_steps() -> SetupSteps | None:
        """Return the steps done so far; None once all are."""
        if done or current_scope().is_limited:
            return None
        with ports.database.connection_context():
            steps = read_setup_steps()
        if steps.was_answered:
            done.append(steps)
            return None
        return steps

    @routes.get("/start")
    def start() -> str:
        return render_template("start.html", at="start", **_shown())

    @routes.post("/start/examine")
    def run_checks() -> Answer:
        doctor.run_checks()
        return redirect("/start", 303)

    def _shown() -> dict[str, Any]:
        with ports.database.connection_context():
            steps = read_setup_steps()
        return {
            "setup_steps": steps,
            "report": doctor.last,
            "is_live": config.live,
            "can_connect": bool(config.app_id),
        }

    app.jinja_env.globals["first_steps"] = first_steps
    return routes
