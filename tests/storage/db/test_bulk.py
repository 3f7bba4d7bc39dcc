import pytest

from moca.storage.db.bulk import in_halving_chunks


@pytest.mark.parametrize(
    ("rows", "lengths"),
    [(0, []), (1, [1]), (45, [32, 8, 4, 1]), (64, [64]), (1300, [512, 512, 256, 16, 4])],
)
def test_any_number_of_rows_goes_in_a_few_lengths_and_in_order(
    rows: int, lengths: list[int]
) -> None:
    chunks = list(in_halving_chunks(range(rows), width=17))
    assert [len(chunk) for chunk in chunks] == lengths
    assert [row for chunk in chunks for row in chunk] == list(range(rows))
