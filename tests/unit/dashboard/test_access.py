from http import HTTPStatus

import pytest

from frazil.dashboard.access import Access
from frazil.dashboard.http import HttpError

TOKEN = "0123456789abcdef"


def refusal(access, path, **headers):
    with pytest.raises(HttpError) as caught:
        access.admit(path, headers)
    return caught.value.status


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8000", "LocalHost:1", "127.0.0.1:80", "[::1]", "[::1]:8080"]
)
def test_this_machine_may_ask_by_each_of_its_names(host):
    assert Access(TOKEN).admit(f"/{TOKEN}/style.css", {"host": host}) == "style.css"


@pytest.mark.parametrize(
    "host",
    ["", "example.org", "127.0.0.1.example.org:80", "localhost.example.org", "::1", "[::2]:80"],
)
def test_a_name_that_was_made_to_lead_here_is_refused(host):
    assert refusal(Access(TOKEN), f"/{TOKEN}/", host=host) is HTTPStatus.FORBIDDEN


def test_without_a_name_nobody_may_ask():
    assert refusal(Access(TOKEN), f"/{TOKEN}/") is HTTPStatus.FORBIDDEN


def test_a_site_may_be_allowed():
    access = Access(TOKEN, ["Dash.example.org"])
    assert access.admit(f"/{TOKEN}/", {"host": "dash.example.org"}) == ""
    assert refusal(access, f"/{TOKEN}/", host="example.org") is HTTPStatus.FORBIDDEN


@pytest.mark.parametrize("origin", ["null", "http://example.org", "http://localhost:8001", ""])
def test_another_site_may_not_ask_from_a_page_of_its_own(origin):
    headers = {"host": "localhost:8000", "origin": origin}
    assert refusal(Access(TOKEN), f"/{TOKEN}/", **headers) is HTTPStatus.FORBIDDEN


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_page_itself_may(scheme):
    headers = {"host": "localhost:8000", "origin": f"{scheme}://localhost:8000"}
    assert Access(TOKEN).admit(f"/{TOKEN}/recording", headers) == "recording"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/0123456789abcdee/",
        "/0123456789abcde/",
        "/0123456789abcdef",
        "//0123456789abcdef/",
        "/ünïcödé/",
        "/\udc80/",
    ],
)
def test_without_the_token_there_is_nothing(path):
    assert refusal(Access(TOKEN), path, host="localhost") is HTTPStatus.NOT_FOUND


def test_every_token_is_another():
    tokens = {Access().token for _ in range(8)}
    assert len(tokens) == 8
    assert all(len(each) >= 22 for each in tokens)


@pytest.mark.parametrize("token", ["", "short", "0123456789abcde/", "0123456789abcdé", "?" * 20])
def test_a_token_that_is_no_secret_or_no_path_is_refused(token):
    with pytest.raises(ValueError, match="token"):
        Access(token)


def test_one_text_is_no_list_of_hosts():
    with pytest.raises(TypeError, match=r"a list of names such as \['rtc\.example\.org'\]"):
        Access(TOKEN, "rtc.example.org")


@pytest.mark.parametrize("host", ["https://rtc.example.org", "rtc.example.org:443", "fd00::2"])
def test_a_host_is_a_name_and_nothing_else(host):
    with pytest.raises(ValueError, match="leave out the scheme and the port"):
        Access(TOKEN, [host])


@pytest.mark.parametrize("host", ["RTC.example.org", "[fd00::2]", "203.0.113.5"])
def test_hosts_that_were_named_may_ask(host):
    assert Access(TOKEN, [host]).admit(f"/{TOKEN}/", {"host": f"{host.lower()}:443"}) == ""
