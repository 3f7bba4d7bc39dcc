from typing import Self

from pydantic import Field, model_validator

from moca.settings.section import Section


class IceBreaker(Section):
    """A question offered to whoever never wrote."""

    question: str = Field(min_length=1, max_length=80)
    payload: str = Field(min_length=1, max_length=1000)


class MenuItem(Section):
    """An entry of the menu."""

    title: str = Field(min_length=1, max_length=30)
    url: str | None = Field(default=None, pattern=r"^https?://\S+$")
    payload: str | None = Field(default=None, min_length=1, max_length=1000)

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Self:
        if (self.url is None) == (self.payload is None):
            raise ValueError("either url or payload")
        return self


class ProfileSection(Section):
    """What an account shows to those who write to it."""

    ice_breakers: tuple[IceBreaker, ...] = Field(default=(), max_length=4)
    menu: tuple[MenuItem, ...] = Field(default=(), max_length=5)
