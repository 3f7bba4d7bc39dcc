import pytest

from moca.core.profile import IceBreaker, Marks, MenuItem, ProfileChange, Welcome, change_to

HOURS = IceBreaker(question="When are you open?", payload="HOURS")
PRICES = MenuItem(title="Prices", payload="PRICES")
BOTH = Welcome(ice_breakers=(HOURS,), menu=(PRICES,))
NOTHING = Welcome()


@pytest.mark.parametrize(
    ("wanted", "shown", "change"),
    [
        (NOTHING, Marks(), None),
        (BOTH, BOTH.marks, None),
        (BOTH, Marks(), ProfileChange(set=BOTH)),
        (
            BOTH,
            Welcome(ice_breakers=(HOURS,)).marks,
            ProfileChange(set=Welcome(menu=(PRICES,))),
        ),
        (NOTHING, BOTH.marks, ProfileChange(clear=("ice_breakers", "persistent_menu"))),
        (
            Welcome(ice_breakers=(HOURS, HOURS)),
            BOTH.marks,
            ProfileChange(set=Welcome(ice_breakers=(HOURS, HOURS)), clear=("persistent_menu",)),
        ),
    ],
)
def test_only_what_differs_is_changed_and_only_ours_taken_away(wanted, shown, change):
    assert change_to(wanted, shown) == change
