"""The part of the house that keeps the sessions of those who opened the link."""

from moca.core.messages.operators import (
    CloseLogin,
    Deed,
    EndLinkSession,
    MarkLoginSeen,
    OpenLinkSession,
    RecordAudit,
)
from moca.storage.writer import Writer
from tests.storage.desk import POLICY

_THEIRS = (OpenLinkSession, MarkLoginSeen, EndLinkSession, CloseLogin, RecordAudit)


class Sessions:
    """Carries out, on the spot, what is about them, and what is to be audited without a command."""

    def __init__(self, database):
        self._writer = Writer(database, POLICY)

    def takes(self, command):
        """Carry a command out if it is about sessions; tell whether it was."""
        if not isinstance(command.command if isinstance(command, Deed) else command, _THEIRS):
            return False
        for receipt, answer in self._writer.apply([command]).answers:
            receipt.set_result(answer)
        return True
