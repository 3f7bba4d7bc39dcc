import pytest

from moca.core.types import Right


@pytest.mark.parametrize(
    ("right", "included"),
    [
        (Right.READS, {Right.READS}),
        (Right.ANSWERS, {Right.READS, Right.ANSWERS}),
        (Right.ADMINISTERS, set(Right)),
    ],
)
def test_each_right_includes_those_before_it(right, included):
    assert {each for each in Right if right.includes(each)} == included
