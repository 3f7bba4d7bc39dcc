import pytest

from moca.core.types import OperatorRole


@pytest.mark.parametrize(
    ("role", "included"),
    [
        (OperatorRole.READS, {OperatorRole.READS}),
        (OperatorRole.DRAFTS, {OperatorRole.READS, OperatorRole.DRAFTS}),
        (OperatorRole.ANSWERS, {OperatorRole.READS, OperatorRole.DRAFTS, OperatorRole.ANSWERS}),
        (OperatorRole.ADMINISTERS, set(OperatorRole)),
    ],
)
def test_each_role_includes_those_before_it(
    role: OperatorRole, included: set[OperatorRole]
) -> None:
    assert {each for each in OperatorRole if role.includes(each)} == included
