"""What a busy machine makes Python's development mode say."""

import re


def besides_haste(errors):
    """What was told but that something took long."""
    lines = errors.splitlines()
    return "\n".join(each for each in lines if not re.match("Executing <.* took .* seconds", each))
