from datetime import timedelta

import pytest

from moca.core.reports import bucket_of, median_of


@pytest.mark.parametrize(
    ("span", "bucket"),
    [
        (timedelta(0), 0),
        (timedelta(seconds=59), 0),
        (timedelta(minutes=1), 1),
        (timedelta(hours=1), 7),
        (timedelta(days=7), 13),
        (timedelta(days=900), 13),
    ],
)
def test_a_span_is_counted_by_its_length(span: timedelta, bucket: int) -> None:
    assert bucket_of(span) == bucket


def test_there_is_no_median_of_nothing() -> None:
    assert median_of({}) is None


def test_a_median_lies_within_the_bucket_of_the_middle() -> None:
    between_5_and_10_min = bucket_of(timedelta(minutes=7))
    counts = {0: 10, between_5_and_10_min: 20, bucket_of(timedelta(days=1)): 10}
    assert median_of(counts) == timedelta(minutes=7, seconds=30)


def test_what_is_beyond_the_last_bound_counts_as_that_bound() -> None:
    assert median_of({bucket_of(timedelta(days=900)): 3}) == timedelta(days=7)
