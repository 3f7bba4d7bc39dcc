from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from secrets import token_urlsafe
from typing import IO

from flask import request
from werkzeug.datastructures import FileStorage

from moca import clock
from moca.core.content.content import Media
from moca.core.content.uploads import (
    MAX_IMAGE_BYTES,
    MAX_UPLOAD_BYTES,
    UPLOAD_HEAD_BYTES,
    AttachedFile,
    StoredUpload,
    UploadType,
    fault_in_upload,
    type_of_upload,
    upload_name,
    upload_path,
)
from moca.storage.queries.composer.uploads import UploadRecord, find_unused, uploaded_bytes
from moca.uploads.folder import UploadFolder
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem
from moca.web.uploads.body import not_stored

_TOKEN_BYTES = 32
_NO_ADDRESS = (
    "Files cannot be attached: web.public_url is not set, so Instagram has no address to fetch "
    "them from."
)
_NO_FOLDER = (
    "Files cannot be attached: database.uploads_dir is not set. With PostgreSQL, set it to a "
    "folder that all nodes share."
)
_NO_SPACE = (
    "The space for attached files is used up. Ask an administrator to raise "
    "database.max_uploads_mb or to lower database.uploads_days."
)
_LOST = "The file of the saved reply is missing. Attach it to the saved reply again."


class Attachments:
    """Stores the files that requests bring, and gives them the address that Instagram fetches.

    Templates know it as `attachments`.
    """

    accepted = "image/png,image/jpeg,video/*,audio/*,application/pdf"
    """What browsers offer for choice."""
    max_bytes = MAX_UPLOAD_BYTES
    max_image_bytes = MAX_IMAGE_BYTES

    def __init__(self, ports: WebPorts, config: WebConfig) -> None:
        self._ports = ports
        self._config = config

    def problem(self) -> str:
        """Return why files cannot be attached; empty if they can."""
        if self._ports.uploads is None:
            return _NO_FOLDER
        return "" if self._origin() else _NO_ADDRESS

    def of_field(self, name: str, at: datetime) -> StoredUpload | None:
        """Store the file of a form's field; None if none was chosen.

        Raises:
            Problem: 413 or 422 if Instagram would not accept it, 507 if there is no space for it.
        """
        chosen = [each for each in request.files.getlist(name) if each.filename]
        if len(chosen) > 1:
            raise Problem(422, "Attach one file to each message.")
        return self.store(chosen[0], at) if chosen else None

    def store(self, file: FileStorage, at: datetime) -> StoredUpload:
        """Store a file, as `of_field` does."""
        folder = self._folder()
        head, size = file.stream.read(UPLOAD_HEAD_BYTES), file.stream.seek(0, 2)
        found, fault = type_of_upload(head), fault_in_upload(head, size)
        if found is None or fault is not None:
            is_too_large = found is not None and size > found.max_bytes
            raise Problem(413 if is_too_large else 422, fault or "")
        self._require_space(size)
        file.stream.seek(0)
        return StoredUpload(
            token=token_urlsafe(_TOKEN_BYTES),
            file=_written(folder, file.stream, at),
            name=upload_name(file.filename, found.suffix),
            type=found,
            size=size,
        )

    def copy(self, upload: UploadRecord, at: datetime) -> StoredUpload:
        """Store the file of a saved reply once more, for one message.

        Raises:
            Problem: 422 if it is missing, 507 if there is no space for it.
        """
        folder = self._folder()
        self._require_space(upload.size)
        try:
            with folder.file(upload.file).open("rb") as content:
                file = _written(folder, content, at)
        except FileNotFoundError:
            raise Problem(422, _LOST) from None
        return StoredUpload(
            token=token_urlsafe(_TOKEN_BYTES),
            file=file,
            name=upload.name,
            type=UploadType(upload.media, upload.mime_type, upload.suffix),
            size=upload.size,
        )

    def attached(self, upload: StoredUpload) -> AttachedFile:
        """Return what a reply sends of a file that it brings."""
        path = upload_path(upload.token, upload.type.suffix)
        return AttachedFile(media=self._media(upload.type.media, path), upload=upload)

    def attached_before(self, upload_id: int) -> AttachedFile:
        """Return what a reply sends of a file that was uploaded before.

        Raises:
            Problem: 422 if there is no such upload, or it was used already.
        """
        self._folder()
        with self._ports.database.connection_context():
            found = find_unused(upload_id, clock.now())
        if found is None:
            raise Problem(422, "upload: no upload with this ID, or it was used or has expired")
        path = upload_path(found.token, found.suffix)
        return AttachedFile(media=self._media(found.media, path), upload=found.id)

    @contextmanager
    def deleted_if_refused(self, upload: StoredUpload | None) -> Iterator[None]:
        """Delete a file that was stored for a command if that is refused."""
        try:
            yield
        except Problem as problem:
            is_unconfirmed = problem.status == HTTPStatus.SERVICE_UNAVAILABLE
            if upload is not None and not is_unconfirmed:
                self._folder().delete([upload.file])
            raise

    def _folder(self) -> UploadFolder:
        problem = self.problem()
        if problem or self._ports.uploads is None:
            raise Problem(422, problem)
        return self._ports.uploads

    def _origin(self) -> str:
        if self._config.public_origin or self._config.live:
            return self._config.public_origin.rstrip("/")
        return request.host_url.rstrip("/")

    def _media(self, media: str, path: str) -> Media:
        return Media(type=media, url=f"{self._origin()}{path}", is_upload=True)

    def _require_space(self, size: int) -> None:
        with self._ports.database.connection_context():
            used = uploaded_bytes()
        if used + size > self._config.max_upload_bytes:
            raise Problem(507, _NO_SPACE)


def has_file(name: str) -> bool:
    """Return whether a file was chosen in a form's field."""
    return any(each.filename for each in request.files.getlist(name))


def _written(folder: UploadFolder, content: IO[bytes], at: datetime) -> str:
    try:
        return folder.store(content, at)
    except OSError as error:
        raise not_stored(error) from None
