from types import CodeType, ModuleType

import freezegun.api
import pytest
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule


class _CompiledTemplates(BytecodeCache):
    """Holds the code of each template by its name and source."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key, bucket.checksum] = bucket.code


def share_compiled_code(patch: pytest.MonkeyPatch) -> None:
    """Compile templates and routes once per process, not once per application."""
    options = {**Flask.jinja_options, "bytecode_cache": _CompiledTemplates()}
    patch.setattr(Flask, "jinja_options", options)
    compile_builder = Rule._compile_builder
    builders: dict[tuple[object, ...], object] = {}

    def compiled(rule: Rule, append_unknown: bool = True) -> object:
        if rule.defaults:
            return compile_builder(rule, append_unknown)
        key = (rule.rule, tuple(rule._trace), append_unknown)
        if key not in builders:
            builders[key] = compile_builder(rule, append_unknown)
        return builders[key]

    patch.setattr(Rule, "_compile_builder", compiled)


def compare_modules_by_size(patch: pytest.MonkeyPatch) -> None:
    """Find the modules that changed since the last freeze by the number of names in each.

    Freezegun compares the names themselves, which takes 15 ms per test.
    """

    def size(module: ModuleType) -> str:
        return f"{id(module)}-{len(vars(module))}"

    patch.setattr(freezegun.api, "_get_module_attributes_hash", size)
