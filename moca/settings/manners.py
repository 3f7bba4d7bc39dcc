from collections.abc import Iterable
from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from moca.settings.section import NO_SECRET, Section

_SHORTEST_SECRET = 16


def _with_a_letter(word: str) -> str:
    if not any(character.isalnum() for character in word):
        raise ValueError(f"{word!r} has no letter or digit, so nothing has it")
    return word


Words = tuple[Annotated[str, AfterValidator(_with_a_letter)], ...]


def _bare(words: Iterable[str]) -> set[str]:
    return {"".join(filter(str.isalnum, word.casefold())) for word in words}


class Manners(Section):
    """What a contact may ask of the bot, and what the bot says to it."""

    opt_out_words: Words = ("STOP",)
    opt_out_text: str = "You will get no more automatic messages. Write START to get them again."
    opt_in_words: Words = ("START",)
    opt_in_text: str = "Welcome back. Your messages are answered again."
    escalation_words: Words = ()
    hand_over_text: str = "A person will answer you here."

    @model_validator(mode="after")
    def _one_way_only(self) -> Self:
        if _bare(self.opt_out_words) & _bare(self.opt_in_words):
            raise ValueError("no word can be in both opt_out_words and opt_in_words")
        return self


class Notify(Section):
    """Who is told, outside of Moca, that a person is needed."""

    url: str = Field(default="", pattern=r"^(https?://\S+)?$")
    secret: SecretStr = NO_SECRET
    timeout_seconds: float = Field(default=5, gt=0, le=60)

    @model_validator(mode="after")
    def _signed(self) -> Self:
        if self.url and len(self.secret.get_secret_value()) < _SHORTEST_SECRET:
            raise ValueError(f"a url needs a secret of {_SHORTEST_SECRET} characters or more")
        return self
