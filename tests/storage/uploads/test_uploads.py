from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace

import pytest

from moca.core.content.content import Content, Media
from moca.core.content.uploads import StoredUpload
from moca.core.messages.command import Command, Conflict, Done
from moca.core.messages.delivery import ClaimReply, RecordFailed, RecordSent, RecordUnknown
from moca.core.messages.housekeeping import ApplyRetention, RetentionApplied
from moca.core.messages.operator_actions import CancelReply, EraseContact, RetryReply
from moca.core.messages.replies import QueueReply, ReplyQueued
from moca.core.messages.uploads import AddUpload
from moca.core.outbox.queued_reply import QueuedReply
from moca.core.types import Author
from moca.storage.db.operator_tables import Upload
from moca.storage.queries.composer.uploads import (
    find_fetchable,
    find_unused,
    uploaded_bytes,
    uploads_of_messages,
)
from moca.storage.uploads.owners import TAKEN_OR_GONE
from moca.uploads.folder import UploadFolder
from tests.storage.desk import Desk, webhook
from tests.storage.uploads.conftest import tidy
from tests.support.events import unsent
from tests.support.factory import ANNA, NOON, at
from tests.support.files import attached, files_in, stored_in
from tests.support.values import only, present

HOUR = 3600
DAY = 24 * HOUR
GONE = Conflict("its attachment is no longer kept; send a new message with the file")


def sends(upload: StoredUpload, text: str = "", seconds: float = 5) -> QueueReply:
    content = Content(text=text)
    return QueueReply(
        1, (), content, at(seconds), Author.OPERATOR, attachment=attached(upload), receipt=Future()
    )


def queued(desk: Desk, upload: StoredUpload, text: str = "") -> list[QueuedReply]:
    events = desk.do(sends(upload, text))
    return [each.reply for each in events if isinstance(each, ReplyQueued)]


def is_fetchable(token: str = "token-1") -> bool:
    return find_fetchable(token) is not None


def test_text_goes_first_and_the_file_after_it(desk: Desk, folder: UploadFolder) -> None:
    upload = stored_in(folder)

    text, file = queued(desk, upload, "Here it is:")

    media = Media(type="image", url="https://moca.example/uploads/token-1.png", is_upload=True)
    assert (text.content, file.content) == (Content(text="Here it is:"), Content(media=media))
    assert list(uploads_of_messages([text.message_id, file.message_id])) == [file.message_id]
    assert uploaded_bytes() == 64


def test_a_file_can_go_alone(desk: Desk, folder: UploadFolder) -> None:
    (file,) = queued(desk, stored_in(folder))

    assert file.content.media is not None


@pytest.mark.parametrize(
    "end",
    [
        lambda reply: [
            ClaimReply(reply, at(6)),
            RecordSent(reply.item_id, "r1", at(7), "the call's answer"),
        ],
        lambda reply: [ClaimReply(reply, at(6)), RecordFailed(reply.item_id, "refused", at(7))],
        lambda reply: [CancelReply(reply.item_id, at(6), receipt=Future())],
    ],
    ids=["sent", "failed", "cancelled"],
)
def test_the_address_ends_with_the_send_and_the_file_stays(
    desk: Desk, folder: UploadFolder, end: Callable[[QueuedReply], tuple[Command, ...]]
) -> None:
    (reply,) = queued(desk, stored_in(folder))
    assert is_fetchable()

    for command in end(reply):
        desk.do(command)
    tidy(desk, 10)

    assert not is_fetchable()
    assert list(uploads_of_messages([reply.message_id])) == [reply.message_id]
    assert len(files_in(folder)) == 1


def test_instagram_can_fetch_while_it_is_unknown_whether_it_arrived(
    desk: Desk, folder: UploadFolder
) -> None:
    (reply,) = queued(desk, stored_in(folder))
    desk.claim(reply)
    assert is_fetchable()

    desk.do(RecordUnknown(reply.item_id, "timeout", at(7)))

    assert is_fetchable()


def test_a_retried_reply_can_be_fetched_again_while_its_file_is_kept(
    desk: Desk, folder: UploadFolder
) -> None:
    (reply,) = queued(desk, stored_in(folder))
    desk.do(CancelReply(reply.item_id, at(6), receipt=Future()))

    assert desk.answers(RetryReply(reply.item_id, at(7), receipt=Future())) == [Done()]
    assert is_fetchable()

    desk.do(CancelReply(reply.item_id, at(8), receipt=Future()))
    tidy(desk, 31 * DAY)
    assert files_in(folder) == set()
    assert desk.answers(RetryReply(reply.item_id, at(31 * DAY), receipt=Future())) == [GONE]


