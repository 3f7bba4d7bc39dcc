from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from actors.bots.bot import Bot
from actors.config import conversation_policy, topic_modes, welcome
from moca.core.bots.documents import BadDocument, DocumentFault, fault_of
from moca.core.types import SETTINGS_BOT, BotVersion
from moca.replies.budget import BudgetRecord
from moca.replies.generator import BadGenerator, GenerationError, Reply, ReplyRequest
from moca.replies.registry import Wrap, as_it_is, make_generator
from moca.settings.errors import BadSettings
from moca.settings.sections import Settings

if TYPE_CHECKING:
    from moca.bots.document import BotDocument


@dataclass(frozen=True, slots=True)
class UnusableGenerator:
    """Fails every request, because its bot cannot be used on this server."""

    because: str
    needs_history: int = 0
    needs_name: bool = False

    def reply(self, request: ReplyRequest) -> Reply:  # noqa: ARG002
        """Raise the reason.

        Raises:
            GenerationError: Always.
        """
        raise GenerationError(self.because)


class BotFactory:
    """Builds bots of the settings file and of documents.

    Args:
        settings: Their server's: where models are called, with which keys.
        record: Returns the record of a bot's model calls, by the bot's name.
    """

    def __init__(self, settings: Settings, record: Callable[[str], BudgetRecord]) -> None:
        self._settings = settings
        self._record = record

    def of_settings(self, wrap: Wrap = as_it_is) -> Bot:
        """Return the bot that the settings file describes.

        Raises:
            BadSettings: If holidays are configured but not available.
            BadGenerator: If its generators cannot be built.
        """
        return self._made(self._settings, SETTINGS_BOT, self._settings.replies.tables, wrap)

    def of_document(
        self, document: "BotDocument", identity: BotVersion, wrap: Wrap = as_it_is
    ) -> Bot:
        """Return the bot of a document.

        Raises:
            BadDocument: If the server lacks what the document names, such as a model's key.
        """
        settings = document.settings_over(self._settings)
        rules: dict[str, object] = {"book": document.rules}
        tables = {**settings.replies.tables, "rules": rules}
        try:
            return self._made(settings, identity, tables, wrap)
        except (BadSettings, BadGenerator) as error:
            raise BadDocument(map(fault_of, error.problems)) from None

    def of_published(
        self, text: str, identity: BotVersion, wrap: Wrap = as_it_is
    ) -> tuple[Bot, tuple[DocumentFault, ...]]:
        """Return the bot of a published text, and why it cannot be used, if it cannot.

        Such a bot answers nothing: each message fails, with that reason.
        """
        # Rules take megabytes, which a server without bots of its own does not need.
        from moca.bots.document import read_document  # noqa: PLC0415

        try:
            return self.of_document(read_document(text), identity, wrap), ()
        except BadDocument as error:
            because = f"{identity} cannot be used on this server: {error.faults[0]}"
            policy = replace(conversation_policy(Settings()), bot=identity)
            return Bot(policy=policy, generator=UnusableGenerator(because)), error.faults

    def _made(
        self,
        settings: Settings,
        identity: BotVersion,
        tables: Mapping[str, Mapping[str, object]],
        wrap: Wrap,
    ) -> Bot:
        record = self._record(identity.name)
        return Bot(
            policy=replace(conversation_policy(settings), bot=identity),
            generator=make_generator(
                settings.replies.chain,
                tables,
                record,
                wrap,
                topics=topic_modes(settings.topics).names,
                bot=identity,
            ),
            profile=welcome(settings),
        )
