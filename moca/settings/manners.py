from collections.abc import Iterable
from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from moca.settings.section import NO_SECRET, Section

_MIN_SECRET_LENGTH = 16


def _with_a_letter(word: str) -> str:
    if not any(character.isalnum() for character in word):
        raise ValueError(f"{word!r} has no letter or digit, so it never matches")
    return word


Words = tuple[Annotated[str, AfterValidator(_with_a_letter)], ...]


def _bare(words: Iterable[str]) -> set[str]:
    return {"".join(filter(str.isalnum, word.casefold())) for word in words}


class Manners(Section):
    """What a contact may ask of the bot, and what the bot says about itself."""

    opt_out_words: Words = ("STOP",)
    """A message that consists of one of these words stops all automatic messages to the contact.
    Case, accents and punctuation are ignored.
    """
    opt_out_text: str = "You will get no more automatic messages. Write START to get them again."
    """The last automatic message. Empty: nothing is sent."""
    opt_in_words: Words = ("START",)
    """Words that undo an opt-out; for other contacts they are ordinary words."""
    opt_in_text: str = "Welcome back. Your messages are answered again."
    """Empty: the message is answered like any other."""
    escalation_words: Words = ()
    """A message that contains one of these, as whole words, hands the conversation to the team, for
    example ["human", "real person"].
    """
    hand_over_text: str = "A person will answer you here."
    """Sent on a hand-over, at any hour, unless the generator provides its own text. Empty: nothing.
    """

    @model_validator(mode="after")
    def _one_way_only(self) -> Self:
        if _bare(self.opt_out_words) & _bare(self.opt_in_words):
            raise ValueError("no word can be in both opt_out_words and opt_in_words")
        return self


class Notify(Section):
    """Who is notified outside Moca when a conversation needs an operator."""

    url: str = Field(default="", pattern=r"^(https?://\S+)?$")
    """Receives a signed POST when a conversation is handed over or taken over, an account's token
    becomes invalid, webhooks stop arriving, or the model's budget is used up. Empty: no
    notifications.
    """
    secret: SecretStr = NO_SECRET
    """Signs them in X-Moca-Signature-256; at least 16 characters."""
    timeout_seconds: float = Field(default=5, gt=0, le=60)
    """For one attempt; there are up to 24."""
    urls: tuple[SecretStr, ...] = Field(default=(), max_length=20)
    """Also sends them as text to e-mail, Slack, Telegram and other services, for example
    ["mailtos://user:password@example.com"]: URLs of Apprise, https://appriseit.com. Needs pip
    install 'moca-dm[notify]'.
    """

    allow_private: bool = False
    """Whether the subscribers at /subscribers may be at private addresses or without TLS."""

    @model_validator(mode="after")
    def _signed(self) -> Self:
        if self.url and len(self.secret.get_secret_value()) < _MIN_SECRET_LENGTH:
            raise ValueError(f"a url needs a secret of {_MIN_SECRET_LENGTH} characters or more")
        return self
