from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response as WerkzeugResponse

from moca.core.messages.labels import (
    MAX_LABEL_LENGTH,
    MAX_LABELS_OF_CONVERSATION,
    AddLabel,
    ChangeLabel,
    LabelColour,
    RemoveLabel,
)
from moca.storage.queries.labels import list_labels
from moca.web.auth.guards import Guards
from moca.web.commands import carry_out
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem
from moca.web.forms import row_id_of, show_problems_on, text_field


def label_pages(ports: WebPorts, config: WebConfig, access: Guards) -> Blueprint:
    """Return the page of labels."""
    routes = Blueprint("labels", __name__)
    routes.before_request(access.guard_page)
    routes.before_request(access.require_answers)
    routes.before_request(access.require_all_accounts_to_change)

    def page(problem: str = "", refused: str = "") -> str:
        with ports.database.connection_context():
            labels = list_labels()
        return render_template(
            "labels.html",
            at="labels",
            labels=labels,
            colours=tuple(LabelColour),
            problem=problem,
            refused=refused,
            draft=request.form,
            name_length=MAX_LABEL_LENGTH,
            most_labels=MAX_LABELS_OF_CONVERSATION,
        )

    show_problems_on(routes, page)

    @routes.get("/labels")
    def labels() -> str:
        return page()

    @routes.post("/labels")
    def add() -> WerkzeugResponse:
        carry_out(AddLabel(*_fields()), ports, config)
        return redirect("/labels", 303)

    @routes.post("/labels/<number>")
    def change(number: str) -> WerkzeugResponse:
        carry_out(ChangeLabel(row_id_of(number), *_fields()), ports, config)
        return redirect("/labels", 303)

    @routes.post("/labels/<number>/remove")
    def remove(number: str) -> WerkzeugResponse:
        carry_out(RemoveLabel(row_id_of(number)), ports, config)
        return redirect("/labels", 303)

    return routes


def _fields() -> tuple[str, LabelColour]:
    name = text_field("name", longest=MAX_LABEL_LENGTH)
    if not name.isprintable():
        raise Problem(422, "name: must be one line of text")
    try:
        return name, LabelColour(request.form.get("colour", ""))
    except ValueError:
        raise Problem(422, "colour: choose one of the palette") from None
