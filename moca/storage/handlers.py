from collections.abc import Callable, Sequence
from types import FunctionType, ModuleType
from typing import TypeVar

from moca.core.messages.command import Command
from moca.storage.unit_of_work import Batch

Handler = Callable[[Batch, Sequence[Command]], None]
C = TypeVar("C", bound=Command)


def handles(
    kind: type[C],
) -> Callable[[Callable[[Batch, Sequence[C]], None]], Callable[[Batch, Sequence[C]], None]]:
    """Mark a function as the one that carries out commands of this type, in their order."""

    def mark(
        function: Callable[[Batch, Sequence[C]], None],
    ) -> Callable[[Batch, Sequence[C]], None]:
        vars(function)["handles"] = kind
        return function

    return mark


def handlers_in(*modules: ModuleType) -> dict[type, Handler]:
    """Return the marked functions of these modules by the type that each handles."""
    functions = [each for module in modules for each in vars(module).values()]
    marked = [each for each in functions if isinstance(each, FunctionType) and vars(each)]
    return {vars(each)["handles"]: each for each in marked if "handles" in vars(each)}
