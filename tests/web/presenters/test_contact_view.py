import pytest

from moca.web.presenters.contact_view import from_meta, initials, profile_url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://scontent.cdninstagram.com/a.jpg?x=1", True),
        ("https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1", True),
        ("https://scontent-fra3-1.xx.fbcdn.net/a.mp4", True),
        ("http://scontent.cdninstagram.com/a.jpg", False),
        ("https://cdninstagram.com.evil.example/a.jpg", False),
        ("https://evilcdninstagram.com/a.jpg", False),
        ("https://user@evil.example/#.fbcdn.net", False),
        ("javascript:alert(1)//.fbcdn.net", False),
        ("https://[::1", False),
        ("", False),
        (None, False),
    ],
)
def test_only_pictures_from_metas_hosts_are_shown(url: str | None, shown: bool) -> None:
    assert from_meta(url) == (url if shown else "")


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ada Lovelace", "AL"),
        ("ada of lovelace", "AL"),
        ("Ada", "A"),
        ("@ada", "A"),
        ("(Ada) \N{CHERRY BLOSSOM}", "A"),
        ("عمر الشريف", "عا"),
        ("山田 太郎", "山太"),
        ("สมชาย ใจดี", "สใ"),
        ("ნინო", "ნ"),
        ("ßeta", "S"),
        ("E\N{COMBINING ACUTE ACCENT}lodie", "\N{LATIN CAPITAL LETTER E WITH ACUTE}"),
        ("\N{MATHEMATICAL BOLD SCRIPT CAPITAL A}\N{MATHEMATICAL BOLD SCRIPT SMALL D}a", "A"),
        ("\N{CHERRY BLOSSOM}\N{CHERRY BLOSSOM}", "\N{CHERRY BLOSSOM}"),
        ("\U0001f1f3\U0001f1f4 \U0001f1f3\U0001f1f4", "\U0001f1f3\U0001f1f4"),
        ("17000000000020", "1"),
        ("", ""),
    ],
)
def test_initials_are_letters_of_any_script_and_else_the_first_character(
    name: str, letters: str
) -> None:
    assert initials(name) == letters


def test_a_handle_never_leaves_its_place_in_the_address() -> None:
    assert profile_url("ada.l/../x?y") == "https://www.instagram.com/ada.l%2F..%2Fx%3Fy/"
