from actors.signings import SigningNotes
from actors.system import Overloaded
from moca.core.messages import NoteSigning
from tests.making import NOON, at


def test_a_secret_is_noted_once_a_minute(frozen):
    told = []
    notes = SigningNotes(told.append)
    for seconds in (0, 1, 59, 60, 61):
        frozen.move_to(at(seconds))
        notes.note("first")
    notes.note("second")
    assert told == [
        NoteSigning("first", NOON),
        NoteSigning("first", at(60)),
        NoteSigning("second", at(61)),
    ]


def test_where_too_much_waits_it_is_let_go(frozen):
    def refuse(_command):
        raise Overloaded("20000 messages wait for the persistence")

    SigningNotes(refuse).note("first")
