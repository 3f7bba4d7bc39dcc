"""Applies a mutant to the running process, and takes it back."""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType, ModuleType

from tests.simulation.mutants.mutants import ROOT, Mutant


@contextmanager
def applied(mutant: Mutant) -> Iterator[None]:
    """Run the functions of a module as the mutant has them.

    Raises:
        ValueError: no function is another by it.
    """
    module = importlib.import_module(mutant.file.removesuffix(".py").replace("/", "."))
    source = (ROOT / mutant.file).read_text(encoding="utf-8").replace(mutant.old, mutant.new)
    mutated = dict(_codes(compile(source, module.__file__ or mutant.file, "exec")))
    replaced = [
        (function, function.__code__)
        for function in _functions(module)
        if function.__code__ != mutated.get(function.__code__.co_qualname, function.__code__)
    ]
    if not replaced:
        raise ValueError(f"{mutant.name!r} changes no function of {module.__name__}")
    for function, code in replaced:
        function.__code__ = mutated[code.co_qualname]
    try:
        yield
    finally:
        for function, code in replaced:
            function.__code__ = code


def _codes(code: CodeType) -> Iterator[tuple[str, CodeType]]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each.co_qualname, each
            yield from _codes(each)


def _functions(module: ModuleType) -> Iterator[FunctionType]:
    for each in vars(module).values():
        if getattr(each, "__module__", None) != module.__name__:
            continue
        members = vars(each).values() if isinstance(each, type) else (each,)
        yield from (member for member in members if isinstance(member, FunctionType))
