import hashlib
from dataclasses import dataclass, field

ICE_BREAKERS = "ice_breakers"
MENU = "persistent_menu"


@dataclass(frozen=True, slots=True, kw_only=True)
class IceBreaker:
    """A question offered to a contact who has not written yet; a tap arrives as a postback."""

    question: str
    payload: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuItem:
    """An entry of the persistent menu. Exactly one of `url` and `payload` is set."""

    title: str
    url: str | None = None
    payload: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileFingerprints:
    """Hashes of an account's ice breakers and menu; empty if it has none."""

    ice_breakers: str = ""
    menu: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessengerProfile:
    """The ice breakers and persistent menu of an account."""

    ice_breakers: tuple[IceBreaker, ...] = ()
    menu: tuple[MenuItem, ...] = ()

    @property
    def marks(self) -> ProfileFingerprints:
        """The fingerprints, equal for equal profiles across runs."""
        return ProfileFingerprints(ice_breakers=_mark(self.ice_breakers), menu=_mark(self.menu))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileChange:
    """The parts of a profile to set, and the parts to remove."""

    set: MessengerProfile = field(default_factory=MessengerProfile)
    clear: tuple[str, ...] = ()


def change_to(wanted: MessengerProfile, shown: ProfileFingerprints) -> ProfileChange | None:
    """Return the change from the fingerprints last set to the wanted profile, or None.

    Parts that Moca never set are not removed: another app or the owner may have set them.
    """
    marks = wanted.marks
    if marks == shown:
        return None
    changed = MessengerProfile(
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
