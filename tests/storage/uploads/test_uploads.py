from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta

import pytest

from moca.core.content.content import Content, Media
from moca.core.messages.command import Conflict, Done
from moca.core.messages.delivery import ClaimReply, RecordFailed, RecordSent, RecordUnknown
from moca.core.messages.housekeeping import ApplyRetention, RetentionApplied
from moca.core.messages.operator_actions import CancelReply, EraseContact, RetryReply
from moca.core.messages.replies import QueueReply, ReplyQueued
from moca.core.messages.saved_replies import (
    AddSavedReply,
    ChangeSavedReply,
    RemoveSavedReply,
    SavedReplyFile,
)
from moca.core.messages.uploads import AddUpload
from moca.core.types import Author
from moca.storage.db.operator_tables import Upload
from moca.storage.queries.composer.uploads import (
    find_fetchable,
    find_unused,
    uploaded_bytes,
    uploads_of_messages,
    uploads_of_saved_replies,
)
from moca.storage.uploads.owners import TAKEN_OR_GONE
from moca.storage.uploads.retention import UploadRetention
from moca.uploads.folder import UploadFolder
from tests.storage.desk import POLICY, Desk, webhook
from tests.support.events import unsent
from tests.support.factory import ANNA, NOON, at
from tests.support.files import PDF, attached, files_in, stored_in

HOUR = 3600
DAY = 24 * HOUR
GONE = Conflict("its attachment is no longer kept; send a new message with the file")


@pytest.fixture
def folder(tmp_path):
    return UploadFolder(tmp_path / "uploads")


@pytest.fixture
def desk(database, folder):
    kept = UploadRetention(folder, timedelta(days=30))
    desk = Desk(database, replace(POLICY, uploads=kept))
    desk.receive("m1")
    return desk


def sends(upload, text="", seconds=5):
    content = Content(text=text)
    return QueueReply(
        1, (), content, at(seconds), Author.OPERATOR, attachment=attached(upload), receipt=Future()
    )


def queued(desk, upload, text=""):
    events = desk.do(sends(upload, text))
    return [each.reply for each in events if isinstance(each, ReplyQueued)]


def tidy(desk, seconds):
    return desk.do(ApplyRetention(at(seconds), None, 100))


def is_fetchable(token="token-1"):
    return find_fetchable(token) is not None


def test_text_goes_first_and_the_file_after_it(desk, folder):
    upload = stored_in(folder)

    text, file = queued(desk, upload, "Here it is:")

    media = Media(type="image", url="https://moca.example/uploads/token-1.png", is_upload=True)
    assert (text.content, file.content) == (Content(text="Here it is:"), Content(media=media))
    assert list(uploads_of_messages([text.message_id, file.message_id])) == [file.message_id]
    assert uploaded_bytes() == 64


def test_a_file_can_go_alone(desk, folder):
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
def test_the_address_ends_with_the_send_and_the_file_stays(desk, folder, end):
    (reply,) = queued(desk, stored_in(folder))
    assert is_fetchable()

    for command in end(reply):
        desk.do(command)
    tidy(desk, 10)

    assert not is_fetchable()
    assert list(uploads_of_messages([reply.message_id])) == [reply.message_id]
    assert len(files_in(folder)) == 1


def test_instagram_can_fetch_while_it_is_unknown_whether_it_arrived(desk, folder):
    (reply,) = queued(desk, stored_in(folder))
    desk.claim(reply)
    assert is_fetchable()

    desk.do(RecordUnknown(reply.item_id, "timeout", at(7)))

    assert is_fetchable()


def test_a_retried_reply_can_be_fetched_again_while_its_file_is_kept(desk, folder):
    (reply,) = queued(desk, stored_in(folder))
    desk.do(CancelReply(reply.item_id, at(6), receipt=Future()))

    assert desk.answers(RetryReply(reply.item_id, at(7), receipt=Future())) == [Done()]
    assert is_fetchable()

    desk.do(CancelReply(reply.item_id, at(8), receipt=Future()))
    tidy(desk, 31 * DAY)
    assert files_in(folder) == set()
    assert desk.answers(RetryReply(reply.item_id, at(31 * DAY), receipt=Future())) == [GONE]


def test_a_file_goes_with_its_erased_contact(desk, folder):
    queued(desk, stored_in(folder))

    events = desk.do(EraseContact(ANNA, NOON, receipt=Future()))

    assert RetentionApplied(has_more=True) in events
    assert not is_fetchable()
    tidy(desk, 6)
    assert files_in(folder) == set()
    assert Upload.select().count() == 0


