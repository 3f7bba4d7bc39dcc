from concurrent.futures import Future
from contextlib import nullcontext
from functools import partial
from io import BytesIO

import peewee

from moca.core.content.content import Content, Media
from moca.core.content.uploads import AttachedFile, StoredUpload, UploadType, upload_path
from moca.core.messages.command import Conflict, NotFound
from moca.core.messages.replies import QueueReply
from moca.core.types import Author, ContactKey, ItemStatus
from moca.storage.queries.composer.uploads import find_fetchable
from tests.simulation.oracle.erasures import Erasures
from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle.oracle import Oracle
from tests.simulation.runtime.process import uploads_of
from tests.simulation.runtime.virtual_time import Clockwork
from tests.simulation.worlds.script import Operates

ALONE = "file"
"""How an act names a file that goes without words."""

_PNG = UploadType("image", "image/png", ".png")
_UNSETTLED = (ItemStatus.PENDING, ItemStatus.SENDING, ItemStatus.UNKNOWN)


class AttachedFiles:
    """Attaches files as the web does, fetches them as Instagram does, and judges both."""

    def __init__(
        self,
        database: peewee.Database,
        clockwork: Clockwork,
        oracle: Oracle,
        erasures: Erasures,
    ) -> None:
        self._database = database
        self._folder = uploads_of(database)
        self._clockwork = clockwork
        self._ledger = oracle.ledger
        self._is_broken = oracle.is_broken
        self._erasures = erasures
        self._files: dict[str, tuple[str, ContactKey]] = {}
        """The name in the folder, and the contact, by the address's token."""
        self._stored: set[str] = set()
        """Tokens that were on disk once."""

    def command(self, act: Operates) -> QueueReply | None:
        """Store a file, and return the command that sends it; None without a conversation."""
        conversation = self._ledger.conversation(act.contact)
        if conversation is None:
            return None
        token, now = act.text.replace(" ", "-"), self._clockwork.now()
        file = self._folder.store(BytesIO(token.encode()), now)
        self._files[token] = file, act.contact
        path = upload_path(token, _PNG.suffix)
        upload = StoredUpload(token=token, file=file, name=path, type=_PNG, size=len(token))
        media = Media(type="image", url=f"https://moca.test{path}", is_upload=True)
        receipt: Future[object] = Future()
        receipt.add_done_callback(partial(self._answered, file))
        return QueueReply(
            conversation["id"],
            (),
            Content() if act.text.startswith(ALONE) else Content(text=act.text),
            now,
            Author.OPERATOR,
            priority=act.priority,
            attachment=AttachedFile(media=media, upload=upload),
            receipt=receipt,
        )

    def fetched(self, content: Content) -> None:
        """Fetch what a call sends, as Instagram does once it is called."""
        token = self._token_in(content)
        if token is None:
            return
        rows = self._ledger.uploads(token)
        # The contact may be erased between the claim and the call.
        if rows and rows[0]["message_id"] is not None:
            self._stored.add(token)
            if not self._is_served(token):
                self._is_broken(Invariant.ATTACHED, f"{token} is being sent, and not served")

    def judge_the_end(self) -> None:
        """Judge what is left of each file when everything has come to rest."""
        for token, (file, contact) in sorted(self._files.items()):
            rows = self._ledger.uploads(token)
            is_there = self._folder.file(file).exists()
            is_served = self._is_served(token)
            if not rows:
                is_erased = contact in self._erasures.asked
                if token in self._stored and not is_erased:
                    self._is_broken(Invariant.ATTACHED, f"{token} is gone before its message")
                # What never came to the database is deleted after an hour.
                if token in self._stored and is_there:
                    self._is_broken(Invariant.ATTACHED, f"the file of {token} outlives its row")
                continue
            (row,) = rows
            if not is_there or row["message_id"] is None:
                self._is_broken(Invariant.ATTACHED, f"{token} has no file, or no message")
            if is_served != (row["status"] in _UNSETTLED):
                self._is_broken(Invariant.ATTACHED, f"{token} is served: {is_served} at the end")

    def _answered(self, file: str, receipt: Future[object]) -> None:
        """Delete the file of what was refused, as the web does."""
        is_refused = receipt.exception() is None and isinstance(
            receipt.result(), Conflict | NotFound
        )
        if is_refused:
            self._folder.delete([file])

    def _token_in(self, content: Content) -> str | None:
        url = "" if content.media is None else content.media.url
        token = url.rpartition("/")[2].removesuffix(_PNG.suffix)
        return token if token in self._files else None

    def _is_served(self, token: str) -> bool:
        """Return whether the address of a file answers with it."""
        with self._database.connection_context() if self._database.is_closed() else nullcontext():
            found = find_fetchable(token)
        return found is not None and self._folder.file(found.file).exists()
