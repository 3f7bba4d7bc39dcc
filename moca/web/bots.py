from collections.abc import Mapping

from moca import clock
from moca.core.bots.cases import BotCase, CaseResult, CaseVerdict
from moca.core.bots.documents import BOT_NAME, BOT_NAME_RULE, BadDocument, DocumentFault
from moca.core.bots.forms import BotForm
from moca.core.bots.trials import TrialMessage, TrialReply
from moca.core.bots.workshop import BotWorkshop
from moca.core.messages.bots import DeleteBot, PublishBot, RollBackBot, SaveBotCases, SaveBotDraft
from moca.core.topics import BeginningMode, Mode
from moca.core.types import DEFAULT_BOT
from moca.storage.queries.team.bots import BotCasesRecord, BotRecord, cases_of_bot, find_bot
from moca.web.auth.current_user import author_name
from moca.web.commands import carry_out
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem

_MODE_OF_OTHERS = "topic.other.mode"
_READ_ONLY = (
    f"The bot {DEFAULT_BOT} comes from the settings file. Save a copy of it under another name."
)


class FaultyDocument(Problem):
    """Raised if a document cannot be used; has every fault with its field."""

    def __init__(self, faults: tuple[DocumentFault, ...]) -> None:
        super().__init__(422, "; ".join(map(str, faults)))
        self.faults = faults


class FailedCases(Problem):
    """Raised if a draft does not do what is expected of it; has every case that failed."""

    def __init__(self, failed: tuple[CaseResult, ...]) -> None:
        lines = (f"{each.case.name}: {'; '.join(each.problems)}" for each in failed)
        told = f"{len(failed)} cases failed; publish with an override reason, or correct them: "
        problems = [{"name": each.case.name, "problems": each.problems} for each in failed]
        super().__init__(422, told + ". ".join(lines), members={"failed_cases": problems})
        self.failed = failed


