from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

import peewee
from flask import Response, render_template, request

from moca import clock
from moca.web.auth.current_user import visitor

POLLS = "X-Moca-Live"
"""The header by which a page asks only for the part of itself that changes."""

_LOOKED_AT_EVERY = timedelta(seconds=1)
_MINUTE = 60
_KEPT = 256

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Picture:
    version: str
    html: str | None
    """None while everybody who asks has seen it."""
    looked_at: datetime


class Live:
    """Shows pages, and afterwards only what is new in them, by version.

    What many look at is drawn once and looked after at most once a second, one at a time: those
    who look must not hold up the webhook. For any thread.
    """

    def __init__(self, database: peewee.Database) -> None:
        self._database = database
        self._pictures: OrderedDict[tuple[str, str], _Picture] = OrderedDict()
        self._lock = Lock()

    def show(
        self, template: str, version: Callable[[], str], values: Callable[[], Values]
    ) -> Response:
        """Answer with the page, its live part, or 304 where that did not change.

        Args:
            template: extends `frame`; what changes is in its block `live` and must be the same for
                all who have the same right: forms with their seals stand outside of it.
            version: names, cheaply, how things stand; another name once anything changed.
            values: what the template shows. Both are called with the database connected.
        """
        if POLLS not in request.headers:
            with self._database.connection_context():
                known = _named(version())
                shown = values()
            return Response(
                render_template(template, **shown, frame="layout.html", version=known),
                mimetype="text/html",
            )
        with self._lock:
            picture = self._picture(template, version, values)
        if request.if_none_match.contains(picture.version):
            return _tagged(Response(status=304), picture.version)
        return _tagged(Response(picture.html, mimetype="text/html"), picture.version)

    def _picture(
        self, template: str, version: Callable[[], str], values: Callable[[], Values]
    ) -> _Picture:
        known, now = visitor(), clock.now()
        key = (request.full_path, known.right if known else "")
        kept = self._pictures.get(key)
        if kept is not None and abs(now - kept.looked_at) < _LOOKED_AT_EVERY and _serves(kept):
            return kept
        with self._database.connection_context():
            current = _named(version())
            html = kept.html if kept is not None and kept.version == current else None
            picture = _Picture(current, html, now)
            if not _serves(picture):
                shown = dict(values(), frame="fragment.html", version=current)
                picture = replace(picture, html=render_template(template, **shown))
        return self._keep(key, picture)

    def _keep(self, key: tuple[str, str], picture: _Picture) -> _Picture:
        self._pictures[key] = picture
        self._pictures.move_to_end(key)
        if len(self._pictures) > _KEPT:
            self._pictures.popitem(last=False)
        return picture


def _serves(picture: _Picture) -> bool:
    return picture.html is not None or request.if_none_match.contains(picture.version)


def _named(version: str) -> str:
    # Holds run out and times grow older without any change.
    return f"{version}.{int(clock.now().timestamp()) // _MINUTE}"


def _tagged(answer: Response, version: str) -> Response:
    answer.set_etag(version)
    return answer
