"""The dashboard inside the web frameworks that the documentation names."""

import asyncio
from typing import Any

import pytest

import frazil.dashboard
from support.asgi_client import Answer, ask
from support.doc_block import ROOT, blocks_of
from support.partner import need_module

need_module("fastapi")  # which is Starlette, and more

from starlette.applications import Starlette  # noqa: E402
from starlette.routing import Mount  # noqa: E402

pytestmark = pytest.mark.interop

PAGE = "docs/how-to/dashboard.md"
HOST = "rtc.example.org"


def get(app: Any, path: str, **options: Any) -> Answer:
    return asyncio.run(ask(app, path, **{"host": HOST, **options}))


def mounted_in_fastapi(capsys: pytest.CaptureFixture[str]) -> tuple[Any, str]:
    """The application of the page, and the address that it prints."""
    [block] = [block for block in blocks_of(ROOT / PAGE) if block.runner]
    names: dict[str, Any] = {}
    exec(compile(block.text, PAGE, "exec"), names)
    return names["app"], capsys.readouterr().out.strip().removeprefix(f"https://{HOST}")


def mounted_in_starlette(_: pytest.CaptureFixture[str]) -> tuple[Any, str]:
    dashboard = frazil.dashboard.asgi(hosts=[HOST])
    return Starlette(routes=[Mount("/frazil", dashboard)]), f"/frazil{dashboard.path}"


@pytest.mark.parametrize("mounted", [mounted_in_fastapi, mounted_in_starlette])
def test_the_dashboard_works_where_it_is_mounted(mounted, capsys):
    app, address = mounted(capsys)
    page = get(app, address)
    assert page.status == 200
    assert b"<!doctype html>" in page.body
    assert get(app, f"{address}main.js").headers["content-type"].startswith("text/javascript")
    assert get(app, f"{address}connections").json()["total"] >= 0
    assert get(app, address, host="example.org").status == 403
    assert get(app, "/frazil/0123456789abcdef/").status == 404
    assert get(app, address.removeprefix("/frazil")).status == 404
