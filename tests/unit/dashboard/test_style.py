import re

import pytest

from frazil.dashboard import asset

STYLE = asset.load()["style.css"].decode()
ENOUGH = 4.5
"""The least contrast of a text with what is behind it (WCAG 2.2, 1.4.3)."""


def palette(text):
    return dict(re.findall(r"--([\w-]+): (#\w{6});", text))


LIGHT = palette(STYLE[: STYLE.index("@media")])
DARK = LIGHT | palette(STYLE[STYLE.index("@media") : STYLE.index("* {")])


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("text", "behind"),
    [
        *((each, "card") for each in ("text", "quiet", "accent", "lost", "used")),
        *((each, "page") for each in ("text", "quiet", "accent", "late")),
        *(
            ("on-colour", each)
            for each in ("well", "moving", "late", "lost", "idle", "neutral", "used")
        ),
        ("quiet", "line"),
    ],
)
def test_every_text_can_be_read(colours, text, behind):
    assert contrast(colours[text], colours[behind]) >= ENOUGH


def test_contrast_of_black_and_white():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


def test_both_schemes_have_every_colour():
    assert LIGHT.keys() == DARK.keys()
    assert LIGHT != DARK


def test_motion_can_be_turned_off():
    moving = STYLE.count("transition:") + STYLE.count("animation:")
    assert "@media (prefers-reduced-motion: reduce)" in STYLE
    assert moving == 2  # one, and its end
