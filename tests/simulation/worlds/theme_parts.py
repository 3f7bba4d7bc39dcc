from moca.core.types import ContactKey
from tests.simulation.worlds.script import Writes

ACCOUNT = "17841400000000001"
TEXTS = ("hi", "hello?", "where is my order", "what does it cost")


def contacts(count: int, account_id: str = ACCOUNT) -> list[ContactKey]:
    return [ContactKey(account_id, f"p{number}") for number in range(1, count + 1)]


def message(contact: ContactKey, number: int, at: float, text: str) -> Writes:
    return Writes(at=round(at, 3), contact=contact, mid=f"m{number}", text=text, delays=(0.2,))
