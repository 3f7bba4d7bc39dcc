from typing import Any

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response as Answer

from moca.core.bots.exchanges import Exchange, case_of
from moca.core.types import DEFAULT_BOT, Role
from moca.storage.queries.journeys import JourneyRecord, read_journey
from moca.storage.queries.messages import answered_by, find_message
from moca.storage.queries.records import MessageRecord
from moca.storage.queries.team.bots import bot_names_of_accounts
from moca.web.auth.guards import Guards
from moca.web.bots import Bots
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem

_MAX_MESSAGES = 10


def case_pages(ports: WebPorts, config: WebConfig, access: Guards) -> Blueprint:
    """Return the forms that save what is expected of bots; for administrators."""
    routes = Blueprint("bot_cases", __name__)
    routes.before_request(access.guard_page)
    routes.before_request(access.require_administrator)
    routes.before_request(access.require_all_accounts)
    bots = Bots(ports, config)

    @routes.post("/messages/<mid:mid>/case")
    def make(mid: str) -> Answer:
        with ports.database.connection_context():
            journey = read_journey(mid)
            if journey is None:
                raise Problem(404, "No message with this ID.")
            name = _bot_of(journey)
            exchange = _exchange(journey)
        bots.add_case(name, case_of(exchange))
        return redirect(url_for("bot_pages.bot", name=name, _anchor="cases"), 303)

    return routes


def _bot_of(journey: JourneyRecord) -> str:
    made_by = None if journey.reply is None else journey.reply.made_by
    if made_by is not None:
        return made_by.bot
    return bot_names_of_accounts().get(journey.message.contact.account_id, DEFAULT_BOT)


def _exchange(journey: JourneyRecord) -> Exchange:
    if not journey.is_decided_by_bot:
        raise Problem(409, "The bot did not decide on this message; a case states what it does.")
    reply = journey.reply
    wrote = _answered(journey)
    last = wrote[-1]
    return Exchange(
        texts=tuple(map(_text_of, wrote)),
        on=last.type if last.kind == "message" and last.type != "text" else last.kind,
        at=last.created_at,
        contact_name=last.contact.name or "",
        username=last.contact.username or "",
        reply=None if reply is None else _drafted(reply),
        made_by=None if reply is None else reply.made_by,
        is_handover=journey.is_handed_over,
    )


def _answered(journey: JourneyRecord) -> list[MessageRecord]:
    """Return the contact's messages that the bot answered together, oldest first."""
    if journey.reply is None:
        return [journey.message]
    found = map(find_message, answered_by(journey.reply.id))
    wrote = [each for each in found if each is not None and each.role is Role.USER]
    if not wrote:
        raise Problem(409, "This reply answers no message of a contact.")
    return wrote[-_MAX_MESSAGES:]


def _text_of(message: MessageRecord) -> str:
    content: Any = message.content or {}
    payload = content.get("payload")
    return payload if isinstance(payload, str) and payload else message.text or f"({message.type})"


def _drafted(reply: MessageRecord) -> str:
    return reply.text if reply.drafted_text is None else reply.drafted_text
