import asyncio
import re

import pytest

from frazil.cli.command import main
from frazil.cli.dashboard import read_file, show
from frazil.dashboard import serve
from support.sample_recording import record_session


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    path = tmp_path_factory.mktemp("recordings") / "short.jsonl"
    record_session(path)
    return path


def test_the_timeline_is_written_beside_the_recording(recording, capsys):
    assert main(["timeline", str(recording)]) == 0
    page = recording.with_suffix(".html")
    assert capsys.readouterr().out == f"wrote {page}\n"
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_the_timeline_is_written_where_it_is_wanted(recording, tmp_path):
    page = tmp_path / "report.html"
    assert main(["timeline", str(recording), "-o", str(page)]) == 0
    assert '"name":"short.jsonl"' in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("command", ["timeline", "replay", "explain"])
def test_a_byte_order_mark_is_no_trouble(command, recording, tmp_path, capsys):
    marked = tmp_path / "marked.jsonl"
    marked.write_bytes(b"\xef\xbb\xbf" + recording.read_bytes())
    assert main([command, str(marked)]) == 0
    assert capsys.readouterr().err == ""


def test_a_trace_with_a_byte_order_mark_is_read_from_its_first_line(tmp_path):
    path = tmp_path / "trace.jsonl"
    path.write_bytes(b'\xef\xbb\xbf[0.0, "ice", "end-of-remote-candidates", "0"]\n')
    assert len(read_file(path).records) == 1


@pytest.mark.parametrize("command", ["timeline", "dashboard"])
def test_what_is_no_recording_is_refused(command, tmp_path, capsys):
    path = tmp_path / "notes.txt"
    path.write_bytes(b"\xff\xfe hello")
    assert main([command, str(path)]) == 2
    error = f"frazil {command}: {path}: neither a recording nor a trace\n"
    assert capsys.readouterr().err == error
    missing = tmp_path / "missing"
    assert main([command, str(missing)]) == 2
    assert capsys.readouterr().err == f"frazil {command}: {missing}: No such file or directory\n"


def test_a_page_that_cannot_be_written(recording, tmp_path, capsys):
    assert main(["timeline", str(recording), "-o", str(tmp_path / "no" / "folder.html")]) == 2
    assert "folder.html" in capsys.readouterr().err


def test_it_serves_until_it_is_interrupted(capsys):
    async def run():
        serving = asyncio.create_task(show([], 0, None, opens=False))
        printed = ""
        while not (found := re.search(r"open http://127\.0\.0\.1:(\d+)/[\w-]{22}/ in", printed)):
            await asyncio.sleep(0.001)
            printed += capsys.readouterr().out
        port = int(found[1])
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)

    asyncio.run(run())


def test_a_port_that_is_taken(capsys):
    async def run():
        async with await serve() as server:
            port = int(server.url.split(":")[2].split("/")[0])
            return await show([], port, None, opens=False)

    assert asyncio.run(run()) == 3
    assert "cannot be used" in capsys.readouterr().err
