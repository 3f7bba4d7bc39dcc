"""Keeps the sessions of browsers that opened the link."""

import peewee

from moca.core.messages.command import Command
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
from tests.support.values import of_kind

_THEIRS = (OpenLinkSession, MarkLoginSeen, EndLinkSession, CloseLogin, RecordAudit)


class SessionCommands:
    """Executes commands about sessions, and audit entries without a command, at once."""

    def __init__(self, database: peewee.Database) -> None:
        self._writer = Writer(database, POLICY)

    def takes(self, command: object) -> bool:
        """Execute a command if it concerns sessions; return whether it did."""
        if not isinstance(
            command.command if isinstance(command, AuditedCommand) else command, _THEIRS
        ):
            return False
        for receipt, answer in self._writer.apply([of_kind(command, Command)]).answers:
            receipt.set_result(answer)
        return True
