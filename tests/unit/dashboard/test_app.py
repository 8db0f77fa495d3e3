import asyncio
import json
import os
import subprocess
import sys

import pytest

import frazil.dashboard
from frazil.dashboard import Dashboard, identity
from frazil.dashboard import app as module
from frazil.dashboard.identity import id_of
from frazil.dashboard.recording import read_recording
from frazil.w3c.census import Census
from frazil.w3c.peerconnection import CENSUS
from support.asgi_client import ask
from support.sample_recording import record_session
from support.virtual_pair import VirtualPair, on_virtual_pair

TOKEN = "0123456789abcdef"
LINE = b'[1.0, "ice", "pair-conceded", "0", "a->b"]'


def get(path, **options):
    dashboard = options.pop("dashboard", None) or Dashboard(TOKEN)
    return asyncio.run(ask(dashboard, f"/{TOKEN}/{path}", **options))


def test_the_page_and_its_files():
    page = get("")
    assert page.status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-length"] == str(len(page.body))
    assert b"<!doctype html>" in page.body
    assert get("main.js").headers["content-type"] == "text/javascript; charset=utf-8"
    assert get("style.css").headers["content-type"] == "text/css; charset=utf-8"


@pytest.mark.parametrize("path", ["", "main.js", "connections", "nothing"])
def test_every_answer_has_a_strict_policy(path):
    headers = get(path).headers
    policy = dict(each.split(" ", 1) for each in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("path", "options", "status"),
    [
        (f"/{TOKEN}/", {"host": "example.org"}, 403),
        (f"/{TOKEN}/connections", {"headers": {"origin": "http://example.org"}}, 403),
        ("/0123456789abcdee/", {}, 404),
        ("/", {}, 404),
        (f"/{TOKEN}/nothing", {}, 404),
        (f"/{TOKEN}/../app.py", {}, 404),
        (f"/{TOKEN}/static/main.js", {}, 404),
        (f"/{TOKEN}/connections", {"method": "POST"}, 405),
        (f"/{TOKEN}/", {"method": "DELETE"}, 405),
        (f"/{TOKEN}/recording", {}, 404),
        (f"/{TOKEN}/connection", {"query": f"id={id_of(99999999)}"}, 404),
        (f"/{TOKEN}/connection", {"query": f"id={id_of(0)[:-1]}x"}, 404),
        (f"/{TOKEN}/connection", {"query": f"id={id_of(10**4000)}"}, 404),
        (f"/{TOKEN}/connection", {}, 404),
    ],
)
def test_refusals(path, options, status):
    answer = asyncio.run(ask(Dashboard(TOKEN), path, **options))
    assert answer.status == status
    assert TOKEN.encode() not in answer.body


@pytest.mark.parametrize(
    ("root", "path"), [("/frazil", "/frazil"), ("/frazil", ""), ("", ""), ("/a/b/", "/a/b")]
)
def test_it_can_be_mounted_anywhere(root, path):
    answer = asyncio.run(ask(Dashboard(TOKEN), f"{path}/{TOKEN}/main.js", root=root))
    assert answer.status == 200


def test_the_address_below_the_mount():
    dashboard = frazil.dashboard.asgi(token=TOKEN, hosts=["dash.example.org"])
    assert dashboard.path == f"/{TOKEN}/"
    assert asyncio.run(ask(dashboard, dashboard.path, host="dash.example.org")).status == 200
    assert frazil.dashboard.asgi().path != frazil.dashboard.asgi().path


@on_virtual_pair
async def test_the_list_and_one_connection(pair: VirtualPair) -> None:
    await pair.connect()
    dashboard = Dashboard(TOKEN)
    (number,) = (number for number, each in CENSUS if each is pair.a)
    id_ = id_of(number)
    answer = await ask(dashboard, f"/{TOKEN}/connections", query="first=0&length=100&version=0")
    rows = {row["id"]: row for row in answer.json()["rows"]}
    assert rows[id_]["state"] == "connected"

    answer = await ask(dashboard, f"/{TOKEN}/connection", query=f"id={id_}&mark=")
    first = answer.json()
    assert first["id"] == id_
    assert first["name"] == f"connection {number}"
    mark = ",".join(map(str, first["mark"]))
    answer = await ask(dashboard, f"/{TOKEN}/connection", query=f"id={id_}&mark={mark}")
    assert len(answer.json()["records"]) < len(first["records"])
    answer = await ask(dashboard, f"/{TOKEN}/connection", query=f"id={id_}&mark=x,y")
    assert len(answer.json()["records"]) >= len(first["records"])


