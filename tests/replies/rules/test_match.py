import pytest
from structlog.testing import capture_logs

from moca.core.content.content import Button, Card, Content, Media, QuickReply
from moca.replies.generator import GeneratedReply, HandOver, NoReply, ReplyRequest
from moca.replies.rules import pattern_search
from moca.replies.rules.book import RuleBook
from moca.replies.rules.reader import read_rules
from tests.replies.requests import asked, seen, tapped
from tests.support.values import of_kind, present


def content_of(reply: object) -> Content:
    return present(of_kind(reply, GeneratedReply).content)


def rules(text: str) -> RuleBook:
    return read_rules(text)


def fits(keyword: str, text: str) -> bool:
    book = rules(f"[[rule]]\nname = 'r'\nkeywords = [{keyword!r}]\nanswers = 'yes'")
    return book.reply(asked(text)) == GeneratedReply(Content(text="yes"), "rule 'r'", rule="r")


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        ("price", "What's the PRICE?"),
        ("café", "CAFE or tea"),
        ("cafe", "the café."),
        ("straße", "STRASSE 5"),
        ("how much", "how   much is it"),
        ("how much", "how, much?"),
        ("what's up", "what\u2019s up"),
        ("цена", "Какая ЦЕНА?"),
        ("価格", "この価格は"),
        ("ราคา", "ขอราคาหน่อย"),
        ("가격", "가격 주세요"),
        ("❤️", "so nice ❤️!"),
        ("ﬁsh", "fish"),
    ],
)
def test_a_keyword_is_found_as_people_write_it(keyword: str, text: str) -> None:
    assert fits(keyword, text)


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        ("price", "priceless"),
        ("art", "start"),
        ("how much", "much how"),
        ("how much", "how very much"),
        ("hi", "this"),
        ("цена", "оценка"),
        ("price", ""),
    ],
)
def test_a_keyword_is_not_found_within_words(keyword: str, text: str) -> None:
    assert not fits(keyword, text)


@pytest.mark.parametrize(("text", "matches"), [("the price?", True), ("price of a Gift 🎁", False)])
@pytest.mark.parametrize("excluded", ["gift", "🎁"])
@pytest.mark.parametrize("keywords", ["keywords = ['price']", ""])
def test_a_word_that_excludes_keeps_a_rule_from_matching(
    text: str, matches: bool, excluded: str, keywords: str
) -> None:
    book = rules(f"[[rule]]\nname = 'r'\n{keywords}\nexclude = [{excluded!r}]\nanswers = 'yes'")
    assert isinstance(book.reply(asked(text)), GeneratedReply) is matches


PATTERN = "[[rule]]\nname = 'r'\npatterns = ['order\\s*#?\\d{4}']\nanswers = 'yes'"


@pytest.mark.parametrize(("text", "found"), [("ORDER #1234", True), ("order 12", False)])
def test_a_pattern_is_a_regular_expression_whatever_the_case(text: str, found: bool) -> None:
    assert (rules(PATTERN).reply(asked(text)) != NoReply("no rule matches")) == found


def test_a_pattern_that_would_search_for_ever_is_given_up_and_the_next_rule_asked() -> None:
    book = rules(
        "[[rule]]\nname = 'slow'\npatterns = ['^(a|a|aa)+$']\nanswers = 'no'\n"
        "[[rule]]\nname = 'rest'\nanswers = 'yes'\n"
    )
    with capture_logs() as logs:
        assert book.reply(asked("a" * 60 + "!")) == GeneratedReply(
            Content(text="yes"), "rule 'rest'", rule="rest"
        )
    assert logs == [{"event": "pattern_too_slow", "log_level": "warning", "rule": "slow"}]


