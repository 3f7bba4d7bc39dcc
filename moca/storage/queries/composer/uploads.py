from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from peewee import fn

from moca.storage.db.operator_tables import IS_UNOWNED_UPLOAD, Upload
from moca.storage.db.rows import read_dicts, read_rows
from moca.storage.db.tables import Message
from moca.storage.uploads.retention import is_unsettled

_COLUMNS = (
    Upload.id,
    Upload.token,
    Upload.file,
    Upload.name,
    Upload.media,
    Upload.mime_type,
    Upload.suffix,
    Upload.size,
    Upload.expires_at,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadRecord:
    """A file that an operator attached."""

    id: int
    token: str = field(repr=False)
    file: str
    """Its name in the uploads folder."""
    name: str = field(repr=False)
    media: str
    mime_type: str
    suffix: str
    size: int
    expires_at: datetime | None
    """When it is deleted if nothing takes it over; None once something has."""


def find_fetchable(token: str) -> UploadRecord | None:
    """Return the upload at an address, or None if its send is settled or not queued."""
    return _first((Upload.token == token) & is_unsettled())


def find_unused(upload_id: int, now: datetime) -> UploadRecord | None:
    """Return an upload that waits to be used, or None."""
    waits = IS_UNOWNED_UPLOAD & (Upload.expires_at > now)
    return _first((Upload.id == upload_id) & waits)


def find_in_conversation(conversation_id: int, upload_id: int) -> UploadRecord | None:
    """Return the upload of a message in this conversation, or None."""
    messages = Message.select(Message.id).where(Message.conversation == conversation_id)
    return _first((Upload.id == upload_id) & (Upload.message << messages))


def uploads_of_messages(message_ids: Iterable[int]) -> dict[int, UploadRecord]:
    """Return the stored files of these messages, by message id."""
    return _by_owner(Upload.message, message_ids)


def uploads_of_saved_replies(reply_ids: Iterable[int]) -> dict[int, UploadRecord]:
    """Return the files of these saved replies, by saved reply id."""
    return _by_owner(Upload.saved_reply, reply_ids)


def latest_files(limit: int) -> list[str]:
    """Return the names of the files that were attached last, in the uploads folder."""
    query = Upload.select(Upload.file).order_by(Upload.id.desc()).limit(limit)
    return [file for (file,) in read_rows(query)]


def uploaded_bytes() -> int:
    """Return the size of all uploads together."""
    ((total,),) = read_rows(Upload.select(fn.COALESCE(fn.SUM(Upload.size), 0)))
    return int(total)


def _first(which: Any) -> UploadRecord | None:
    rows = read_dicts(Upload.select(*_COLUMNS).where(which).limit(1))
    return next((UploadRecord(**row) for row in rows), None)


def _by_owner(owner: Any, owner_ids: Iterable[int]) -> dict[int, UploadRecord]:
    query = Upload.select(*_COLUMNS, owner.alias("owner")).where(owner << list(owner_ids))
    return {row.pop("owner"): UploadRecord(**row) for row in read_dicts(query)}
