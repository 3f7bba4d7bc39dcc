from collections.abc import Callable

import peewee

from moca.core.messages.command import Command
from moca.core.messages.idempotency import KeepAnswer
from moca.core.types import Author
from moca.storage.db.tables import Message
from moca.storage.writer import Writer
from tests.storage.desk import POLICY
from tests.support.values import of_kind


class WebDesk:
    """The real writer behind the web; a test may script events on the way to it."""

    def __init__(self, database: peewee.Database) -> None:
        self._writer = Writer(database, POLICY)
        self.on_the_way: Callable[[object], object] = lambda command: None
        self.loses_receipts = False
        self.loses_answers = False

    def tell(self, command: object) -> None:
        self.on_the_way(command)
        if self.loses_answers and isinstance(command, KeepAnswer):
            return
        written = self._writer.apply([of_kind(command, Command)])
        for receipt, answer in () if self.loses_receipts else written.answers:
            receipt.set_result(answer)


def replies() -> int:
    """Return how many replies operators wrote."""
    return Message.select().where(Message.author == Author.OPERATOR).count()
