import json
from collections import OrderedDict
from collections.abc import Collection, Iterable
from datetime import datetime
from threading import Lock

import peewee
from flask import Response, request

from moca import clock
from moca.core.presence import Viewer, is_present, presence_of, seen_again
from moca.core.types import OperatorRole
from moca.storage.queries.team.account_scope import conversations_in_scope
from moca.web.auth.current_user import CurrentUser, current_scope, current_user
from moca.web.live_pages import POLLS
from moca.web.presenters.presence import presence_text

PRESENCE = "X-Moca-Presence"
"""The header that answers a refresh: a JSON object of conversations and who else has them open."""
WRITING = "X-Moca-Writing"
"""The header by which a page tells that its user is writing."""

_MAX_CONVERSATIONS = 500
_MAX_VIEWERS = 20
_MAX_HEADER_BYTES = 2_000
"""Proxies refuse answers whose headers are longer than some kilobytes."""
_LINK_NAME = "Administrator (link)"


class PresenceBoard:
    """Knows who has which conversation open, from the refreshes of their pages; thread-safe.

    Held in memory: it ends by itself some seconds after the last refresh, and other nodes of a
    cluster do not know of it.
    """

    def __init__(self, database: peewee.Database) -> None:
        self._database = database
        self._viewers: OrderedDict[int, OrderedDict[str, Viewer]] = OrderedDict()
        """Both in the order of the last look, earliest first."""
        self._lock = Lock()

    def text_in(self, conversation_id: int) -> str:
        """Return who else has a conversation open."""
        with self._lock:
            return self._text(conversation_id, _key_of(current_user()), clock.now())

    def take_poll(self, answer: Response, conversation_id: int | None = None) -> Response:
        """Note who looks, if a page refreshes itself, and tell it who else does.

        Only pages of Moca can send such a request: other origins may not set its header.
        """
        known, now = current_user(), clock.now()
        if POLLS not in request.headers:
            return answer
        viewer = _viewer(known, now)
        with self._lock:
            if conversation_id is not None and viewer is not None:
                self._note(conversation_id, viewer)
            others = [each for each in reversed(self._viewers) if each != conversation_id]
        visible = self._visible(others)
        ids = [] if conversation_id is None else [conversation_id]
        ids += [each for each in others if each in visible]
        with self._lock:
            answer.headers[PRESENCE] = self._header(ids, _key_of(known), now)
        return answer

    def _visible(self, ids: list[int]) -> Collection[int]:
        scope = current_scope()
        if not scope.is_limited:
            return ids
        with self._database.connection_context():
            return conversations_in_scope(ids, scope)

    def _note(self, conversation_id: int, viewer: Viewer) -> None:
        here = self._viewers.setdefault(conversation_id, OrderedDict())
        here[viewer.key] = seen_again(here.get(viewer.key), viewer)
        here.move_to_end(viewer.key)
        self._viewers.move_to_end(conversation_id)
        if len(here) > _MAX_VIEWERS:
            here.popitem(last=False)
        while len(self._viewers) > _MAX_CONVERSATIONS or self._is_first_left(viewer.looked_at):
            self._viewers.popitem(last=False)

    def _is_first_left(self, now: datetime) -> bool:
        first = next(iter(self._viewers.values()))
        return not any(is_present(each, now) for each in first.values())

    def _header(self, ids: Iterable[int], besides: str | None, now: datetime) -> str:
        shown: dict[int, str] = {}
        length = 0
        for each in ids:
            text = self._text(each, besides, now)
            length += len(json.dumps({each: text})) if text else 0
            if shown and length > _MAX_HEADER_BYTES:
                break
            if text:
                shown[each] = text
        return json.dumps(shown)

    def _text(self, conversation_id: int, besides: str | None, now: datetime) -> str:
        viewers = self._viewers.get(conversation_id, OrderedDict[str, Viewer]())
        return presence_text(presence_of(viewers.values(), now, besides=besides))


def _viewer(known: CurrentUser | None, now: datetime) -> Viewer | None:
    key = _key_of(known)
    if known is None or key is None:
        return None
    name = known.name if known.operator_id is not None else _LINK_NAME
    is_writing = WRITING in request.headers and known.may(OperatorRole.ANSWERS)
    return Viewer(key, name, now, now if is_writing else None)


def _key_of(known: CurrentUser | None) -> str | None:
    """Return what tells the user's viewers from those of others; None for the API token."""
    if known is None or known.number is None:
        return None
    return f"user {known.number}" if known.operator_id is not None else f"browser {known.number}"