def test_a_page_that_outlives_its_process_takes_no_connection_for_another(monkeypatch):
    @on_virtual_pair
    async def serve(pair: VirtualPair) -> None:
        for each in (pair.a, pair.b):
            module.CENSUS.enter(each, asyncio.get_running_loop())
        dashboard = Dashboard(TOKEN)
        listed.append((await ask(dashboard, f"/{TOKEN}/connections", query="length=100")).json())
        for id_ in listed[0]["ids"]:
            path = f"/{TOKEN}/connection"
            statuses.append((await ask(dashboard, path, query=f"id={id_}&mark=1,0.0")).status)

    listed: list[dict[str, list[str]]] = []
    statuses: list[int] = []
    for process in "ab":
        monkeypatch.setattr(module, "CENSUS", Census())
        monkeypatch.setattr(identity, "_process", lambda process=process: process)
        serve()
    assert statuses == [200, 200, 404, 404]
    assert len({*listed[0]["ids"], *listed[1]["ids"]}) == 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_gives_ids_of_its_own():
    program = """
import os
from frazil.dashboard.identity import id_of, number_of

id_ = id_of(3)
assert number_of(id_) == 3
child = os.fork()
if not child:
    os._exit(number_of(id_) is not None)
assert os.waitpid(child, 0)[1] == 0
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)


def test_a_loop_that_does_not_answer(monkeypatch):
    async def view_of(*_):
        raise TimeoutError

    @on_virtual_pair
    async def main(pair: VirtualPair) -> None:
        (number,) = (number for number, each in CENSUS if each is pair.a)
        answer = await ask(Dashboard(TOKEN), f"/{TOKEN}/connection", query=f"id={id_of(number)}")
        assert answer.status == 503

    monkeypatch.setattr(module, "view_of", view_of)
    main()


def test_a_window_of_nonsense_is_an_empty_one():
    answer = get("connections", query="first=-1&length=x&version=%00&state=%3Cb%3E")
    assert answer.json()["ids"] == []


def test_each_recording_can_be_opened_from_the_list():
    recordings = [read_recording(name, [LINE.decode()]) for name in ("a.jsonl", "b.jsonl")]
    dashboard = Dashboard(TOKEN, recordings=recordings)
    listed = get("connections", dashboard=dashboard, query="length=100").json()
    assert listed["ids"][:2] == ["file-1", "file-2"]
    for id_, recording in zip(listed["ids"], recordings, strict=False):
        view = get("connection", dashboard=dashboard, query=f"id={id_}").json()
        assert view == json.loads(json.dumps(recording.view()))


# --- what the page sends ------------------------------------------------------------------------


def upload(*chunks, query="name=x.jsonl"):
    return get("recording", method="POST", chunks=chunks, query=query)


def test_a_recording_that_the_page_sends(tmp_path):
    path = tmp_path / "short.jsonl"
    record_session(path)
    data = path.read_bytes()
    chunks = [data[at : at + 1000] for at in range(0, len(data), 1000)]
    view = upload(*chunks).json()
    assert view == json.loads(
        json.dumps(read_recording("x.jsonl", path.read_text().splitlines()).view())
    )


@pytest.mark.parametrize("body", [b"", b"hello", b"\xff\xfe\n\0", b"{}\n" * 100])
def test_what_is_no_recording_is_refused(body):
    assert upload(body).status == 422


def test_a_file_without_a_name():
    assert upload(LINE, query="").json()["name"] == "recording"


def test_a_page_that_goes_away_while_it_sends():
    async def receive():
        return {"type": "http.disconnect"}

    async def main():
        sent = []

        async def send(message):
            sent.append(message)

        headers = [(b"host", b"localhost")]
        scope = {"type": "http", "method": "POST", "path": f"/{TOKEN}/recording"}
        await Dashboard(TOKEN)({**scope, "headers": headers}, receive, send)
        return sent[0]["status"]

    assert asyncio.run(main()) == 400


def test_there_is_a_limit_to_what_is_read(monkeypatch):
    monkeypatch.setattr(module, "MAX_UPLOAD", 100)
    assert upload(LINE + b"\n", b" " * 50, b" " * 50).status == 413


# --- the rest of ASGI ---------------------------------------------------------------------------


def test_start_and_end_of_a_server_are_confirmed():
    async def main():
        incoming = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
        sent = []

        async def receive():
            return incoming.pop(0)

        async def send(message):
            sent.append(message["type"])

        await Dashboard(TOKEN)({"type": "lifespan"}, receive, send)
        return sent

    assert asyncio.run(main()) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_there_are_no_web_sockets():
    async def main():
        sent = []

        async def send(message):
            sent.append(message)

        await Dashboard(TOKEN)({"type": "websocket", "path": "/"}, None, send)
        return sent

    assert asyncio.run(main()) == [{"type": "websocket.close", "code": 1008}]
