"""Instagram can fetch a file while it is sent, and no file outlives its message."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory

from actors.background.jobs import BackgroundConfig
from moca import clock
from moca.core.content.content import Content
from moca.core.messages.operator_actions import EraseContact
from moca.core.messages.replies import QueueReply
from moca.core.outbox.delivery import DeliveryResult
from moca.core.outbox.queued_reply import DIRECT, ReplyAddress
from moca.core.types import Author, ContactKey
from moca.storage.db.operator_tables import Upload
from moca.storage.db.tables import Contact
from moca.storage.queries.composer.uploads import find_fetchable
from moca.uploads.folder import UploadFolder
from tests.actors.crashing_system import Mortal
from tests.support.factory import ANNA, NOON, at
from tests.support.files import attached, files_in, stored_in
from tests.support.system import FakeInstagram, SteppedSystem

ERASED_AT = 90.5
END = 3 * 3600


class FetchingInstagram(FakeInstagram):
    """Fetches the file of each message, as Instagram does before it answers the call."""

    def __init__(self, system: "AttachingSystem") -> None:
        super().__init__()
        self._system = system
        self.fetches: list[bool] = []

    def send(
        self, contact: ContactKey, content: Content, way: ReplyAddress = DIRECT
    ) -> DeliveryResult:
        if content.media is not None:
            token = content.media.url.rpartition("/")[2].partition(".")[0]
            with self._system._database.connection_context():
                found = find_fetchable(token)
            self.fetches.append(found is not None and self._system.folder.file(found.file).exists())
        return super().send(contact, content, way)


class AttachingSystem(SteppedSystem):
    """A system with a contact that has written, and a folder for files."""

    def __init__(self, path: Path, frozen: FrozenDateTimeFactory) -> None:
        self.folder = UploadFolder(path / "uploads")
        super().__init__(
            path, frozen, uploads=self.folder, background=BackgroundConfig(erases=True)
        )
        self.instagram = self.fetching = FetchingInstagram(self)
        self.receive("hi")
        self.advance(60)

    def attach(self) -> None:
        """Store a file and queue it, as the web does."""
        upload = stored_in(self.folder, seconds=60)
        text = Content(text="Look:")
        by = Author.OPERATOR
        reply = QueueReply(1, (), text, clock.now(), by, attachment=attached(upload), key="key")
        self.actors.tell(reply)

    def is_fetchable(self) -> bool:
        with self._database.connection_context():
            return find_fetchable("token-1") is not None

    def files_of_rows(self) -> set[str]:
        return {file for (file,) in self.rows(Upload.select(Upload.file))}

    def contacts(self) -> int:
        return len(self.rows(Contact.select(Contact.id)))


def lives(
    tmp_path: Path, frozen: FrozenDateTimeFactory, *, erases: bool
) -> Iterator[AttachingSystem]:
    """Have systems attach a file, each dying two steps later than the one before."""
    for after in itertools.count(1, 2):
        folder = tmp_path / str(after)
        folder.mkdir()
        frozen.move_to(NOON)
        system = AttachingSystem(folder, frozen)
        mortal = Mortal(system, after)
        system.attach()
        mortal.lives_until(ERASED_AT)
        if erases:
            system.actors.tell(EraseContact(ANNA, NOON))
        mortal.lives_until(ERASED_AT + 90)
        frozen.move_to(at(END))
        system.settle()
        system.advance(120)
        yield system
        system.stop()
        if mortal.steps < after:
            assert after > 20
            return


@pytest.mark.parametrize("lost", [0, 1])
def test_a_file_that_is_sent_is_kept_and_its_address_ends(
    tmp_path: Path, frozen: FrozenDateTimeFactory, lost: int
) -> None:
    system = AttachingSystem(tmp_path, frozen)
    system.instagram.lost_answers = lost
    system.attach()
    system.advance(120)

    assert [call.text for call in system.instagram.reached[-2:]] == ["Look:", ""]
    assert set(system.fetching.fetches) == {True}
    assert not system.is_fetchable()
    assert len(files_in(system.folder)) == 1
    system.stop()


def test_whenever_the_process_dies_the_file_is_fetchable_and_kept_or_was_never_queued(
    tmp_path: Path, frozen: FrozenDateTimeFactory
) -> None:
    for system in lives(tmp_path, frozen, erases=False):
        assert set(system.fetching.fetches) <= {True}
        assert not system.is_fetchable()
        assert files_in(system.folder) == system.files_of_rows()


def test_whenever_the_process_dies_no_file_outlives_an_erased_contact(
    tmp_path: Path, frozen: FrozenDateTimeFactory
) -> None:
    for system in lives(tmp_path, frozen, erases=True):
        assert set(system.fetching.fetches) <= {True}
        assert files_in(system.folder) == system.files_of_rows()
        assert system.contacts() or files_in(system.folder) == set()
