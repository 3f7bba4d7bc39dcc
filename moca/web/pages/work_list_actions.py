from datetime import datetime
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from moca import clock
from moca.core.messages.labels import LabelConversation
from moca.core.messages.operator_actions import SnoozeConversation, UnsnoozeConversation
from moca.core.snooze import SnoozeTime, instant_of
from moca.storage.queries.operators import read_operator
from moca.web.commands import assignment, carry_out
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem
from moca.web.forms import local_instant_field, row_id_of, zone_field
from moca.web.pages.undo import UndoOffer, offer_of
from moca.web.pagination import read_row_id

SNOOZES = ", ".join(f"'{until}'" for until in (*SnoozeTime, "reply", "date"))


def add_work_list_actions(routes: Blueprint, ports: WebPorts, config: WebConfig) -> None:
    """Add the actions that change in which work lists a conversation is."""

    @routes.post(f"/conversations/<number>/snooze/<any({SNOOZES}):until>")
    def snooze(number: str, until: str) -> Response:
        conversation_id, at = row_id_of(number), clock.now()
        ends_at = snooze_end(until, at)
        done = carry_out(SnoozeConversation(conversation_id, at, ends_at), ports, config)
        offer = offer_of("snoozed", {conversation_id: done}, at)
        return to_conversation(conversation_id, offer=offer)

    @routes.post("/conversations/<number>/unsnooze")
    def unsnooze(number: str) -> Response:
        conversation_id = row_id_of(number)
        carry_out(UnsnoozeConversation(conversation_id, clock.now()), ports, config)
        return to_conversation(conversation_id)

    @routes.post("/conversations/<number>/assign")
    def assign(number: str) -> Response:
        conversation_id = row_id_of(number)
        operator = operator_of(request.form.get("operator", ""), ports)
        carry_out(assignment(conversation_id, *operator), ports, config)
        return to_conversation(conversation_id)

    @routes.post("/conversations/<number>/labels/<label>/<any('add', 'remove'):change>")
    def label(number: str, label: str, change: str) -> Response:
        conversation_id, label_ids = row_id_of(number), (row_id_of(label),)
        added, removed = (label_ids, ()) if change == "add" else ((), label_ids)
        carry_out(LabelConversation(conversation_id, added, removed), ports, config)
        return to_conversation(conversation_id)


def snooze_end(until: str, at: datetime) -> datetime | None:
    """Return when a snooze of `SNOOZES` ends; None if the contact ends it.

    Raises:
        Problem: 422 if the form's date or zone is invalid.
    """
    if until == "reply":
        return None
    zone = zone_field()
    if until != "date":
        return instant_of(SnoozeTime(until), at, zone)
    ends_at = local_instant_field("snooze_at", at, zone)
    if ends_at is None:
        raise Problem(422, "Choose a date and time until which to snooze.")
    return ends_at


def operator_of(number: str, ports: WebPorts) -> tuple[int | None, str]:
    """Return the id and name of the chosen operator; an empty number stands for no one.

    Raises:
        Problem: 422 if there is no such operator.
    """
    if not number:
        return None, ""
    operator_id = read_row_id(number)
    with ports.database.connection_context():
        found = None if operator_id is None else read_operator(operator_id)
    if found is None:
        raise Problem(422, "This user has been removed. Choose another one.")
    return found.id, found.name


def to_conversation(
    conversation_id: int, place: str = "", offer: UndoOffer | None = None
) -> Response:
    """Return the redirect to the page of a conversation, or to a place on it.

    With an offer, the page offers to undo what was done.
    """
    place_of_offer: dict[str, Any] = offer.place if offer else {}
    address = url_for("conversation.page", number=conversation_id, **place_of_offer)
    return redirect(f"{address}#{place}" if place else address, 303)
