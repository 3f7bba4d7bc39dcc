from collections.abc import Iterator

import regex

from moca.core.content.content import Button, Card, Content, Media, QuickReply
from moca.replies.rules.rule import AnswerVariants, Keywords, Rule
from moca.replies.rules.schema import ButtonSchema, CardSchema, RuleSchema


def rule_of(shape: RuleSchema) -> Rule:
    """Build a rule from the file's schema."""
    return Rule(
        name=shape.name,
        on=frozenset(shape.on),
        wordings=tuple(_wordings(shape)),
        payloads=frozenset(shape.payloads),
        answers={language: answers for language, answers in shape.answers.items() if answers},
        around=_around(shape),
        hand_over=shape.hand_over,
        at_once=shape.at_once,
        topic=shape.topic,
        excluded=Keywords.of(shape.exclude),
    )


def _wordings(shape: RuleSchema) -> Iterator[AnswerVariants]:
    for language in dict.fromkeys([*shape.keywords, *shape.patterns]):
        keywords = shape.keywords.get(language, ())
        patterns = shape.patterns.get(language, ())
        if keywords or patterns:
            yield AnswerVariants(
                language=language,
                keywords=Keywords.of(keywords),
                patterns=tuple(regex.compile(each, regex.IGNORECASE) for each in patterns),
            )


def _around(shape: RuleSchema) -> Content:
    return Content(
        media=Media(type=shape.media.type, url=shape.media.url) if shape.media else None,
        quick_replies=tuple(
            QuickReply(title=each.title, payload=each.payload or each.title)
            for each in shape.quick_replies
        ),
        buttons=tuple(map(_button, shape.buttons)),
        cards=tuple(map(_card, shape.cards)),
    )


def _button(shape: ButtonSchema) -> Button:
    return Button(title=shape.title, url=shape.url, payload=shape.payload)


def _card(shape: CardSchema) -> Card:
    return Card(
        title=shape.title,
        subtitle=shape.subtitle,
        image_url=shape.image_url,
        url=shape.url,
        buttons=tuple(map(_button, shape.buttons)),
    )
