from random import Random

from moca.core.contact import ContactKey
from moca.core.vocabulary import Priority
from tests.simulation.script import AnswersByHand, Figures, Operates, Writes

ACCOUNTS = ("17841400000000001", "17841400000000002")

_TEXTS = ("hi", "hello?", "where is my order", "thanks", "what does it cost", "are you open")


def draw_contacts(chance: Random) -> list[ContactKey]:
    """Draw who writes; the same person may write to both accounts."""
    count = chance.choice((1, 1, 2, 2, 3, 4, 6, 9))
    accounts = ACCOUNTS if chance.random() < 0.3 else ACCOUNTS[:1]
    people = [f"p{number}" for number in range(1, count + 1)]
    return [ContactKey(chance.choice(accounts), psid) for psid in people]


def draw_writes(chance: Random, contacts: list[ContactKey], length: float) -> list[Writes]:
    """Draw what people write: now and then, in bursts, repeating themselves."""
    writes: list[Writes] = []
    for contact in contacts:
        for _ in range(chance.choice((1, 1, 2, 3))):
            at = round(chance.uniform(0, length), 3)
            text = chance.choice(_TEXTS)
            for _ in range(chance.choice((1, 1, 1, 2, 3, 4))):
                writes.append(_draw_one(chance, contact, f"m{len(writes) + 1}", at, text))
                at += chance.choice((0, 0.05, 0.4, 1.5, 4, 9))
                text = text if chance.random() < 0.3 else chance.choice(_TEXTS)
    return writes


def draw_by_hand(
    chance: Random, contacts: list[ContactKey], length: float, figures: Figures
) -> list[AnswersByHand | Operates]:
    """Draw what people on the account's side do."""
    acts: list[AnswersByHand | Operates] = []
    for number in range(chance.choice((0, 0, 0, 1, 2, 4, 8))):
        at, contact = round(chance.uniform(1, length + 20), 3), chance.choice(contacts)
        if chance.random() < 0.2:
            mid = f"h{number}"
            delays = _draw_delays(chance)
            acts.append(
                AnswersByHand(at=at, contact=contact, mid=mid, text=f"by hand {mid}", delays=delays)
            )
        else:
            acts.append(_draw_act(chance, at, contact, number))
    if chance.random() < 0.2:
        acts += _draw_rush(chance, contacts, length)
    return acts


def _draw_one(chance: Random, contact: ContactKey, mid: str, at: float, text: str) -> Writes:
    drawn = chance.random()
    kinds = {"type": "image", "text": ""} if drawn < 0.05 else {"text": text}
    if 0.05 <= drawn < 0.08:
        kinds = {"kind": "postback", "text": text}
    unanswerable = "a dashboard test" if chance.random() < 0.02 else None
    return Writes(
        at=round(at, 3),
        contact=contact,
        mid=mid,
        delays=_draw_delays(chance),
        unanswerable=unanswerable,
        **kinds,
    )


def _draw_delays(chance: Random) -> tuple[float, ...]:
    first = chance.choice((0.1, 0.2, 0.2, 0.5, 0.5, 2, 12))
    again = [chance.choice((0, 0.1, 1, 6, 40)) for _ in range(chance.choice((0, 0, 0, 0, 1, 2)))]
    return (first, *(first + each for each in again))


def _draw_act(chance: Random, at: float, contact: ContactKey, number: int) -> Operates:
    action = chance.choice(
        (
            *("write", "write", "write", "close", "reopen", "pause", "resume", "cancel"),
            *("retry", "settle"),
        )
    )
    seconds = None
    if action == "pause":
        seconds = chance.choice((None, 5, 20, 90))
    if action == "write":
        seconds = chance.choice((None, None, 3, 30, 100))
    priority = chance.choice(tuple(Priority))
    return Operates(
        at=at,
        contact=contact,
        action=action,
        seconds=seconds,
        text=f"operator {number}",
        priority=priority,
    )


def _draw_rush(chance: Random, contacts: list[ContactKey], length: float) -> list[Operates]:
    at = round(chance.uniform(5, length), 3)
    return [
        Operates(
            at=at + chance.choice((0, 0, 0.5, 2)),
            contact=contact,
            action="write",
            text=f"rush {number}",
            priority=chance.choice(tuple(Priority)),
        )
        for number, contact in enumerate(contacts * chance.choice((1, 2)))
    ]
