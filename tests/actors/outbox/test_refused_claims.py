"""A claim that the database refuses for a fault of its own holds up no other reply."""

from collections.abc import Callable

from moca.core.messages.command import Command
from moca.core.messages.delivery import ClaimReply
from moca.core.types import ContactKey
from moca.storage.writer import Writer, Written
from tests.support.factory import ANNA
from tests.support.system import SteppedSystem

OTHERS = [ContactKey(ANNA.account_id, f"2897867183{number:07}") for number in range(4)]


class Refuses:
    """A writer that cannot write one contact's claims, however often it is asked."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.refused = set(OTHERS)

    def apply(self, commands: list[Command]) -> Written:
        claims = [each for each in commands if isinstance(each, ClaimReply)]
        if any(each.reply.contact in self.refused for each in claims):
            raise ValueError("a row that fits no type")
        return self.writer.apply(commands)

    def probe(self) -> None:
        self.writer.probe()

    def close(self) -> None:
        self.writer.close()


def test_as_many_refused_claims_as_may_go_in_a_second_stop_nobody(
    open_system: Callable[..., SteppedSystem],
) -> None:
    writers = []

    def wrap(writer: Writer) -> Refuses:
        writers.append(Refuses(writer))
        return writers[-1]

    system = open_system(wrap_writer=wrap)
    system.settle()
    mids = [system.receive("hi", contact) for contact in OTHERS]
    system.advance(20)
    mid = system.receive("hello", ANNA)
    system.advance(20)
    assert system.outcome(mid)[0] == "answered"

    writers[0].refused.clear()
    system.advance(60)
    assert [system.outcome(each)[0] for each in mids] == ["answered"] * len(mids)
    assert len(system.instagram.reached) == len(mids) + 1
