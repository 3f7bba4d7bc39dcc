"""Every setting: read from a TOML file and the environment, checked all at once, shown masked."""

from moca.settings.errors import BadSettings
from moca.settings.reader import read_settings
from moca.settings.sections import Settings

__all__ = ["BadSettings", "Settings", "read_settings"]
