from collections.abc import Mapping
from typing import Protocol

from moca.core.bots.cases import BotCase, CaseResult
from moca.core.bots.documents import DocumentFault
from moca.core.bots.forms import BotForm
from moca.core.bots.trials import TrialMessage, TrialReply


class BotWorkshop(Protocol):
    """Checks and tries documents of bots on this server."""

    def form_of(self, document: str) -> BotForm:
        """Return the form of a document."""
        ...

    def fill_in(self, document: str, values: Mapping[str, str], act: str = "") -> str:
        """Return a document with the values of its form, after an act on its rules."""
        ...

    def settings_document(self) -> str:
        """Return the document of the bot that the settings file describes."""
        ...

    def faults_of(self, document: str) -> tuple[DocumentFault, ...]:
        """Return what is wrong with a document; empty if it can be published here."""
        ...

    def try_out(self, document: str, message: TrialMessage) -> TrialReply:
        """Return what the bot of a valid document would do with a message; may block."""
        ...

    def cases_in(self, cases: str) -> tuple[BotCase, ...]:
        """Read the TOML of cases.

        Raises:
            BadDocument: With every fault.
        """
        ...

    def add_case(self, cases: str, case: BotCase) -> str:
        """Return the TOML of cases with one more.

        Raises:
            BadDocument: If there would be too many.
        """
        ...

    def check(self, document: str, cases: str) -> tuple[CaseResult, ...]:
        """Return whether the bot of a valid document does what each case expects; may block."""
        ...
