import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from actors.bots.factory import BotFactory
from actors.bots.trial import Trial
from moca.core.bots.cases import BotCase, CaseResult, CaseVerdict
from moca.core.bots.documents import BadDocument, DocumentFault
from moca.core.bots.forms import BotForm
from moca.core.bots.trials import TrialMessage, TrialReply
from moca.core.types import SETTINGS_BOT
from moca.settings.sections import Settings

_MAX_SECONDS_OF_CASES = 5
"""Patterns may be slow, and an administrator waits for all cases at once."""


class Workshop:
    """Checks and tries documents of bots on this server, by the same code that answers contacts."""

    def __init__(self, settings: Settings, factory: BotFactory) -> None:
        self._settings = settings
        self._factory = factory

    def settings_document(self) -> str:
        """Return the document of the bot that the settings file describes."""
        from moca.bots.document import tables_of  # noqa: PLC0415 - as in `BotFactory`
        from moca.bots.toml import join_rules, split_rules  # noqa: PLC0415

        replies = self._settings.replies
        text = _text_of(Path(replies.rules.file)) if "rules" in replies.chain else ""
        language, rules = split_rules(text)
        return join_rules({**language, **tables_of(self._settings)}, rules)

    def form_of(self, document: str) -> BotForm:
        """Return the form of a document."""
        from moca.bots.form import form_of  # noqa: PLC0415

        return form_of(document)

    def fill_in(self, document: str, values: Mapping[str, str], act: str = "") -> str:
        """Return a document with the values of its form, after an act on its rules."""
        from moca.bots.form import fill_in  # noqa: PLC0415

        return fill_in(document, values, act)

    def faults_of(self, document: str) -> tuple[DocumentFault, ...]:
        """Return what is wrong with a document; empty if it can be published here."""
        from moca.bots.document import read_document  # noqa: PLC0415

        try:
            self._factory.of_document(read_document(document), SETTINGS_BOT)
        except BadDocument as error:
            return error.faults
        return ()

    def try_out(self, document: str, message: TrialMessage) -> TrialReply:
        """Return what the bot of a valid document would do with a message; may block.

        Raises:
            BadDocument: If it is not valid after all.
        """
        from moca.bots.document import read_document  # noqa: PLC0415

        read = read_document(document)
        return Trial(self._factory, read, calls_model=message.calls_model).reply_to(message)

    def cases_in(self, cases: str) -> tuple[BotCase, ...]:
        """Read the TOML of cases.

        Raises:
            BadDocument: With every fault.
        """
        from moca.bots.cases import read_cases  # noqa: PLC0415

        return read_cases(cases)

    def add_case(self, cases: str, case: BotCase) -> str:
        """Return the TOML of cases with one more.

        Raises:
            BadDocument: If there would be too many.
        """
        from moca.bots.cases import add_case  # noqa: PLC0415

        return add_case(cases, case)

    def check(self, document: str, cases: str) -> tuple[CaseResult, ...]:
        """Return whether the bot of a document does what each case expects; may block.

        Raises:
            BadDocument: If the bot cannot run on this server, or the cases are not valid.
        """
        from moca.bots.document import read_document  # noqa: PLC0415

        known = self.cases_in(cases)
        return tuple(_results(Trial(self._factory, read_document(document)), known))


def _results(trial: Trial, cases: tuple[BotCase, ...]) -> Iterator[CaseResult]:
    begun = time.monotonic()
    for case in cases:
        if time.monotonic() - begun > _MAX_SECONDS_OF_CASES:
            late = f"not run: the cases before took more than {_MAX_SECONDS_OF_CASES} s"
            yield CaseResult(case=case, verdict=CaseVerdict.FAILED, problems=(late,))
        else:
            yield trial.run(case)


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
