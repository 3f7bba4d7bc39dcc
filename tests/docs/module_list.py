"""Renews the list of modules in the architecture page: `python -m tests.docs.module_list`.

Names alone lead most readers to the right module at the first guess, if they have seen the names.
"""

from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/explanation/architecture.md"
_ROOTS = ("actors", "moca", "tests/simulation")
_HEAD = "## Every module\n"


def module_list() -> str:
    """Return the list: each folder's modules by name, migrations left out."""
    folders: dict[str, list[str]] = defaultdict(list)
    for path in sorted(path for root in _ROOTS for path in (ROOT / root).rglob("*.py")):
        folder = path.parent.relative_to(ROOT).as_posix()
        if not path.stem.startswith("_") and not folder.endswith("/migrations"):
            folders[folder].append(f"`{path.stem}`")
    rows = (f"| `{name}/` | {', '.join(modules)} |\n" for name, modules in sorted(folders.items()))
    return f"{_HEAD}\n| Folder | Modules |\n|---|---|\n{''.join(rows)}"


def page_with_list(page: str) -> str:
    """Return the page with its list renewed."""
    before, _, after = page.partition(_HEAD)
    _, next_head, rest = after.partition("\n## ")
    return before + module_list() + next_head + rest


if __name__ == "__main__":
    PAGE.write_text(page_with_list(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
