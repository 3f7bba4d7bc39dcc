from typing import Self

from pydantic import Field, model_validator

from moca.settings.section import Section


class IceBreakerSection(Section):
    """A question offered to new contacts."""

    question: str = Field(min_length=1, max_length=80)
    payload: str = Field(min_length=1, max_length=1000)


class MenuItemSection(Section):
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
    """What an account shows to its contacts."""

    ice_breakers: tuple[IceBreakerSection, ...] = Field(default=(), max_length=4)
    """Up to 4 questions offered to new contacts, for example [{question = "When are you open?",
    payload = "HOURS"}]. A tap arrives as a postback.
    """
    menu: tuple[MenuItemSection, ...] = Field(default=(), max_length=5)
    """Up to 5 menu entries, for example [{title = "Prices", payload = "PRICES"}, {title = "Shop",
    url = "https://your.shop"}].
    """
