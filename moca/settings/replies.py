from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    Secret,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticKnownError

from moca.settings.section import NO_SECRET, Section

MODEL_PROMPT = (
    "You answer the Instagram messages of a small shop: kindly, briefly, in the language of the"
    " message. You say only what you know, and never make up prices, dates or promises."
)


def _table_or_unknown(value: object) -> object:
    if not isinstance(value, dict):
        raise PydanticKnownError("extra_forbidden")
    return value


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname)
        is_whole = is_address and parts.port != 0 and not any(map(str.isspace, url))
    except ValueError:
        is_whole = False
    if url and not is_whole:
        raise ValueError("must be an address such as http://127.0.0.1:11434/v1")
    return url


OtherTable = Annotated[Secret[dict[str, object]], BeforeValidator(_table_or_unknown)]
"""A table for a third-party generator, which alone knows what in it is secret."""


class RulesReplies(Section):
    """Replies by the rules of a file."""

    file: str = Field(default="config/rules.toml", min_length=1)
    """Relative to the folder of a file given by --config, else to the working directory. Reloaded
    when it changes.
    """


class ModelReplies(Section):
    """Replies by a language model."""

    provider: Literal["openai", "anthropic"] = "openai"
    """"openai": any server with OpenAI's chat completions API, such as Ollama, vLLM, llama.cpp or
    OpenRouter. "anthropic": Anthropic's messages API.
    """
    url: Annotated[str, AfterValidator(_address)] = ""
    """URL of another server, for example "http://127.0.0.1:11434/v1". Empty: the provider's own."""
    api_key: SecretStr = NO_SECRET
    """Set it with the environment variable MOCA_REPLIES__MODEL__API_KEY. Your own server may not
    need one.
    """
    model: str = ""
    """The model's name on that server."""
    prompt: str = MODEL_PROMPT
    """The system prompt. If it contains {name}, the contact's profile name is passed along with the
    messages.
    """
    max_bytes: int = Field(default=1000, ge=50, le=10_000)
    """In UTF-8; Instagram's limit for one message. Given to the model; a longer reply is cut after
    a sentence.
    """
    max_tokens: int = Field(default=400, ge=16, le=100_000)
    """Limits the cost of one call."""
    history: int = Field(default=10, ge=0, le=50)
    """Earlier messages of both sides that are given to the model."""
    timeout_seconds: float = Field(default=10, gt=0, le=120)
    """For one call."""
    retries: int = Field(default=1, ge=0, le=5)
    """Further calls if the server cannot be reached or fails; never after "too many requests"."""
    per_day: int = Field(default=1000, ge=1, le=100_000)
    """Maximum calls per day (UTC) for all contacts. One hour may use a quarter of them, or 50 if
    that is more. After that, the next generator of the chain replies.
    """
    per_account: int = Field(default=0, ge=0, le=100_000)
    """The same for each account that has this bot; 0: only `per_day`. The journey and the
    notification say that it is used up.
    """
    per_contact: int = Field(default=30, ge=1, le=100_000)
    """The same for one contact."""
    circuit_failures: int = Field(default=5, ge=1, le=1000)
    """After this many consecutive failures the server is not called, and the next generator
    replies.
    """
    circuit_seconds: float = Field(default=60, gt=0, le=86_400)
    """How long; then one call is tried."""
    may_hand_over: bool = True
    """Offers the model a tool to hand the conversation over to the team. Use false for servers
    without tool support.
    """


class FixedReplies(Section):
    """Replies with one text to everything."""

    text: str = "Thank you for your message. We will answer you as soon as we can."
    """The reply if no generator before it in the chain has one."""


class Replies(Section):
    """How messages are answered."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, OtherTable]

    generator: str | tuple[str, ...] = "mock"
    """"mock" answers every message with mock_text. Or a chain whose generators are tried in order:
    "rules, model, fixed".
    """
    mock_text: str = "This would be an AI generated message"
    mode: Literal["per_group", "combined"] = "per_group"
    """"per_group": one reply for each different text of a burst. "combined": one reply for all."""
    timeout_seconds: float = Field(default=30, gt=0, le=600)
    """For one attempt to generate a reply. After three attempts the message fails, with the reason.
    """
    concurrency: int = Field(default=0, ge=0, le=1000)
    """Replies generated at the same time by generators that make calls. 0: sender.per_second times
    timeout_seconds, 8 to 256. Rules and fixed texts never wait for them.
    """
    disclosure: str = ""
    """Discloses that a bot is writing, for example "You are talking to our bot."; sent before its
    first reply, after a gap, and after a teammate. Empty: nothing.
    """
    disclosure_gap_hours: float = Field(default=24, gt=0, le=24 * 365)
    """Repeat the disclosure this long after the bot's last message."""
    rules: RulesReplies = RulesReplies()
    model: ModelReplies = ModelReplies()
    fixed: FixedReplies = FixedReplies()

    @model_validator(mode="after")
    def _only_tables_of_the_chain(self) -> Self:
        unknown = [key for key in self.model_extra or {} if key not in self.chain]
        if unknown:
            faults = (
                InitErrorDetails(type="extra_forbidden", loc=(k,), input=None) for k in unknown
            )
            raise ValidationError.from_exception_data("replies", list(faults))
        return self

    @field_validator("generator")
    @classmethod
    def _each_once(cls, generator: str | tuple[str, ...]) -> str | tuple[str, ...]:
        chain = _names_in(generator)
        if not chain or len(set(chain)) < len(chain):
            raise ValueError('one or more different names, such as "rules, model, fixed"')
        return generator

    @model_validator(mode="after")
    def _in_time(self) -> Self:
        longest = self.model.timeout_seconds * (self.model.retries + 1)
        if "model" in self.chain and longest >= self.timeout_seconds:
            raise ValueError(
                f"timeout_seconds = {self.timeout_seconds:g} leaves no time for the model:"
                f" its calls may take {longest:g} s (model.timeout_seconds, model.retries)"
            )
        return self

    @property
    def chain(self) -> tuple[str, ...]:
        """Return the names of the generators in order."""
        return _names_in(self.generator)

    @property
    def tables(self) -> dict[str, dict[str, object]]:
        """Return the settings of each generator of the chain, by name."""
        return {name: self._table(name) for name in self.chain}

    def _table(self, name: str) -> dict[str, object]:
        if name == "mock":
            return {"text": self.mock_text}
        if name in type(self).model_fields:
            return dict(getattr(self, name))
        other = (self.model_extra or {}).get(name)
        return other.get_secret_value() if other else {}


def _names_in(generator: str | tuple[str, ...]) -> tuple[str, ...]:
    names = generator.split(",") if isinstance(generator, str) else generator
    return tuple(name.strip() for name in names if name.strip())