def test_slow_patterns_are_given_up_for_a_reply_after_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pattern_search, "_MAX_SECONDS_EACH", 0.0001)
    slow = "[[rule]]\nname = 'slow'\npatterns = ['^(a|a|aa)+$']\nanswers = 'no'\n"
    many = "".join(slow.replace("slow", f"slow {number}") for number in range(40))
    book = rules(f"{many}[[rule]]\nname = 'rest'\nanswers = 'yes'\n")
    for _ in range(2):
        with capture_logs() as logs:
            assert of_kind(book.reply(asked("a" * 60 + "!")), GeneratedReply).rule == "rest"
        named = [log.get("rule") for log in logs]
        assert named == [f"slow {number}" for number in range(pattern_search.MAX_SLOW_PATTERNS)]


def test_only_the_first_characters_of_a_long_message_are_looked_at() -> None:
    assert not fits("price", "x " * 1000 + "price")


def test_the_first_rule_that_fits_any_of_the_messages_is_taken() -> None:
    book = rules(
        "[[rule]]\nname = 'a'\nkeywords = ['a']\nanswers = 'A'\n"
        "[[rule]]\nname = 'b'\nkeywords = ['b']\nanswers = 'B'\n"
    )
    assert book.reply(asked("b", "a")) == GeneratedReply(Content(text="A"), "rule 'a'", rule="a")


def test_nothing_is_said_where_no_rule_fits() -> None:
    assert rules("").reply(asked("hi")) == NoReply("no rule matches")


@pytest.mark.parametrize(
    ("on", "request_", "found"),
    [
        ("message", seen("text", "x"), True),
        ("message", seen("image"), True),
        ("text", seen("image"), False),
        ("image", seen("image"), True),
        ("story_mention", seen("story_mention"), True),
        ("story_mention", seen("text", "x"), False),
        ("quick_reply", seen("quick_reply", "Shirts"), True),
        ("postback", tapped("Prices", "PRICES"), True),
        ("message", tapped("Prices", "PRICES"), False),
        ("text", tapped("Prices", "PRICES"), False),
        ("comment", seen("text", "nice", kind="comment"), True),
        ("message", seen("something_new"), True),
    ],
)
def test_a_rule_is_for_kinds_of_events(on: str, request_: ReplyRequest, found: bool) -> None:
    book = rules(f"[[rule]]\nname = 'r'\non = [{on!r}]\nanswers = 'yes'")
    assert (book.reply(request_) != NoReply("no rule matches")) == found


@pytest.mark.parametrize("kind", ["message", "postback"])
def test_a_payload_counts_whatever_the_button_is_called(kind: str) -> None:
    book = rules("[[rule]]\nname = 'r'\npayloads = ['PRICES']\nanswers = 'yes'")
    assert book.reply(tapped("Anything", "PRICES", kind=kind)) != NoReply("no rule matches")
    assert book.reply(tapped("PRICES", "OTHER", kind=kind)) == NoReply("no rule matches")


LANGUAGES = """
language = "de"
[[rule]]
name = "prices"
on = ["text", "image"]
keywords = { en = ["price"], de = ["preis"], fr = ["prix"], "" = ["kosten"] }
answers = { en = "20 euros", de = "20 Euro" }
[[rule]]
name = "rest"
answers = { en = "Nice", de = "Schön" }
"""


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("price?", "20 euros"),
        ("Preis?", "20 Euro"),
        ("prix?", "20 euros"),
        ("Kosten?", "20 Euro"),
        ("?", "Schön"),
    ],
)
def test_the_keyword_tells_the_language_of_the_answer(text: str, answer: str) -> None:
    assert of_kind(rules(LANGUAGES).reply(asked(text)), GeneratedReply).content == Content(
        text=answer
    )


TURNS = "[[rule]]\nname = 'r'\nanswers = ['a', 'b', 'c']"


def test_answers_take_turns_from_message_to_message() -> None:
    book = rules(TURNS)
    said = [
        content_of(book.reply(seen("text", "x", id=number))).text for number in range(2, 602, 2)
    ]
    assert all(80 <= said.count(answer) <= 120 for answer in "abc")


