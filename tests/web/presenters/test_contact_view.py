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
def test_only_pictures_from_metas_hosts_are_shown(url, shown):
    assert from_meta(url) == (url if shown else "")


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ada Lovelace", "AL"),
        ("ada of lovelace", "AL"),
        ("Ada", "A"),
        ("@ada", ""),
        ("17000000000020", "1"),
        ("", ""),
    ],
)
def test_initials_are_the_first_letters_of_the_first_and_last_word(name, letters):
    assert initials(name) == letters


def test_a_handle_never_leaves_its_place_in_the_address():
    assert profile_url("ada.l/../x?y") == "https://www.instagram.com/ada.l%2F..%2Fx%3Fy/"
