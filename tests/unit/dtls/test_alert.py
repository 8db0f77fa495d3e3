import pytest

from frazil.dtls.alert import alert_name


@pytest.mark.parametrize(
    ("code", "name"),
    [(42, "bad_certificate (42)"), (0, "close_notify (0)"), (255, "unknown (255)")],
)
def test_names(code, name):
    assert alert_name(code) == name
