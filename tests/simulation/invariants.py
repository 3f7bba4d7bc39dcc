from enum import IntEnum
from typing import Self


class Invariant(IntEnum):
    """What must hold beside what design.md numbers; each with its sentence."""

    def __new__(cls, number: int, sentence: str) -> Self:
        member = int.__new__(cls, number)
        member._value_ = number
        member.sentence = sentence
        return member

    NO_NEEDLESS_WAIT = 15, "Nothing waits much longer than something is in its way."
    NEVER_EARLY = 16, "A reply that a person scheduled does not go before its time."
    ONE_CALL_A_CLAIM = 17, "Each call has a claim of its own on disk."
    ORDERLY_STOP = 18, "After an orderly stop nothing is `sending` that was not called."
    NO_CALL_OVER_A_COPY = (
        19,
        "No call is made while the record shows a copy of an earlier one.",
    )
    ONE_GENERATION_A_DRAFT = 20, "A reply is not made twice unless something was lost or changed."
