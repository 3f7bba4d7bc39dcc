from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response as WerkzeugResponse

from moca import clock
from moca.core.content.placeholders import SAVED_REPLY_PLACEHOLDERS, check_placeholders
from moca.core.content.validation import MAX_REPLY_BYTES
from moca.core.messages.saved_replies import (
    AddSavedReply,
    ChangeSavedReply,
    RemoveSavedReply,
    SavedReplyFile,
)
from moca.storage.queries.saved_replies import list_saved_replies
from moca.web.auth.guards import Guards
from moca.web.commands import carry_out
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem
from moca.web.forms import row_id_of, show_problems_on, text_field
from moca.web.schemas.saved_replies import (
    MAX_NAME_LENGTH,
    MAX_SHORTCUT_LENGTH,
    SHORTCUT,
    SHORTCUT_RULE,
)
from moca.web.uploads.attachments import Attachments


def saved_reply_pages(ports: WebPorts, config: WebConfig, access: Guards) -> Blueprint:
    """Return the page of saved replies."""
    routes = Blueprint("saved_replies", __name__)
    routes.before_request(access.guard_page)
    routes.before_request(access.require_answers)
    routes.before_request(access.require_all_accounts_to_change)
    attachments = Attachments(ports, config)

    def page(problem: str = "", refused: str = "") -> str:
        with ports.database.connection_context():
            replies = list_saved_replies()
        return render_template(
            "saved_replies.html",
            at="saved_replies",
            replies=replies,
            problem=problem,
            refused=refused,
            draft=request.form,
            name_length=MAX_NAME_LENGTH,
            shortcut_length=MAX_SHORTCUT_LENGTH,
            placeholders=SAVED_REPLY_PLACEHOLDERS,
        )

    show_problems_on(routes, page)

    @routes.get("/saved-replies")
    def saved_replies() -> str:
        return page()

    @routes.post("/saved-replies")
    def add() -> WerkzeugResponse:
        fields, at = _fields(), clock.now()
        upload = attachments.of_field("file", at)
        with attachments.deleted_if_refused(upload):
            file = None if upload is None else SavedReplyFile(upload, at)
            carry_out(AddSavedReply(*fields, file), ports, config)
        return redirect("/saved-replies", 303)

    @routes.post("/saved-replies/<number>")
    def change(number: str) -> WerkzeugResponse:
        reply_id, fields, at = row_id_of(number), _fields(), clock.now()
        upload = attachments.of_field("file", at)
        with attachments.deleted_if_refused(upload):
            is_changed = upload is not None or "remove_file" in request.form
            file = SavedReplyFile(upload, at) if is_changed else None
            carry_out(ChangeSavedReply(reply_id, *fields, file), ports, config)
        return redirect("/saved-replies", 303)

    @routes.post("/saved-replies/<number>/remove")
    def remove(number: str) -> WerkzeugResponse:
        carry_out(RemoveSavedReply(row_id_of(number)), ports, config)
        return redirect("/saved-replies", 303)

    return routes


def _fields() -> tuple[str, str, str]:
    name = text_field("name", longest=MAX_NAME_LENGTH)
    shortcut = text_field("shortcut", longest=MAX_SHORTCUT_LENGTH, needed=False)
    shortcut = shortcut.removeprefix("/").lower()
    if shortcut and not SHORTCUT.fullmatch(shortcut):
        raise Problem(422, f"shortcut: {SHORTCUT_RULE}")
    text = text_field("text", max_bytes=MAX_REPLY_BYTES)
    try:
        check_placeholders(text, SAVED_REPLY_PLACEHOLDERS)
    except ValueError as error:
        raise Problem(422, f"text: {error}") from None
    return name, shortcut, text
