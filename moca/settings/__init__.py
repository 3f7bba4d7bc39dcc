"""All settings: read from a TOML file and the environment, validated together, shown masked."""

from moca.settings.errors import BadSettings
from moca.settings.reader import read_settings
from moca.settings.sections import Settings

__all__ = ["BadSettings", "Settings", "read_settings"]