def test_the_same_message_gets_the_same_answer_however_often_it_is_asked() -> None:
    assert (
        len({content_of(rules(TURNS).reply(seen("text", "x", id=7))).text for _ in range(20)}) == 1
    )


@pytest.mark.parametrize(
    ("text", "name", "filled"),
    [
        ("Hello {name}!", "Anna Berg", "Hello Anna Berg!"),
        ("Hello {first_name}!", "Anna Berg", "Hello Anna!"),
        ("Hello, {first_name}!", None, "Hello!"),
        ("Hello {first_name|there}!", None, "Hello there!"),
        ("{name}, hello", "  ", ", hello"),
        ("Hello {name}!", "{first_name}\n\n x", "Hello {first_name} x!"),
        ("Hello {name}!", "y" * 99, f"Hello {'y' * 40}!"),
        ("a {b c} :-}", "Anna", "a {b c} :-}"),
    ],
)
def test_placeholders_are_filled(text: str, name: str | None, filled: str) -> None:
    book = rules(f"[[rule]]\nname = 'r'\nanswers = '{text}'")
    assert of_kind(book.reply(asked("hi", name=name)), GeneratedReply).content == Content(
        text=filled
    )


def test_a_rule_can_say_all_that_instagram_can_show() -> None:
    text = """
[[rule]]
name = "text"
keywords = ["text"]
answers = "Which?"
quick_replies = [{ title = "Shirts" }, { title = "Hats", payload = "HATS" }]
[[rule]]
name = "buttons"
keywords = ["buttons"]
answers = "Look"
buttons = [{ title = "Open", url = "https://e.com" }, { title = "Ask", payload = "ASK" }]
[[rule]]
name = "media"
keywords = ["media"]
media = { type = "image", url = "https://e.com/i.png" }
[[rule]]
name = "cards"
keywords = ["cards"]
[[rule.cards]]
title = "Shirt"
subtitle = "20 €"
image_url = "https://e.com/s.png"
url = "https://e.com/s"
buttons = [{ title = "Open", url = "https://e.com" }]
[[rule.cards]]
title = "Hat"
subtitle = "30 €"
"""
    to_open = Button(title="Open", url="https://e.com")
    contents = {
        "text": Content(
            text="Which?",
            quick_replies=(
                QuickReply(title="Shirts", payload="Shirts"),
                QuickReply(title="Hats", payload="HATS"),
            ),
        ),
        "buttons": Content(text="Look", buttons=(to_open, Button(title="Ask", payload="ASK"))),
        "media": Content(media=Media(type="image", url="https://e.com/i.png")),
        "cards": Content(
            cards=(
                Card(
                    title="Shirt",
                    subtitle="20 €",
                    image_url="https://e.com/s.png",
                    url="https://e.com/s",
                    buttons=(to_open,),
                ),
                Card(title="Hat", subtitle="30 €"),
            )
        ),
    }
    book = rules(text)
    assert {
        name: of_kind(book.reply(asked(name)), GeneratedReply).content for name in contents
    } == contents


def test_a_rule_can_hand_over_with_words_or_without() -> None:
    book = rules(
        "[[rule]]\nname = 'a'\nkeywords = ['human']\nanswers = 'Wait'\nhand_over = true\n"
        "[[rule]]\nname = 'b'\nkeywords = ['boss']\nhand_over = true\n"
    )
    assert book.reply(asked("human")) == HandOver(
        "rule 'a' asks for a person", Content(text="Wait"), "a"
    )
    assert book.reply(asked("boss")) == HandOver("rule 'b' asks for a person", rule="b")


def test_a_rule_gives_its_reply_a_topic() -> None:
    book = rules("[[rule]]\nname = 'r'\nanswers = 'ten'\ntopic = 'prices'")
    reply = GeneratedReply(Content(text="ten"), "rule 'r'", rule="r", topic="prices")
    assert book.reply(asked("price?")) == reply