def test_a_file_goes_with_its_erased_contact(desk: Desk, folder: UploadFolder) -> None:
    queued(desk, stored_in(folder))

    events = desk.do(EraseContact(ANNA, NOON, receipt=Future()))

    assert RetentionApplied(has_more=True) in events
    assert not is_fetchable()
    tidy(desk, 6)
    assert files_in(folder) == set()
    assert Upload.select().count() == 0


def test_a_file_goes_with_its_message_when_the_account_unsends_it(
    desk: Desk, folder: UploadFolder
) -> None:
    (reply,) = queued(desk, stored_in(folder))
    desk.send(reply, "r1")

    events = desk.do(webhook(unsent("r1", by_account=True), seconds=20))

    assert RetentionApplied(has_more=True) in events
    tidy(desk, 21)
    assert files_in(folder) == set()


def test_a_file_goes_with_its_message_when_retention_deletes_that(
    desk: Desk, folder: UploadFolder
) -> None:
    (reply,) = queued(desk, stored_in(folder))
    desk.send(reply)

    desk.do(ApplyRetention(at(10 * DAY), at(9 * DAY), 100))

    assert files_in(folder) == set()


def test_what_is_not_sent_yet_keeps_its_file_however_old_it_is(
    desk: Desk, folder: UploadFolder
) -> None:
    queued(desk, stored_in(folder))

    tidy(desk, 40 * DAY)

    assert is_fetchable()
    assert len(files_in(folder)) == 1


def test_an_upload_that_nothing_uses_is_deleted_after_an_hour(
    desk: Desk, folder: UploadFolder
) -> None:
    answer = only(desk.answers(AddUpload(stored_in(folder), at(0), receipt=Future())), Done)
    tidy(desk, HOUR - 1)
    assert find_unused(present(answer.id), at(HOUR - 1)) is not None

    assert find_unused(present(answer.id), at(HOUR)) is None
    tidy(desk, HOUR)

    assert files_in(folder) == set()


def test_an_upload_is_sent_once(desk: Desk, folder: UploadFolder) -> None:
    upload = stored_in(folder)
    added = only(desk.answers(AddUpload(upload, at(0), receipt=Future())), Done)
    first, second = (
        replace(sends(upload), attachment=replace(attached(upload), upload=present(added.id)))
        for _ in range(2)
    )

    (sent, refused) = desk.answers(first, second)

    assert isinstance(sent, Done)
    assert refused == Conflict(TAKEN_OR_GONE)
    assert find_unused(present(added.id), at(0)) is None
    tidy(desk, 2 * HOUR)
    assert len(files_in(folder)) == 1


def test_an_upload_that_has_expired_is_not_sent_though_its_file_is_still_there(
    desk: Desk, folder: UploadFolder
) -> None:
    upload = stored_in(folder)
    added = only(desk.answers(AddUpload(upload, at(0), receipt=Future())), Done)
    late = replace(attached(upload), upload=present(added.id))
    (refused,) = desk.answers(replace(sends(upload), attachment=late, at=at(HOUR)))
    assert refused == Conflict(TAKEN_OR_GONE)


def test_a_file_whose_command_was_never_stored_is_deleted_after_an_hour(
    desk: Desk, folder: UploadFolder
) -> None:
    stored_in(folder, seconds=0)
    kept = stored_in(folder, seconds=0, token="token-2")
    queued(desk, kept)

    tidy(desk, HOUR + 1)

    assert files_in(folder) == {kept.file}


def test_a_crash_between_file_and_row_deletes_the_row_later(
    desk: Desk, folder: UploadFolder
) -> None:
    upload = stored_in(folder)
    queued(desk, upload)
    desk.do(EraseContact(ANNA, NOON, receipt=Future()))
    folder.delete([upload.file])

    tidy(desk, 6)

    assert Upload.select().count() == 0


def test_files_that_cannot_be_deleted_are_tried_again(desk: Desk, folder: UploadFolder) -> None:
    upload = stored_in(folder)
    queued(desk, upload)
    desk.do(EraseContact(ANNA, NOON, receipt=Future()))
    folder.delete([upload.file])
    folder.file(upload.file).mkdir()

    tidy(desk, 6)
    assert Upload.select().count() == 1

    folder.file(upload.file).rmdir()
    tidy(desk, 7)
    assert Upload.select().count() == 0
