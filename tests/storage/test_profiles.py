from moca.core.messages import RecordProfile
from moca.core.profile import IceBreaker, Marks, MenuItem, Welcome
from moca.storage.reads.profiles import shown_profiles

HOURS = Welcome(ice_breakers=(IceBreaker(question="When?", payload="HOURS"),)).marks
PRICES = Welcome(menu=(MenuItem(title="Prices", payload="PRICES"),)).marks


def test_what_an_account_was_given_is_known_again(desk):
    desk.do(RecordProfile("1", HOURS), RecordProfile("2", PRICES))

    assert shown_profiles() == {"1": HOURS, "2": PRICES}


def test_the_last_word_counts(desk):
    desk.do(RecordProfile("1", HOURS))
    desk.do(RecordProfile("1", PRICES), RecordProfile("2", HOURS), RecordProfile("2", Marks()))

    assert shown_profiles() == {"1": PRICES, "2": Marks()}
