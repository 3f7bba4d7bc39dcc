from concurrent.futures import Future

from moca.core.content.uploads import StoredUpload
from moca.core.messages.command import Done
from moca.core.messages.saved_replies import (
    AddSavedReply,
    ChangeSavedReply,
    RemoveSavedReply,
    SavedReplyFile,
)
from moca.storage.queries.composer.uploads import uploads_of_saved_replies
from moca.uploads.folder import UploadFolder
from tests.storage.desk import Desk
from tests.storage.uploads.conftest import tidy
from tests.support.factory import at
from tests.support.files import PDF, files_in, stored_in
from tests.support.values import only, present

DAY = 24 * 3600


def added_with(desk: Desk, upload: StoredUpload) -> int:
    """Save a reply with this file; return its id."""
    file = SavedReplyFile(upload, at(0))
    saving = AddSavedReply("Prices", "", "Our prices:", file, receipt=Future())
    return present(only(desk.answers(saving), Done).id)


def test_a_saved_reply_keeps_its_file_until_it_is_replaced_or_removed(
    desk: Desk, folder: UploadFolder
) -> None:
    first = stored_in(folder)
    added = added_with(desk, first)
    tidy(desk, 40 * DAY)
    assert files_in(folder) == {first.file}

    second = stored_in(folder, PDF, "token-2", name="prices.pdf")
    change = ChangeSavedReply(added, attached=SavedReplyFile(second, at(1)), receipt=Future())
    assert desk.answers(change) == [Done()]
    tidy(desk, 10)
    assert files_in(folder) == {second.file}
    assert uploads_of_saved_replies([added])[added].name == "prices.pdf"

    desk.do(RemoveSavedReply(added, receipt=Future()))
    tidy(desk, 20)
    assert files_in(folder) == set()


def test_a_saved_reply_can_do_without_its_file_again(desk: Desk, folder: UploadFolder) -> None:
    upload = stored_in(folder)
    added = added_with(desk, upload)

    desk.do(ChangeSavedReply(added, attached=SavedReplyFile(None, at(1)), receipt=Future()))
    tidy(desk, 10)

    assert uploads_of_saved_replies([added]) == {}
    assert files_in(folder) == set()
