from moca.core.messages.idempotency import KeepAnswer
from moca.core.types import Author
from moca.storage.db.tables import Message
from moca.storage.writer import Writer
from tests.storage.desk import POLICY


class WebDesk:
    """The real writer behind the web; a test may script events on the way to it."""

    def __init__(self, database):
        self._writer = Writer(database, POLICY)
        self.on_the_way = lambda command: None
        self.loses_receipts = False
        self.loses_answers = False

    def tell(self, command):
        self.on_the_way(command)
        if self.loses_answers and isinstance(command, KeepAnswer):
            return
        written = self._writer.apply([command])
        for receipt, answer in () if self.loses_receipts else written.answers:
            receipt.set_result(answer)


def replies():
    """Return how many replies operators wrote."""
    return Message.select().where(Message.author == Author.OPERATOR).count()
