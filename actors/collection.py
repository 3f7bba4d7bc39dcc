import gc

_AFTER_MIDDLE_ONES = 15_000


def collect_seldom() -> None:
    """Have the whole process searched for cyclic garbage seldom, what is new as often as ever.

    Actors and messages leave no cycles behind, and what lives is walked through each time: at
    200,000 conversations every fourth microsecond went there. Nothing else runs meanwhile, so the
    new ones are looked at few at a time: beside 1,000,000 conversations, a walk through as many
    new objects stopped everything for two seconds.
    """
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, _AFTER_MIDDLE_ONES)
