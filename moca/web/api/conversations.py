from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.types import ResponseDict

from moca import clock
from moca.core.content.content import Content
from moca.core.messages.operator_actions import ChangeConversation
from moca.core.messages.replies import QueueReply
from moca.core.topics import AUTO, Mode, TopicMode
from moca.core.types import COMMENT_KINDS, Author, ConversationStatus, Priority
from moca.storage.queries.conversations import list_conversations, read_conversation
from moca.storage.queries.messages import find_message, messages_of, read_message
from moca.storage.queries.records import ConversationRecord
from moca.web.api.labels import label_id_of
from moca.web.api.routes import answer, api_routes
from moca.web.auth.current_user import author_id, author_name, current_scope, drafter_name
from moca.web.auth.guards import Guards
from moca.web.commands import carry_out
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem
from moca.web.pagination import read_cursor, read_row_id, write_cursor
from moca.web.schemas.content import read_reaction, read_reply
from moca.web.schemas.requests import (
    ConversationPath,
    ConversationsQuery,
    ListQuery,
    PauseBody,
    ReactionBody,
    ReplyBody,
)
from moca.web.schemas.responses import (
    ConversationShape,
    ConversationsShape,
    MessageShape,
    MessagesShape,
    ProblemShape,
)
from moca.web.uploads.attachments import Attachments

_EARLIEST_BEFORE_NOW = timedelta(minutes=1)
_LATEST_AFTER_NOW = timedelta(days=365)
_ONE: ResponseDict = {200: ConversationShape, 404: ProblemShape}
_CHANGED: ResponseDict = {**_ONE, 409: ProblemShape}
_HELD = (ConversationStatus.PAUSED, ConversationStatus.HUMAN, ConversationStatus.STANDBY)


def conversation_routes(ports: WebPorts, config: WebConfig, access: Guards) -> APIBlueprint:
    """Return the routes for conversations and the actions on them."""
    routes = api_routes("conversations", access)
    attachments = Attachments(ports, config)

    @routes.get(
        "/conversations",
        summary="List conversations, the most recently active first",
        responses={200: ConversationsShape},
    )
    def conversations(query: ConversationsQuery) -> Response:
        after = read_cursor(query.cursor, parts=2)
        label_id = None if query.label is None else label_id_of(ports, query.label, "label")
        with ports.database.connection_context():
            page = list_conversations(
                limit=query.limit,
                after=after,
                status=query.status,
                psid=query.psid,
                label_id=label_id,
                scope=current_scope(),
            )
        listed = {"items": page.items, "next_cursor": write_cursor(page.next_key)}
        return answer(ConversationsShape.model_validate(listed))

    @routes.get(
        "/conversations/<conversation_id>", summary="Retrieve a conversation", responses=_ONE
    )
    def conversation(path: ConversationPath) -> Response:
        return answer(ConversationShape.model_validate(find_conversation(ports, path)))

    @routes.get(
        "/conversations/<conversation_id>/messages",
        summary="List a conversation's messages, newest first",
        responses={200: MessagesShape, 404: ProblemShape},
    )
    def messages(path: ConversationPath, query: ListQuery) -> Response:
        after = read_cursor(query.cursor, parts=1)
        found = find_conversation(ports, path)
        with ports.database.connection_context():
            page = messages_of(found.id, limit=query.limit, after=after)
        listed = {"items": page.items, "next_cursor": write_cursor(page.next_key)}
        return answer(MessagesShape.model_validate(listed))

    @routes.post(
        "/conversations/<conversation_id>/messages",
        summary="Send a reply, or draft one",
        responses={202: MessageShape, 404: ProblemShape, 409: ProblemShape},
    )
    def reply(path: ConversationPath, body: ReplyBody) -> Response:
        if not body.draft:
            access.admit_to_answer()
        found, content = find_conversation(ports, path), read_reply(body)
        _require_answered(ports, found, body)
        reply = _reply(found, content, body, clock.now())
        if body.upload is not None:
            reply = replace(reply, attachment=attachments.attached_before(body.upload))
        return _queue(reply)

    @routes.post(
        "/conversations/<conversation_id>/reactions",
        summary="React to a message, or remove the reaction",
        responses={202: MessageShape, 404: ProblemShape, 409: ProblemShape},
    )
    def react(path: ConversationPath, body: ReactionBody) -> Response:
        found = find_conversation(ports, path)
        _require(ports, found, body.mid, "mid")
        at = clock.now()
        by = author_name()
        content = read_reaction(body)
        return _queue(QueueReply(found.id, (), content, at, Author.OPERATOR, author_name=by))

    def _queue(command: QueueReply) -> Response:
        message_id = carry_out(command, ports, config).id
        with ports.database.connection_context():
            queued = read_message(message_id or 0)
        return answer(MessageShape.model_validate(queued), 202)

    @routes.post(
        "/conversations/<conversation_id>/close", summary="Close a conversation", responses=_CHANGED
    )
    def close(path: ConversationPath) -> Response:
        return _change(path, ConversationStatus.CLOSED, ())

    @routes.post(
        "/conversations/<conversation_id>/reopen",
        summary="Reopen a conversation",
        responses=_CHANGED,
    )
    def reopen(path: ConversationPath) -> Response:
        return _change(path, ConversationStatus.OPEN, (ConversationStatus.CLOSED,))

    @routes.post(
        "/conversations/<conversation_id>/pause",
        summary="Pause the bot in a conversation, for a time or until it is resumed",
        responses=_CHANGED,
    )
    def pause(path: ConversationPath, body: PauseBody) -> Response:
        minutes = None if body.minutes is None else timedelta(minutes=body.minutes)
        return _change(path, ConversationStatus.PAUSED, (), minutes)

    @routes.post(
        "/conversations/<conversation_id>/resume",
        summary="Resume the bot in a conversation",
        responses=_CHANGED,
    )
    def resume(path: ConversationPath) -> Response:
        return _change(path, ConversationStatus.OPEN, _HELD)

    def _change(
        path: ConversationPath,
        status: ConversationStatus,
        among: tuple[ConversationStatus, ...],
        span: timedelta | None = None,
    ) -> Response:
        found, at = find_conversation(ports, path), clock.now()
        until = None if span is None else at + span
        changed = ChangeConversation(found.id, status, at, until, among=among)
        carry_out(changed, ports, config)
        return answer(ConversationShape.model_validate(find_conversation(ports, path)))

    return routes


