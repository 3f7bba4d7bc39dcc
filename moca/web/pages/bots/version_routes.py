from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response as Answer

from moca.storage.queries.team.bots import list_versions
from moca.web.auth.guards import Guards
from moca.web.bots import Bots
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem
from moca.web.forms import show_problems
from moca.web.pages.bots.editor import BotEditor, diff_of, number_of


def version_pages(ports: WebPorts, config: WebConfig, access: Guards) -> Blueprint:
    """Return the pages of bots' versions; for administrators."""
    routes = Blueprint("bot_versions", __name__)
    routes.before_request(access.guard_page)
    routes.before_request(access.require_administrator)
    routes.before_request(access.require_all_accounts)
    bots = Bots(ports, config)
    show_problems(routes, BotEditor(ports, bots).show)

    @routes.get("/bots/<name>/versions/<number>/rollback")
    def ask(name: str, number: str) -> str:
        with ports.database.connection_context():
            versions = list_versions(name)
        chosen = next((each for each in versions if str(each.number) == number), None)
        if chosen is None:
            raise Problem(404, "No version with this number.")
        diff = diff_of(versions[0].document, chosen.document)
        return render_template(
            "bot_rollback.html", at="bots", name=name, version=chosen, now=versions[0], diff=diff
        )

    @routes.post("/bots/<name>/versions/<number>/rollback")
    def roll_back(name: str, number: str) -> Answer:
        bots.roll_back(name, number_of(number) or 0)
        return redirect(url_for("bot_pages.bot", name=name), 303)

    return routes
