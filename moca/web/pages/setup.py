from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

from flask import Blueprint, Flask, redirect, render_template
from werkzeug.wrappers import Response as Answer

from moca import clock
from moca.storage.queries.setup_steps import Firsts, read_firsts
from moca.web.auth.guards import Access
from moca.web.config import Finding, Ports, WebConfig

_BUSY_FOR = 60


@dataclass(frozen=True, slots=True)
class Examination:
    """What the doctor found, and when."""

    at: datetime
    findings: Sequence[Finding]

    @property
    def left(self) -> int:
        """How many things there are to do."""
        return sum(not each.is_fine for each in self.findings)


class Practice:
    """Calls the doctor, for one patient at a time, and remembers the last visit. Any thread."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._lock = Lock()
        self.last: Examination | None = None

    def examine(self) -> None:
        """Let the doctor look at everything; takes seconds. Who comes meanwhile waits for it."""
        asked_at = clock.now()
        with self._lock:
            if self.last is None or self.last.at < asked_at:
                findings = tuple(self._ports.examine())
                self.last = Examination(clock.now(), findings)


def way_in(ports: Ports, config: WebConfig, access: Access, app: Flask) -> Blueprint:
    """Build the steps to a real account, and let the first page show what to do next."""
    routes = Blueprint("way_in", __name__)
    routes.before_request(access.guard_page)
    practice = Practice(ports)
    done: list[Firsts] = []

    def first_steps() -> Firsts | None:
        """Tell what was done already; None once all of it was."""
        if done:
            return None
        with ports.database.connection_context():
            firsts = read_firsts()
        if firsts.was_answered:
            done.append(firsts)
            return None
        return firsts

    @routes.get("/start")
    def start() -> str:
        return render_template("start.html", at="start", **_shown())

    @routes.post("/start/examine")
    def examine() -> Answer:
        practice.examine()
        return redirect("/start", 303)

    def _shown() -> dict[str, Any]:
        with ports.database.connection_context():
            firsts = read_firsts()
        return {"firsts": firsts, "visit": practice.last, "is_live": config.live}

    app.jinja_env.globals["first_steps"] = first_steps
    return routes
