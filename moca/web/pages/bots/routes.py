from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from moca.core.bots.trials import TrialMessage
from moca.core.topics import BeginningMode
from moca.storage.queries.accounts import list_accounts, names_of
from moca.storage.queries.team.bots import deletion_of, list_bots, list_deleted_bots, list_versions
from moca.web.auth.guards import Guards
from moca.web.bots import Bots
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem
from moca.web.forms import show_problems, text_field
from moca.web.pages.bots.editor import (
    MAX_TRIAL_LENGTH,
    BotEditor,
    is_toml,
    number_of,
    typed_text,
)
from moca.web.schemas.bots import MAX_NOTE_LENGTH


def _beginning_mode() -> BeginningMode | None:
    match request.form.get("mode"):
        case None:
            return None
        case "auto" | "draft" as mode:
            return mode
        case _:
            raise Problem(422, "mode: must be auto or draft")


def bot_pages(ports: WebPorts, config: WebConfig, access: Guards) -> Blueprint:
    """Return the pages of the bots; for administrators."""
    routes = Blueprint("bot_pages", __name__)
    routes.before_request(access.guard_page)
    routes.before_request(access.require_administrator)
    routes.before_request(access.require_all_accounts)
    bots = Bots(ports, config)
    editor = BotEditor(ports, bots)
    show_problems(routes, editor.show)

    @routes.get("/bots")
    def listed() -> str:
        with ports.database.connection_context():
            stored, deleted = list_bots(), list_deleted_bots()
            names = names_of(list_accounts())
        return render_template(
            "bots.html", at="bots", bots=stored, deleted=deleted, account_names=names
        )

    @routes.get("/bots/<name>")
    def bot(name: str) -> str | Answer:
        with ports.database.connection_context():
            latest = list_versions(name, 1) if deletion_of(name) else ()
        if latest:
            number = str(latest[0].number)
            return redirect(url_for("bot_versions.version", name=name, number=number))
        return editor.page(name)

    @routes.post("/bots/<name>/copy")
    def copy(name: str) -> Answer:
        new = text_field("new_name", longest=40)
        bots.save(new, bots.document_of(name), 0)
        expected = bots.cases_of(name).cases
        if expected:
            bots.save_cases(new, expected, 0)
        return redirect(url_for("bot_pages.bot", name=new), 303)

    @routes.post("/bots/<name>/draft")
    def save(name: str) -> Answer:
        revision = number_of(request.form.get("revision", "")) or 0
        bots.save(name, editor.typed(name) or "", revision)
        return redirect(url_for("bot_pages.bot", name=name), 303)

    @routes.post("/bots/<name>/cases")
    def save_cases(name: str) -> Answer:
        revision = number_of(request.form.get("cases_revision", "")) or 0
        bots.cases_of(name)
        bots.save_cases(name, typed_text("cases"), revision)
        return redirect(url_for("bot_pages.bot", name=name, _anchor="cases"), 303)

    @routes.post("/bots/<name>/form")
    def arrange(name: str) -> str:
        """Show the form after an act on its rules; nothing is saved yet."""
        act = request.form.get("act", "")
        document = editor.typed(name, act)
        as_toml = act == "toml" or (act != "forms" and is_toml())
        return editor.page(name, document=document, as_toml=as_toml)

    @routes.post("/bots/<name>/try")
    def try_out(name: str) -> str:
        document = editor.typed(name) or bots.document_of(name)
        message = TrialMessage(
            text=text_field("try_text", longest=MAX_TRIAL_LENGTH),
            kind=request.form.get("try_kind", "message"),
            language=text_field("try_language", longest=40, needed=False),
            calls_model="try_model" in request.form,
        )
        tried = bots.try_out(document, message)
        return editor.page(name, document=document, tried=tried, as_toml=is_toml())

    @routes.post("/bots/<name>/publish")
    def publish(name: str) -> Answer:
        note = text_field("note", longest=MAX_NOTE_LENGTH, needed=False)
        reason = text_field("override_reason", longest=MAX_NOTE_LENGTH, needed=False)
        checked = number_of(request.form.get("checked", ""))
        bots.publish(name, note, checked, reason, _beginning_mode())
        return redirect(url_for("bot_pages.bot", name=name), 303)

    @routes.get("/bots/<name>/delete")
    def ask_to_delete(name: str) -> str:
        return render_template("bot_deletion.html", at="bots", bot=bots.own(name))

    @routes.post("/bots/<name>/delete")
    def delete(name: str) -> Answer:
        bots.delete(name)
        return redirect(url_for("bot_pages.listed"), 303)

    return routes
