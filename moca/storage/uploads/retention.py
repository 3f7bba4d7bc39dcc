from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import structlog
from peewee import fn

from moca.core.content.uploads import UNUSED_UPLOAD_LASTS
from moca.core.types import ItemStatus
from moca.storage.db.bulk import in_chunks
from moca.storage.db.operator_tables import IS_UNOWNED_UPLOAD, Upload
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import QueueItem
from moca.uploads.folder import UploadFolder

_LOG = structlog.get_logger(__name__)
_UNSETTLED = (ItemStatus.PENDING.value, ItemStatus.SENDING.value, ItemStatus.UNKNOWN.value)
_LOOK_FOR_STRAYS_EVERY = timedelta(hours=1)


def holds_erased_uploads() -> bool:
    """Return whether files are still to be deleted because what they belonged to was."""
    return bool(Upload.select().where(IS_UNOWNED_UPLOAD & Upload.expires_at.is_null()).exists())


class UploadRetention:
    """Deletes uploads that nothing needs any more, and files that no upload names.

    A file is deleted before its row: a crash in between repeats the deletion.

    Args:
        folder: None if there is no folder for uploads, and so no file.
        kept: How long a message whose send is settled keeps its file, counted from the upload;
            None keeps it as long as the message.
    """

    def __init__(self, folder: UploadFolder | None = None, kept: timedelta | None = None) -> None:
        self._folder = folder
        self._kept = kept
        self._looked_at: datetime | None = None

    def delete_portion(self, at: datetime, portion: int) -> bool:
        """Delete a batch; False if nothing was deleted. What cannot be deleted stays for later."""
        try:
            deleted = self._delete(_is_due(at), portion)
            if self._kept is not None:
                deleted += self._delete(_is_old(at - self._kept), portion)
            self._delete_strays(at)
        except OSError as error:
            _LOG.error("uploads_not_deleted", error=type(error).__name__)
            return False
        return deleted > 0

    def _delete(self, which: Any, portion: int) -> int:
        query = Upload.select(Upload.id, Upload.file).where(which).order_by(Upload.id)
        rows = list(read_rows(query.limit(portion)))
        if rows:
            ids, files = zip(*rows, strict=True)
            if self._folder is not None:
                self._folder.delete(files)
            Upload.delete().where(Upload.id << ids).execute()
        return len(rows)

    def _delete_strays(self, at: datetime) -> None:
        """Delete files whose command was never stored."""
        if self._folder is None or not self._is_time_to_look(at):
            return
        self._looked_at = at
        old = list(self._folder.older_than(at - UNUSED_UPLOAD_LASTS))
        self._folder.delete(set(old) - _known(old))

    def _is_time_to_look(self, at: datetime) -> bool:
        seen = self._looked_at
        return seen is None or not seen <= at < seen + _LOOK_FOR_STRAYS_EVERY


def _known(files: Iterable[str]) -> set[str]:
    return {
        file
        for chunk in in_chunks(sorted(files))
        for (file,) in read_rows(Upload.select(Upload.file).where(Upload.file << chunk))
    }


def _is_due(at: datetime) -> Any:
    # Without an owner and without an end, its message or saved reply was deleted.
    return IS_UNOWNED_UPLOAD & (Upload.expires_at.is_null() | (Upload.expires_at <= at))


def _is_old(before: datetime) -> Any:
    is_of_message = Upload.message.is_null(is_null=False)
    return (Upload.created_at < before) & is_of_message & ~is_unsettled()


def is_unsettled() -> Any:
    """Return the condition that the send of an upload's message is not settled."""
    unsettled = (QueueItem.message == Upload.message) & (QueueItem.status << _UNSETTLED)
    return fn.EXISTS(QueueItem.select(QueueItem.id).where(unsettled))
