"""Keeps the sessions of browsers that opened the link."""

from moca.core.messages.operators import (
    AuditedCommand,
    CloseLogin,
    EndLinkSession,
    MarkLoginSeen,
    OpenLinkSession,
    RecordAudit,
)
from moca.storage.writer import Writer
from tests.storage.desk import POLICY

_THEIRS = (OpenLinkSession, MarkLoginSeen, EndLinkSession, CloseLogin, RecordAudit)


class SessionCommands:
    """Executes commands about sessions, and audit entries without a command, at once."""

    def __init__(self, database):
        self._writer = Writer(database, POLICY)

    def takes(self, command):
        """Execute a command if it concerns sessions; return whether it did."""
        if not isinstance(
            command.command if isinstance(command, AuditedCommand) else command, _THEIRS
        ):
            return False
        for receipt, answer in self._writer.apply([command]).answers:
            receipt.set_result(answer)
        return True
