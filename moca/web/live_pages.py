import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

import peewee
from flask import Response, render_template, request

from moca import clock
from moca.core.account_scope import AccountScope
from moca.web.auth.current_user import current_scope, current_user
from moca.web.auth.guards import SAFE_METHODS

POLLS = "X-Moca-Live"
"""The header by which a page requests only the part of itself that changes."""

_LOOKED_AT_EVERY = timedelta(seconds=2)
"""As often as a browser asks."""
_MINUTE = 60
_KEPT = 256
_DIGITS = 16

Values = Mapping[str, Any]
_Key = tuple[str, str, str, AccountScope]


@dataclass(frozen=True, slots=True)
class _PageSnapshot:
    version: str
    html: str | None
    """None while every reader is up to date."""
    looked_at: datetime


class LivePages:
    """Renders pages, and afterwards only what is new in them, by version.

    A shared view is rendered once for all, no more often than one browser asks for it, and one at a
    time: its readers must not slow the webhook. Thread-safe.
    """

    def __init__(
        self, database: peewee.Database, own_parts: Mapping[str, Callable[[], str]]
    ) -> None:
        self._database = database
        self._own_parts = own_parts
        """What each reader sees in place of these marks in a shared view."""
        self._pictures: OrderedDict[_Key, _PageSnapshot] = OrderedDict()
        self._lock = Lock()

    def show(
        self,
        template: str,
        version: Callable[[], str],
        values: Callable[[], Values],
        beside: Callable[[], Values] = dict,
        readers: str = "",
    ) -> Response:
        """Return the page, its live part, or 304 if that did not change.

        Args:
            template: Extends `frame`; its block `live` holds what changes, and must be the same for
                all users with the same role and accounts among `readers`, but for their own parts:
                forms with their tokens stay outside.
            version: Cheaply identifies the current state; changes with anything shown.
            values: What the template shows.
            beside: What it shows beside its live part. All are called with the database connected.
            readers: Names those who see the same.
        """
        if POLLS not in request.headers:
            return self.page(template, version, lambda: {**beside(), **values()})
        with self._lock:
            picture = self._picture(template, version, values, readers)
        if request.if_none_match.contains(picture.version):
            return _tagged(Response(status=304), picture.version)
        return _tagged(self._answer(picture.html or ""), picture.version)

    def page(
        self, template: str, version: Callable[[], str], values: Callable[[], Values]
    ) -> Response:
        """Return the whole page."""
        with self._database.connection_context():
            known = current_version(version())
            shown = values()
        return self._answer(render_template(template, **shown, frame="layout.html", version=known))

    def forget_after_act(self, response: Response) -> Response:
        """Render afresh after an act in a browser, so that its next refresh shows what came of it.

        Programs refresh nothing: however often they act, readers share what is rendered.
        """
        user = current_user()
        if request.method not in SAFE_METHODS and user is not None and user.login_id is not None:
            with self._lock:
                self._pictures.clear()
        return response

    def _answer(self, html: str) -> Response:
        for mark, part in self._own_parts.items():
            if mark in html:
                with self._database.connection_context():
                    html = html.replace(mark, part())
        return Response(html, mimetype="text/html")

    def _picture(
        self, template: str, version: Callable[[], str], values: Callable[[], Values], readers: str
    ) -> _PageSnapshot:
        known, now = current_user(), clock.now()
        scope = current_scope()
        key = (request.full_path, known.role if known else "", readers, scope)
        kept = self._pictures.get(key)
        if kept is not None and abs(now - kept.looked_at) < _LOOKED_AT_EVERY and _serves(kept):
            return kept
        with self._database.connection_context():
            current = current_version(version())
            html = kept.html if kept is not None and kept.version == current else None
            picture = _PageSnapshot(current, html, now)
            if not _serves(picture):
                shown = dict(values(), frame="fragment.html", version=current)
                picture = replace(picture, html=render_template(template, **shown))
        return self._keep(key, picture)

    def _keep(self, key: _Key, picture: _PageSnapshot) -> _PageSnapshot:
        self._pictures[key] = picture
        self._pictures.move_to_end(key)
        if len(self._pictures) > _KEPT:
            self._pictures.popitem(last=False)
        return picture


def _serves(picture: _PageSnapshot) -> bool:
    return picture.html is not None or request.if_none_match.contains(picture.version)


def current_version(version: str) -> str:
    """Return a version as the pages of this minute and reader name it."""
    # Holds expire and times grow older without any change.
    named = f"{version}.{int(clock.now().timestamp()) // _MINUTE}"
    account_ids = current_scope().account_ids
    if account_ids is None:
        return named
    # It changes with what the reader may see, and does not count what they may not.
    return hashlib.sha256(f"{named} {sorted(account_ids)}".encode()).hexdigest()[:_DIGITS]


def _tagged(answer: Response, version: str) -> Response:
    answer.set_etag(version)
    return answer
