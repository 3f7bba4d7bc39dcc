from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from moca.core.content.uploads import UNUSED_UPLOAD_LASTS, StoredUpload
from moca.core.messages.command import Done
from moca.core.messages.housekeeping import RetentionApplied
from moca.core.messages.replies import QueueReply
from moca.core.messages.uploads import AddUpload
from moca.storage.db.bulk import in_chunks
from moca.storage.db.fields import short
from moca.storage.db.operator_tables import IS_UNOWNED_UPLOAD, Upload
from moca.storage.db.rows import read_rows
from moca.storage.handlers import handles
from moca.storage.unit_of_work import Batch
from moca.storage.uploads.retention import holds_erased_uploads

TAKEN_OR_GONE = "the attachment was sent already or has expired; upload the file again"


@handles(AddUpload)
def add_uploads(batch: Batch, commands: Sequence[AddUpload]) -> None:
    """Keep files, each until it is used, but not for long."""
    for command in commands:
        expires_at = command.at + UNUSED_UPLOAD_LASTS
        upload_id = _add(command.upload, command.at, expires_at=expires_at)
        batch.answer(command.receipt, Done(upload_id))


def unowned_uploads(upload_ids: Iterable[int], at: datetime) -> set[int]:
    """Return which of these uploads wait to be taken over; an expired one may lose its file."""
    return {
        upload_id
        for chunk in in_chunks(sorted(set(upload_ids)))
        for (upload_id,) in read_rows(_held(Upload.id << chunk, at))
    }


class ReplyUploads:
    """The uploads from before that the replies of one transaction send, each of them once."""

    def __init__(self, commands: Sequence[QueueReply]) -> None:
        named = {upload: each.at for each in commands if (upload := _named(each)) is not None}
        latest = max(named.values(), default=None)
        self._unowned = unowned_uploads(named, latest) if latest else set()

    def take(self, command: QueueReply) -> bool:
        """Return whether a reply can have the upload that it names, if it names one."""
        upload_id = _named(command)
        if upload_id is None:
            return True
        is_unowned = upload_id in self._unowned
        self._unowned.discard(upload_id)
        return is_unowned


def _named(command: QueueReply) -> int | None:
    upload = None if command.attachment is None else command.attachment.upload
    return upload if isinstance(upload, int) else None


def attach_to_message(command: QueueReply, message_id: int) -> None:
    """Link the upload of a reply, if it has one, to the message that sends it."""
    if command.attachment is not None:
        _take(command.attachment.upload, command.at, message=message_id)


def attach_to_saved_reply(upload: StoredUpload | int, reply_id: int, at: datetime) -> None:
    """Link an upload, which must be unowned, to a saved reply instead of its earlier one."""
    detach_from_saved_reply(reply_id)
    _take(upload, at, saved_reply=reply_id)


def detach_from_saved_reply(reply_id: int) -> None:
    """Have the upload of a saved reply deleted."""
    Upload.update(saved_reply=None).where(Upload.saved_reply == reply_id).execute()


def detach_from_message(batch: Batch, message_id: int) -> None:
    """Have the upload of a message deleted."""
    Upload.update(message=None).where(Upload.message == message_id).execute()
    delete_files_soon(batch)


def delete_files_soon(batch: Batch) -> None:
    """Have the files of what was just deleted deleted without waiting for the next round."""
    if holds_erased_uploads():
        batch.tell(RetentionApplied(has_more=True))


def _take(upload: StoredUpload | int, at: datetime, **owner: int) -> None:
    if isinstance(upload, StoredUpload):
        _add(upload, at, **owner)
    else:
        Upload.update(expires_at=None, **owner).where(Upload.id == upload).execute()


def _held(which: Any, at: datetime) -> Any:
    waits = IS_UNOWNED_UPLOAD & (Upload.expires_at > at)
    query = Upload.select(Upload.id).where(which & waits).order_by(Upload.id)
    # Another node may be taking one of them over.
    return query.for_update() if Upload._meta.database.for_update else query  # noqa: SLF001


def _add(upload: StoredUpload, at: datetime, **more: Any) -> int:
    type_ = upload.type
    row = Upload.insert(
        token=upload.token,
        file=upload.file,
        name=short(upload.name),
        media=type_.media,
        mime_type=type_.mime_type,
        suffix=type_.suffix,
        size=upload.size,
        created_at=at,
        **more,
    )
    return int(row.execute())
