"""The command ``frazil``."""

from frazil.cli.command import main

__all__ = ["main"]
