import hashlib
from dataclasses import dataclass, field

ICE_BREAKERS = "ice_breakers"
MENU = "persistent_menu"


@dataclass(frozen=True, slots=True, kw_only=True)
class IceBreaker:
    """A question that somebody who never wrote is offered; tapped, it comes as a postback."""

    question: str
    payload: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuItem:
    """An entry of the menu that is always there: just one of url and payload is set."""

    title: str
    url: str | None = None
    payload: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """By which an account's ice breakers and menu are known again; empty where it has none."""

    ice_breakers: str = ""
    menu: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """The ice breakers and the menu that an account shows."""

    ice_breakers: tuple[IceBreaker, ...] = ()
    menu: tuple[MenuItem, ...] = ()

    @property
    def marks(self) -> Marks:
        """Equal for equal profiles, also in another run."""
        return Marks(ice_breakers=_mark(self.ice_breakers), menu=_mark(self.menu))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileChange:
    """What is to be set, and which parts are to be taken away."""

    set: Welcome = field(default_factory=Welcome)
    clear: tuple[str, ...] = ()


def change_to(wanted: Welcome, shown: Marks) -> ProfileChange | None:
    """Say what is to be changed where this was set before; None if nothing is.

    What Moca never set it does not take away: somebody else may have.
    """
    marks = wanted.marks
    if marks == shown:
        return None
    changed = Welcome(
        ice_breakers=wanted.ice_breakers if marks.ice_breakers != shown.ice_breakers else (),
        menu=wanted.menu if marks.menu != shown.menu else (),
    )
    gone = {
        ICE_BREAKERS: shown.ice_breakers and not marks.ice_breakers,
        MENU: shown.menu and not marks.menu,
    }
    return ProfileChange(
        set=changed, clear=tuple(name for name, is_gone in gone.items() if is_gone)
    )


def _mark(entries: tuple[object, ...]) -> str:
    return hashlib.sha256(repr(entries).encode()).hexdigest() if entries else ""
