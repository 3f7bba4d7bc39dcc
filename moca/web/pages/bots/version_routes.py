from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response as Answer

from moca import clock
from moca.storage.queries.team.bots import (
    BotVersionRecord,
    deletion_of,
    find_version,
    list_versions,
)
from moca.storage.queries.team.rule_counts import count_rules
from moca.web.auth.guards import Guards
from moca.web.bots import Bots
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem
from moca.web.forms import show_problems
from moca.web.pages.bots.editor import COUNTED, BotEditor, diff_of, number_of


def version_pages(ports: WebPorts, config: WebConfig, access: Guards) -> Blueprint:
    """Return the pages of bots' versions; for administrators."""
    routes = Blueprint("bot_versions", __name__)
    routes.before_request(access.guard_page)
    routes.before_request(access.require_administrator)
    routes.before_request(access.require_all_accounts)
    bots = Bots(ports, config)
    show_problems(routes, BotEditor(ports, bots).show)

    @routes.get("/bots/<name>/versions/<number>")
    def version(name: str, number: str) -> str:
        with ports.database.connection_context():
            chosen, latest = _version(name, number)
            before = find_version(name, chosen.number - 1)
            deleted_at = deletion_of(name)
            counts = count_rules(name, clock.now() - COUNTED)
        return render_template(
            "bot_version.html",
            at="bots",
            name=name,
            version=chosen,
            latest=latest,
            before=before,
            diff="" if before is None else diff_of(before.document, chosen.document),
            deleted_at=deleted_at,
            counts=counts.get(chosen.number, {}),
            counted_days=COUNTED.days,
        )

    @routes.get("/bots/<name>/versions/<number>/rollback")
    def ask(name: str, number: str) -> str:
        bots.own(name)
        with ports.database.connection_context():
            chosen, latest = _version(name, number)
        diff = diff_of(latest.document, chosen.document)
        return render_template(
            "bot_rollback.html", at="bots", name=name, version=chosen, now=latest, diff=diff
        )

    @routes.post("/bots/<name>/versions/<number>/rollback")
    def roll_back(name: str, number: str) -> Answer:
        bots.roll_back(name, number_of(number) or 0)
        return redirect(url_for("bot_pages.bot", name=name), 303)

    return routes


def _version(name: str, number: str) -> tuple[BotVersionRecord, BotVersionRecord]:
    """Return a version, and the latest one."""
    chosen = find_version(name, number_of(number) or 0)
    if chosen is None:
        raise Problem(404, "No version with this number.")
    (latest,) = list_versions(name, 1)
    return chosen, latest
