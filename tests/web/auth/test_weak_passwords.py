import pytest

from moca.web.auth.weak_passwords import fault_in_password

EASY = "is too easy to guess; take several unrelated words"


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("correct horse battery", None),
        ("ninechars", "must be 10 to 200 characters long"),
        ("x" * 201, "must be 10 to 200 characters long"),
        ("1234567890", EASY),
        ("0987654321", EASY),
        ("qwertyuiop", EASY),
        ("Password123", EASY),
        ("PASSWORD123!", EASY),
        ("aaaaaaaaaaaa", EASY),
        ("1212121212", EASY),
        ("anna.lund and more", "must not contain the name"),
        ("ANNA.LUND and more", "must not contain the name"),
    ],
)
def test_a_password_that_is_easy_to_guess_is_refused(password: str, fault: str | None) -> None:
    assert fault_in_password(password, "Anna.Lund") == fault


def test_a_short_name_may_be_part_of_a_password() -> None:
    assert fault_in_password("bananas in pyjamas", "ana") is None
