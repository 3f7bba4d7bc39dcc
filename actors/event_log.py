import logging
from collections.abc import Iterable

import structlog

from moca.core.messages.delivery import ReplyDropped, ReplyFailed, ReplySent, ReplyUnknown
from moca.core.messages.inbound import MessageArrived, MessageEdited, MessageErased
from moca.core.messages.operator_actions import ConversationChanged
from moca.core.messages.replies import MessagesEnded, ReplyHeld, ReplyQueued
from moca.core.types import ContactKey, Outcome
from moca.logs import contact_hash

log = structlog.get_logger()


def log_fact(event: object) -> None:
    """Log one line for a step of a journey: ids and reasons, never texts or names."""
    if not log.is_enabled_for(logging.INFO):
        return
    match event:
        case MessageArrived():
            # One line for each costs a sixth of the writer's time; its journey has it anyway.
            _arrival(event)
        case MessageEdited(contact, _, message_id):
            _line("message_edited", contact, message=message_id)
        case MessageErased(contact, _, message_id):
            _line("message_unsent", contact, message=message_id)
        case ReplyQueued(contact, reply, input_ids):
            _line("reply_queued", contact, message=reply.message_id, answers=input_ids)
        case ReplyHeld(contact, item_id) | ReplySent(contact, item_id, is_repeated=False):
            fact = "reply_held" if isinstance(event, ReplyHeld) else "reply_sent"
            _line(fact, contact, item=item_id)
        case ReplyFailed(contact, item_id, because):
            _line("reply_failed", contact, item=item_id, because=because)
        case ReplyUnknown(contact, item_id):
            _line("reply_unknown", contact, item=item_id)
        case ReplyDropped(contact, item_id, because):
            _line("reply_dropped", contact, item=item_id, because=because)
        case MessagesEnded(message_ids, outcome, because):
            # Instagram's id of the answering message encodes the contact's id.
            why = {} if outcome is Outcome.ANSWERED else {"because": because}
            log.info("messages_ended", messages=message_ids, outcome=outcome, **why)
        case ConversationChanged(contact, conversation_id, status):
            _line("conversation_changed", contact, conversation=conversation_id, status=status)
        case _:
            return


def _arrival(arrived: MessageArrived) -> None:
    if log.is_enabled_for(logging.DEBUG):
        who, message = contact_hash(arrived.contact), arrived.message
        log.debug(
            "message_arrived", contact=who, message=message.id, mid=message.mid, type=message.type
        )


def log_arrivals(events: Iterable[object]) -> None:
    """Log how many messages one commit stored, if any."""
    count = sum(isinstance(event, MessageArrived) for event in events)
    if count:
        log.info("messages_arrived", messages=count)


def _line(fact: str, contact: ContactKey, **facts: object) -> None:
    log.info(fact, contact=contact_hash(contact), **facts)
