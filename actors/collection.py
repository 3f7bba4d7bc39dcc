import gc

_AFTER_ALLOCATIONS = 50_000
_AFTER_YOUNG_ONES, _AFTER_MIDDLE_ONES = 20, 100


def collect_seldom() -> None:
    """Have the whole process look for cyclic garbage seldom, instead of every few hundred objects.

    Actors and messages leave no cycles behind, and what lives is walked through each time: at
    200,000 conversations every fourth microsecond went there.
    """
    gc.set_threshold(_AFTER_ALLOCATIONS, _AFTER_YOUNG_ONES, _AFTER_MIDDLE_ONES)
