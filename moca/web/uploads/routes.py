from contextlib import ExitStack, closing
from typing import IO, cast

import structlog
from flask import Blueprint, Flask, Request, Response, request, send_file
from werkzeug.wrappers import Response as BaseResponse

from moca.storage.queries.composer.uploads import (
    UploadRecord,
    find_fetchable,
    find_in_conversation,
    uploads_of_saved_replies,
)
from moca.web.auth.guards import Guards
from moca.web.config import WebPorts
from moca.web.errors import Problem
from moca.web.forms import row_id_of
from moca.web.uploads.body import MAX_READ_BYTES
from moca.web.uploads.spooled_file import SpooledFile

HEAD_ONLY = "moca.head_only"
"""Marks a request whose body is read only if its head is answered with 204."""
UPLOAD_PLACE = "moca.upload_place"
"""Marks a request whose body is in a temporary file, and may be large; names their folder."""

_LOG = structlog.get_logger(__name__)
_SHARE = "every node must mount the same folder: database.uploads_dir"
_OPEN_FILES = "moca.open_files"
_MAX_PARTS = 30
"""Of a form, each of whose files is an open file."""
_SHOWN_BY_BROWSERS = ("image", "video", "audio")
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
}


class UploadRequest(Request):
    """A request whose files are on the disk of the uploads, not in memory, until it ends."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        if UPLOAD_PLACE not in self.environ:
            return super()._get_file_stream(
                total_content_length, content_type, filename, content_length
            )
        # Closed with the request, even if what follows cannot be read.
        opened: ExitStack = self.environ.setdefault(_OPEN_FILES, ExitStack())
        file = opened.enter_context(closing(SpooledFile(self.environ[UPLOAD_PLACE])))
        return cast("IO[bytes]", file)

    def close(self) -> None:
        """Delete the files."""
        super().close()
        self.environ.get(_OPEN_FILES, ExitStack()).close()


def admit_uploads(app: Flask, access: Guards) -> None:
    """Answer who may send a file before its body is read, and accept large bodies from them."""
    app.request_class = UploadRequest

    @app.before_request
    def admit() -> BaseResponse | None:
        if HEAD_ONLY in request.environ:
            return access.guard_upload() or BaseResponse(status=204)
        if UPLOAD_PLACE in request.environ:
            # It has been read already, and its end cut off if it is too large.
            request.max_content_length = MAX_READ_BYTES
            request.max_form_parts = _MAX_PARTS
        return None


def public_upload_routes(ports: WebPorts) -> Blueprint:
    """Return the addresses from which Instagram fetches files, without a login."""
    routes = Blueprint("uploads", __name__)

    @routes.get("/uploads/<name>")
    def fetch(name: str) -> Response:
        token, _, suffix = name.partition(".")
        with ports.database.connection_context():
            found = find_fetchable(token)
        is_its_suffix = found is not None and found.suffix == f".{suffix}"
        return _file(found if is_its_suffix else None, ports)

    return routes


def own_upload_routes(ports: WebPorts, access: Guards) -> Blueprint:
    """Return the addresses at which the team sees attached files."""
    routes = Blueprint("own_uploads", __name__)
    routes.before_request(access.guard_page)

    @routes.get("/conversations/<number>/uploads/<upload>")
    def of_message(number: str, upload: str) -> Response:
        conversation_id, upload_id = row_id_of(number), row_id_of(upload)
        with ports.database.connection_context():
            found = find_in_conversation(conversation_id, upload_id)
        return _file(found, ports)

    @routes.get("/saved-replies/<number>/file")
    def of_saved_reply(number: str) -> Response:
        reply_id = row_id_of(number)
        with ports.database.connection_context():
            found = uploads_of_saved_replies([reply_id]).get(reply_id)
        return _file(found, ports)

    return routes


def _file(found: UploadRecord | None, ports: WebPorts) -> Response:
    if found is None or ports.uploads is None:
        raise Problem(404, "Not found.")
    try:
        answer = send_file(
            ports.uploads.file(found.file).resolve(),
            mimetype=found.mime_type,
            as_attachment=found.media not in _SHOWN_BY_BROWSERS,
            download_name=found.name,
            etag=False,
        )
    except FileNotFoundError:
        _LOG.error("upload.file_missing", folder=str(ports.uploads.path), hint=_SHARE)
        raise Problem(404, "Not found.") from None
    answer.headers.update(_HEADERS)
    return answer