class Bots:
    """What administrators do with bots, by the API and on pages."""

    def __init__(self, ports: WebPorts, config: WebConfig) -> None:
        self._ports = ports
        self._config = config

    def find(self, name: str) -> BotRecord:
        """Return a bot of the database.

        Raises:
            Problem: 404 if there is none.
        """
        with self._ports.database.connection_context():
            found = find_bot(name)
        if found is None:
            raise Problem(404, "No bot with this name.")
        return found

    def document_of(self, name: str) -> str:
        """Return a bot's draft, or what the settings file says.

        Raises:
            Problem: 404 if there is no such bot.
        """
        if name == DEFAULT_BOT:
            return self._workshop.settings_document()
        return self.find(name).draft

    def form_of(self, document: str) -> BotForm:
        """Return the form of a document."""
        return self._workshop.form_of(document)

    def fill_in(self, document: str, values: Mapping[str, str], act: str = "") -> str:
        """Return a document with the values of its form, after an act on its rules."""
        return self._workshop.fill_in(document, values, act)

    def save(self, name: str, document: str, revision: int) -> int:
        """Save a draft and return its new revision.

        Raises:
            Problem: 409 for the settings' bot and after another editor; 422 with every fault.
        """
        if name == DEFAULT_BOT:
            raise Problem(409, _READ_ONLY)
        if not BOT_NAME.fullmatch(name):
            raise Problem(422, f"name: {BOT_NAME_RULE}")
        self.require_usable(document)
        command = SaveBotDraft(name, document, revision, author_name(), clock.now())
        return carry_out(command, self._ports, self._config).id or 0

    def asks_mode(self, bot: BotRecord) -> bool:
        """Return whether a new bot's draft leaves open if its replies wait as drafts."""
        return bot.latest is None and self._form_values(bot.draft)[_MODE_OF_OTHERS] == Mode.AUTO

    def publish(
        self,
        name: str,
        note: str,
        revision: int | None = None,
        override_reason: str = "",
        mode: BeginningMode | None = None,
    ) -> int:
        """Publish a draft and return the version's number.

        With a mode, the draft is saved before with that mode for replies without a topic's own.

        Raises:
            Problem: 404 without a draft; 409 if it was changed or published already; 422 with every
                fault, and with every case that failed if there is no reason to override it.
        """
        bot = self.own(name)
        document = bot.draft
        if mode is not None:
            values = {**self._form_values(document), _MODE_OF_OTHERS: mode}
            document = self.fill_in(document, values)
        self.require_usable(document)
        results = self.check(name, document)
        failed = tuple(each for each in results if each.verdict is CaseVerdict.FAILED)
        if failed and not override_reason:
            raise FailedCases(failed)
        checked = bot.draft_revision if revision is None else revision
        if document != bot.draft:
            checked = self.save(name, document, checked)
        override = override_reason if failed else ""
        command = PublishBot(name, checked, note, author_name(), clock.now(), override)
        return carry_out(command, self._ports, self._config).id or 0

    def cases_of(self, name: str) -> BotCasesRecord:
        """Return what is expected of a bot.

        Raises:
            Problem: 404 if there is no such bot.
        """
        if name != DEFAULT_BOT:
            self.find(name)
        with self._ports.database.connection_context():
            return cases_of_bot(name)

    def save_cases(self, name: str, cases: str, revision: int) -> int:
        """Save what is expected of a bot and return its new revision.

        Raises:
            Problem: 404 if there is no such bot; 409 after another editor; 422 with every fault.
        """
        try:
            self._workshop.cases_in(cases)
        except BadDocument as error:
            raise FaultyDocument(error.faults) from None
        command = SaveBotCases(name, cases, revision, author_name(), clock.now())
        return carry_out(command, self._ports, self._config).id or 0

    def add_case(self, name: str, case: BotCase) -> int:
        """Expect one thing more of a bot and return the new revision of its cases.

        Raises:
            Problem: 404 if there is no such bot; 409 after another editor; 422 if there are too
                many.
        """
        known = self.cases_of(name)
        try:
            cases = self._workshop.add_case(known.cases, case)
        except BadDocument as error:
            raise FaultyDocument(error.faults) from None
        return self.save_cases(name, cases, known.revision)

    def check(self, name: str, document: str) -> tuple[CaseResult, ...]:
        """Return whether a valid document does what each of a bot's cases expects."""
        return self._workshop.check(document, self.cases_of(name).cases)

    def roll_back(self, name: str, version: int) -> int:
        """Publish an earlier version again and return the new version's number.

        Raises:
            Problem: 404 if there is no such version; 409 if it is in force.
        """
        self.own(name)
        command = RollBackBot(name, version, author_name(), clock.now())
        return carry_out(command, self._ports, self._config).id or 0

    def delete(self, name: str) -> None:
        """Delete a bot that answers for no account.

        Raises:
            Problem: 404 if there is none; 409 for the settings' bot and while accounts have it.
        """
        self.own(name)
        carry_out(DeleteBot(name, clock.now()), self._ports, self._config)

    def try_out(self, document: str, message: TrialMessage) -> TrialReply:
        """Return what the bot of a document would do with a message.

        Raises:
            Problem: 422 with every fault.
        """
        self.require_usable(document)
        return self._workshop.try_out(document, message)

    def own(self, name: str) -> BotRecord:
        """Return a bot that can be changed here.

        Raises:
            Problem: 404 if there is none; 409 for the settings' bot.
        """
        if name == DEFAULT_BOT:
            raise Problem(409, _READ_ONLY)
        return self.find(name)

    def faults_of(self, document: str) -> tuple[DocumentFault, ...]:
        """Return what is wrong with a document; empty if it can be published."""
        return self._workshop.faults_of(document)

    def require_usable(self, document: str) -> None:
        """Raise unless a document can be published.

        Raises:
            Problem: 422 with every fault.
        """
        faults = self.faults_of(document)
        if faults:
            raise FaultyDocument(faults)

    def _form_values(self, document: str) -> dict[str, str]:
        """Return the values of a document's form without its rules."""
        groups = self.form_of(document).groups
        return {field.path: field.value for group in groups for field in group.fields}

    @property
    def _workshop(self) -> BotWorkshop:
        if self._ports.bots is None:
            raise Problem(503, "This process does not edit bots.")
        return self._ports.bots
