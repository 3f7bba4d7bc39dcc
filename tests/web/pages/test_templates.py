"""What a template names exists."""

import re
from pathlib import Path

import pytest

import moca.web

WEB = Path(moca.web.__file__).parent
TEMPLATES = sorted((WEB / "templates").glob("*.html"))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_static_file_that_a_template_names_exists(template: Path) -> None:
    names = re.findall(r"url_for\('static', filename='([^'~]+)'\)", template.read_text())
    assert [name for name in names if not (WEB / "static" / name).exists()] == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_template_that_another_includes_exists(template: Path) -> None:
    pattern = r"{%-? (?:include|extends|from|import) \"([\w.]+)\""
    names = re.findall(pattern, template.read_text())
    assert [name for name in names if not (WEB / "templates" / name).exists()] == []
