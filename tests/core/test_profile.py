import pytest

from moca.core.profile import (
    IceBreaker,
    MenuItem,
    MessengerProfile,
    ProfileChange,
    ProfileFingerprints,
    change_to,
)

HOURS = IceBreaker(question="When are you open?", payload="HOURS")
PRICES = MenuItem(title="Prices", payload="PRICES")
BOTH = MessengerProfile(ice_breakers=(HOURS,), menu=(PRICES,))
NOTHING = MessengerProfile()


@pytest.mark.parametrize(
    ("wanted", "shown", "change"),
    [
        (NOTHING, ProfileFingerprints(), None),
        (BOTH, BOTH.marks, None),
        (BOTH, ProfileFingerprints(), ProfileChange(set=BOTH)),
        (
            BOTH,
            MessengerProfile(ice_breakers=(HOURS,)).marks,
            ProfileChange(set=MessengerProfile(menu=(PRICES,))),
        ),
        (NOTHING, BOTH.marks, ProfileChange(clear=("ice_breakers", "persistent_menu"))),
        (
            MessengerProfile(ice_breakers=(HOURS, HOURS)),
            BOTH.marks,
            ProfileChange(
                set=MessengerProfile(ice_breakers=(HOURS, HOURS)), clear=("persistent_menu",)
            ),
        ),
    ],
)
def test_only_what_differs_is_changed_and_only_ours_taken_away(
    wanted: MessengerProfile, shown: ProfileFingerprints, change: ProfileChange | None
) -> None:
    assert change_to(wanted, shown) == change
