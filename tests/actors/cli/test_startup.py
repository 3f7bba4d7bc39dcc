from pathlib import Path

import pytest

from actors.cli.startup import require_usable
from moca.settings.reader import read_settings


def test_every_part_that_cannot_be_built_is_told_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = read_settings(
        None,
        {
            "MOCA_BUSINESS_HOURS__ENABLED": "true",
            "MOCA_BUSINESS_HOURS__HOLIDAYS": "XX",
            "MOCA_REPLIES__GENERATOR": "rules",
            "MOCA_REPLIES__RULES__FILE": str(tmp_path / "none.toml"),
        },
    )

    with pytest.raises(SystemExit) as ended:
        require_usable(settings)

    told = capsys.readouterr().err.splitlines()
    assert ended.value.code == 2
    assert [line.split(":")[1].strip() for line in told] == [
        "business_hours.holidays",
        "replies.rules.file",
    ]