def test_a_file_goes_with_its_message_when_the_account_unsends_it(desk, folder):
    (reply,) = queued(desk, stored_in(folder))
    desk.send(reply, "r1")

    events = desk.do(webhook(unsent("r1", by_account=True), seconds=20))

    assert RetentionApplied(has_more=True) in events
    tidy(desk, 21)
    assert files_in(folder) == set()


def test_a_file_goes_with_its_message_when_retention_deletes_that(desk, folder):
    (reply,) = queued(desk, stored_in(folder))
    desk.send(reply)

    desk.do(ApplyRetention(at(10 * DAY), at(9 * DAY), 100))

    assert files_in(folder) == set()


def test_what_is_not_sent_yet_keeps_its_file_however_old_it_is(desk, folder):
    queued(desk, stored_in(folder))

    tidy(desk, 40 * DAY)

    assert is_fetchable()
    assert len(files_in(folder)) == 1


def test_an_upload_that_nothing_uses_is_deleted_after_an_hour(desk, folder):
    (answer,) = desk.answers(AddUpload(stored_in(folder), at(0), receipt=Future()))
    tidy(desk, HOUR - 1)
    assert find_unused(answer.id, at(HOUR - 1)) is not None

    assert find_unused(answer.id, at(HOUR)) is None
    tidy(desk, HOUR)

    assert files_in(folder) == set()


def test_an_upload_is_sent_once(desk, folder):
    upload = stored_in(folder)
    (added,) = desk.answers(AddUpload(upload, at(0), receipt=Future()))
    first, second = (
        replace(sends(upload), attachment=replace(attached(upload), upload=added.id))
        for _ in range(2)
    )

    (sent, refused) = desk.answers(first, second)

    assert isinstance(sent, Done)
    assert refused == Conflict(TAKEN_OR_GONE)
    assert find_unused(added.id, at(0)) is None
    tidy(desk, 2 * HOUR)
    assert len(files_in(folder)) == 1


def test_an_upload_that_has_expired_is_not_sent_though_its_file_is_still_there(desk, folder):
    upload = stored_in(folder)
    (added,) = desk.answers(AddUpload(upload, at(0), receipt=Future()))
    late = replace(attached(upload), upload=added.id)
    (refused,) = desk.answers(replace(sends(upload), attachment=late, at=at(HOUR)))
    assert refused == Conflict(TAKEN_OR_GONE)


def test_a_file_whose_command_was_never_stored_is_deleted_after_an_hour(desk, folder):
    stored_in(folder, seconds=0)
    kept = stored_in(folder, seconds=0, token="token-2")
    queued(desk, kept)

    tidy(desk, HOUR + 1)

    assert files_in(folder) == {kept.file}


def test_a_crash_between_file_and_row_deletes_the_row_later(desk, folder):
    upload = stored_in(folder)
    queued(desk, upload)
    desk.do(EraseContact(ANNA, NOON, receipt=Future()))
    folder.delete([upload.file])

    tidy(desk, 6)

    assert Upload.select().count() == 0


def test_files_that_cannot_be_deleted_are_tried_again(desk, folder):
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


def test_a_saved_reply_keeps_its_file_until_it_is_replaced_or_removed(desk, folder):
    first = stored_in(folder)
    (added,) = desk.answers(
        AddSavedReply("Prices", "", "Our prices:", SavedReplyFile(first, at(0)), receipt=Future())
    )
    tidy(desk, 40 * DAY)
    assert files_in(folder) == {first.file}

    second = stored_in(folder, PDF, "token-2", name="prices.pdf")
    change = ChangeSavedReply(added.id, attached=SavedReplyFile(second, at(1)), receipt=Future())
    assert desk.answers(change) == [Done()]
    tidy(desk, 10)
    assert files_in(folder) == {second.file}
    assert uploads_of_saved_replies([added.id])[added.id].name == "prices.pdf"

    desk.do(RemoveSavedReply(added.id, receipt=Future()))
    tidy(desk, 20)
    assert files_in(folder) == set()


def test_a_saved_reply_can_do_without_its_file_again(desk, folder):
    upload = stored_in(folder)
    (added,) = desk.answers(
        AddSavedReply("Prices", "", "Our prices:", SavedReplyFile(upload, at(0)), receipt=Future())
    )

    desk.do(ChangeSavedReply(added.id, attached=SavedReplyFile(None, at(1)), receipt=Future()))
    tidy(desk, 10)

    assert uploads_of_saved_replies([added.id]) == {}
    assert files_in(folder) == set()
