from typing import Annotated, Any, Literal, Self
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


OtherTable = Annotated[Secret[dict[str, Any]], BeforeValidator(_table_or_unknown)]
"""A table for somebody else's generator: what in it is secret, only that generator knows."""


class RulesReplies(Section):
    """Answers by the rules of a file."""

    file: str = Field(default="config/rules.toml", min_length=1)


class ModelReplies(Section):
    """Answers by a language model."""

    provider: Literal["openai", "anthropic"] = "openai"
    url: Annotated[str, AfterValidator(_address)] = ""
    api_key: SecretStr = NO_SECRET
    model: str = ""
    prompt: str = MODEL_PROMPT
    max_bytes: int = Field(default=1000, ge=50, le=10_000)
    max_tokens: int = Field(default=400, ge=16, le=100_000)
    history: int = Field(default=10, ge=0, le=50)
    timeout_seconds: float = Field(default=10, gt=0, le=120)
    retries: int = Field(default=1, ge=0, le=5)
    per_day: int = Field(default=1000, ge=1, le=100_000)
    per_contact: int = Field(default=30, ge=1, le=100_000)
    circuit_failures: int = Field(default=5, ge=1, le=1000)
    circuit_seconds: float = Field(default=60, gt=0, le=86_400)
    may_hand_over: bool = True


class FixedReplies(Section):
    """Says one text to everybody."""

    text: str = "Thank you for your message. We will answer you as soon as we can."


class Replies(Section):
    """What is answered."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, OtherTable]

    generator: str | tuple[str, ...] = "mock"
    mock_text: str = "This would be an AI generated message"
    mode: Literal["per_group", "combined"] = "per_group"
    timeout_seconds: float = Field(default=30, gt=0, le=600)
    concurrency: int = Field(default=0, ge=0, le=1000)
    disclosure: str = ""
    disclosure_gap_hours: float = Field(default=24, gt=0, le=24 * 365)
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
            raise ValueError('one name or several, each once, such as "rules, model, fixed"')
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
        """The names of the generators in the order in which they are asked."""
        return _names_in(self.generator)

    @property
    def tables(self) -> dict[str, dict[str, Any]]:
        """What each generator of the chain is to be made with."""
        return {name: self._table(name) for name in self.chain}

    def _table(self, name: str) -> dict[str, Any]:
        if name == "mock":
            return {"text": self.mock_text}
        if name in type(self).model_fields:
            return dict(getattr(self, name))
        other = (self.model_extra or {}).get(name)
        return other.get_secret_value() if other else {}


def _names_in(generator: str | tuple[str, ...]) -> tuple[str, ...]:
    names = generator.split(",") if isinstance(generator, str) else generator
    return tuple(name.strip() for name in names if name.strip())
