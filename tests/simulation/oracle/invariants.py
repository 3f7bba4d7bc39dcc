from enum import IntEnum
from typing import NamedTuple, Self


class Invariant(IntEnum):
    """What must hold, each with its sentence; up to 10 as docs/explanation/architecture.md has it.

    What is missing here is judged elsewhere, or holds of one call or answer alone.
    """

    sentence: str

    def __new__(cls, number: int, sentence: str) -> Self:
        member = int.__new__(cls, number)
        member._value_ = number
        member.sentence = sentence
        return member

    RUNS_ON = 0, "No actor has a fault of its own, and all come to rest."
    ACKNOWLEDGED_IS_STORED = 1, "A webhook answered 200 is on disk."
    ONE_OUTCOME = 2, "Every message of a contact ends in exactly one outcome, with a reason."
    NOTHING_TWICE = 3, "No message is answered twice, and no queue item arrives twice."
    SENDING_LIMITS = 4, "Calls keep to the limits by second, hour, contact and account."
    ORDER_OF_REPLIES = 5, "Flushes are a cooldown apart; replies leave in the order of messages."
    PRIORITY = 6, "Of what may go now, higher priority goes first, then first come."
    SILENCE = 7, "Nothing automatic goes past a shut window, a hold or an opt-out."
    ECHOES = 8, "An echo never becomes a contact's message; another's echo holds the bot."
    UNSENT_IS_GONE = 11, "What a contact took back is neither stored nor answered."
    EDIT_IS_ANSWERED = 12, "A message edited before its reply is made is answered as edited."
    FROZEN_QUEUE = 13, "Nothing goes while the queue is frozen."
    EDITED_REPLY = 14, "A reply that an operator edited goes as edited."
    NO_NEEDLESS_WAIT = 15, "Nothing waits much longer than something is in its way."
    NEVER_EARLY = 16, "A reply that an operator scheduled does not go before its time."
    ONE_CALL_A_CLAIM = 17, "Each call has a claim of its own on disk."
    ORDERLY_STOP = 18, "After an orderly stop nothing is `sending` that was not called."
    NO_CALL_OVER_A_COPY = 19, "No call is made while the record shows a copy of an earlier one."
    ONE_GENERATION_A_DRAFT = 20, "A reply is not made twice unless something was lost or changed."
    ONE_NODE_A_SEAT = 21, "Only the node that holds a seat's latest epoch acts for it."
    FENCED = 22, "What a node writes for a seat that it has lost never lands."
    SEATS_ARE_HELD = 23, "Once the last fault is over, each seat soon has exactly one holder."
    ONLY_POISON_IS_SET_ASIDE = 24, "A parcel is set aside only where no writer can store it."
    ERASED_IS_GONE = 25, "Nothing of an erased contact is stored or sent."
    RETENTION = 26, "What ended long ago is gone; what is younger, or has not ended, stays."
    DISCLOSURE = 27, "The bot says that it is one before it says anything else."
    ESCALATION = 28, "A message with a word of escalation is left to a person."
    TWO_READINGS = 29, "A call of unknown outcome is repeated only after two readings, apart."
    NEEDS_REPLY = 30, "What is left to the team is in its work list."
    LABELLED = 31, "A label lists its conversations, and no erased one, by latest activity."
    SEARCHABLE = 32, "A search finds each message by its words, once, and no erased one."
    REPORTED = 33, "Reports count each reply, close and hand-over once."
    FEED = 34, "The feed has each fact once and in order, and its reader misses none."
    OWN_BOT = 35, "An account's own bot answers for it, each reply in one version, the latest."
    OWN_ACCOUNTS = 37, "Who is limited to an account sees and changes nothing of another."
    HELD_REPLY = 36, "A held reply goes only by its topic's leave, and gives way to more."
    ATTACHED = 38, "A file is served while it goes, and not after; it goes with its message."
    PUSHED = 39, "A browser is told once of what it wants to hear of, if nothing was lost."
    SUBSCRIBED = 40, "A subscriber gets all it chose, in order, and once if nothing was lost."


class Broken(NamedTuple):
    """An invariant that did not hold, and where."""

    invariant: Invariant
    what: str

    def __str__(self) -> str:
        return f"{self.invariant.name}: {self.what}"
