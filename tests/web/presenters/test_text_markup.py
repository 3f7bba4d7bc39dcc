import pytest

from moca.web.presenters.text_markup import hit_excerpt, linked, marked


def link(url: str, shown: str | None = None) -> str:
    rel = 'rel="noreferrer noopener nofollow" target="_blank"'
    return f'<a href="{url}" {rel}><bdi>{shown or url}</bdi></a>'


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("see https://moca.example/a?b=1.", f"see {link('https://moca.example/a?b=1')}."),
        ("(http://moca.example)", f"({link('http://moca.example')})"),
        (
            "https://en.wikipedia.org/wiki/Moca_(coffee)",
            link("https://en.wikipedia.org/wiki/Moca_(coffee)"),
        ),
        (
            "https://a.example and HTTPS://B.example!",
            f"{link('https://a.example')} and {link('HTTPS://B.example')}!",
        ),
        ("https://a.example/\u202egnp.exe", f"{link('https://a.example/')}\u202egnp.exe"),
        ("javascript:alert(1) www.a.example", "javascript:alert(1) www.a.example"),
        (
            'https://a.example/"><script>alert(1)</script>',
            f"{link('https://a.example/')}&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;",
        ),
        ("https://a.example/?a=1&b=2", link("https://a.example/?a=1&amp;b=2")),
        ("https://...", "https://..."),
        ("", ""),
    ],
)
def test_web_addresses_are_links_and_nothing_else_is(text: str, html: str) -> None:
    assert linked(text) == html


@pytest.mark.parametrize(
    ("text", "term", "html"),
    [
        ("Where is my Order?", "order", "Where is my <mark>Order</mark>?"),
        ("Un CAFÉ & <two>", "two cafe", "Un <mark>CAFÉ</mark> &amp; &lt;<mark>two</mark>&gt;"),
        ("a <mark>", "mark", "a &lt;<mark>mark</mark>&gt;"),
        ("none", "x", "none"),
        ("none", "", "none"),
    ],
)
def test_the_term_of_a_search_is_marked(text: str, term: str, html: str) -> None:
    assert marked(text, term) == html


def test_a_term_is_marked_within_a_link_too() -> None:
    assert linked("https://a.example/order", "ORDER") == link(
        "https://a.example/order", "https://a.example/<mark>order</mark>"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("My parcel is late", "My parcel is late"),
        (f"{'so many words ' * 9}before my parcel comes", "\u2026 words before my parcel comes"),
        (f"{'a' * 60}-parcel", "\u2026 parcel"),
        ("What is late, and where it is", "What is late, and where it is"),
    ],
)
def test_a_hit_is_shown_from_shortly_before_what_was_found(text: str, shown: str) -> None:
    assert hit_excerpt(text, "parcel") == shown
