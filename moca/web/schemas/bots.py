from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from moca.core.bots.cases import CaseVerdict
from moca.core.bots.documents import BOT_NAME, BOT_NAME_RULE
from moca.core.topics import BeginningMode, Mode
from moca.core.types import DEFAULT_BOT
from moca.web.schemas.base import SchemaModel
from moca.web.schemas.requests import RequestBody, Words
from moca.web.schemas.responses import ProblemShape, ResponseModel

MAX_NOTE_LENGTH = 500

BotName = Annotated[str, StringConstraints(pattern=rf"^{BOT_NAME.pattern}$")]
Note = Annotated[Words, StringConstraints(max_length=MAX_NOTE_LENGTH)]


class BotPath(SchemaModel):
    """The bot in the path."""

    name: str = Field(description=f"Name of the bot; {BOT_NAME_RULE}.")


class BotDraftBody(RequestBody):
    """A bot's draft."""

    document: Words = Field(
        description="TOML: the tables `[conversation]`, `[replies]`, `[business_hours]`, "
        "`[manners]`, `[profile]` and `[topics]` as in the settings file, and `[[rule]]` as in "
        "the rules file.",
        repr=False,
    )
    revision: int = Field(
        ge=0, le=2**31 - 2, description="The revision that was changed; 0 for a new bot."
    )


class PublishBody(RequestBody):
    """The publishing of a draft."""

    note: Note = ""
    revision: int | None = Field(
        None, description="Refuses with 409 if the draft has another revision by now."
    )
    override_reason: Note = Field(
        "",
        description="Publishes although cases fail; stands in the activity log. Without one, "
        "failed cases are answered 422.",
    )
    mode: BeginningMode | None = Field(
        None,
        description="Saved in the draft before: whether replies of topics without a mode of their "
        "own are sent at once or wait as drafts. By default as the draft says.",
    )


class CasesBody(RequestBody):
    """What is expected of a bot."""

    cases: Words = Field(description="TOML: `[[case]]` tables.", repr=False)
    revision: int = Field(
        ge=0, le=2**31 - 2, description="The revision that was changed; 0 for the first cases."
    )


class RollbackBody(RequestBody):
    """The version to go back to."""

    version: int = Field(ge=1, le=2**31 - 1)


class TryBody(RequestBody):
    """A contact's message."""

    text: Annotated[Words, StringConstraints(max_length=1000)] = Field(
        description="For a postback or quick reply its payload."
    )
    kind: Annotated[str, StringConstraints(max_length=40)] = Field(
        "message", description="An event as rules name them."
    )
    language: Annotated[str, StringConstraints(max_length=40)] = Field(
        "", description="Of the answer where the text shows none; by default the bot's."
    )
    call_model: bool = Field(False, description="Whether generators are asked that cost money.")


class BotVersionShape(ResponseModel):
    """A published version of a bot."""

    number: int
    author: str
    note: str
    published_at: AwareDatetime


class BotShape(ResponseModel):
    """A bot, and what it answers for."""

    name: str
    version: int | None = Field(
        description=f"The version in force; null for {DEFAULT_BOT}, which the settings file "
        "describes, and before the first one is published."
    )
    published_at: AwareDatetime | None
    published_by: str | None
    note: str | None
    draft_revision: int | None = Field(description=f"Null for {DEFAULT_BOT}.")
    is_changed: bool = Field(description="Whether the draft differs from the version in force.")
    accounts: tuple[str, ...] = Field(
        description=f"IDs of its accounts. {DEFAULT_BOT} answers for all others."
    )


class BotDeletedShape(ResponseModel):
    """A deleted bot."""

    name: str
    deleted: bool


class BotsShape(ResponseModel):
    """All bots, sorted by name."""

    items: tuple[BotShape, ...]


class BotDraftShape(ResponseModel):
    """A bot's draft."""

    name: str
    document: str
    revision: int = Field(description=f"To be sent back with a change; 0 for {DEFAULT_BOT}.")
    saved_by: str | None
    saved_at: AwareDatetime | None


class CaseResultShape(ResponseModel):
    """Whether a bot's draft does what a case expects."""

    name: str
    verdict: CaseVerdict
    problems: tuple[str, ...] = Field(description="What was expected and what is.")


class CasesShape(ResponseModel):
    """What is expected of a bot, and whether its draft does it."""

    name: str
    cases: str = Field(description="TOML.")
    revision: int = Field(description="To be sent back with a change; 0 if there are none.")
    results: tuple[CaseResultShape, ...]


class FailedCaseShape(ResponseModel):
    """A case that failed."""

    name: str
    problems: tuple[str, ...]


class FailedCasesShape(ProblemShape):
    """The problem of a draft that does not do what is expected of it."""

    failed_cases: tuple[FailedCaseShape, ...] = ()


class PassedOverShape(ResponseModel):
    """A generator or rule that does not make the reply."""

    who: str = Field(description="Name of the generator, or `rule` and the name of the rule.")
    why: str


class TriedShape(ResponseModel):
    """What the bot's draft would do with a message."""

    generator: str | None
    rule: str | None
    topic: str | None
    mode: Mode
    hands_over: bool = Field(description="Whether the conversation is handed over to the team.")
    reply: str | None = Field(
        description="Null if there is none, or if its generator was not asked."
    )
    why: str
    passed_over: tuple[PassedOverShape, ...]