def find_conversation(ports: WebPorts, path: ConversationPath) -> ConversationRecord:
    """Return the conversation in the path.

    Raises:
        Problem: 404 if there is no such conversation.
    """
    conversation_id = read_row_id(path.conversation_id)
    with ports.database.connection_context():
        found = None if conversation_id is None else read_conversation(conversation_id)
    if found is None:
        raise Problem(404, "No conversation with this ID.")
    return found


def _require_answered(ports: WebPorts, conversation: ConversationRecord, body: ReplyBody) -> None:
    if body.reply_to is not None and body.comment is not None:
        raise Problem(422, "reply_to: cannot be combined with comment_id")
    if body.reply_to is not None:
        _require(ports, conversation, body.reply_to, "reply_to")
    if body.comment is not None:
        _require(ports, conversation, body.comment, "comment", COMMENT_KINDS)


def _require(
    ports: WebPorts,
    conversation: ConversationRecord,
    mid: str,
    name: str,
    kinds: Sequence[str] = (),
) -> None:
    with ports.database.connection_context():
        message = find_message(mid, current_scope())
    is_named = message is not None and message.mid == mid and not mid.startswith("moca-")
    if message is None or not is_named or message.conversation_id != conversation.id:
        raise Problem(422, f"{name}: no such message in this conversation")
    if kinds and message.kind not in kinds:
        raise Problem(422, f"{name}: is not a comment")


def _reply(
    conversation: ConversationRecord, content: Content, body: ReplyBody, at: datetime
) -> QueueReply:
    due = body.scheduled_for
    return QueueReply(
        conversation.id,
        (),
        content,
        at,
        Author.OPERATOR,
        Priority[body.priority.upper()],
        None if due is None else plausible_instant(due, at, "scheduled_for"),
        comment_id=body.comment,
        author_name=drafter_name() if body.draft else author_name(),
        author_id=author_id(),
        hold=body.hold and not body.draft,
        mode=TopicMode(Mode.DRAFT) if body.draft else AUTO,
    )


def plausible_instant(instant: datetime, at: datetime, name: str) -> datetime:
    """Return an instant in UTC.

    Raises:
        Problem: 422 if it is past, or more than a year ahead.
    """
    if not -_EARLIEST_BEFORE_NOW <= instant - at <= _LATEST_AFTER_NOW:
        raise Problem(422, f"{name}: must be between now and one year from now")
    return instant.astimezone(UTC)
