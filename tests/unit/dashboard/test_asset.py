import base64
import hashlib
import json
import re

import pytest

from frazil.dashboard import asset
from frazil.dashboard.recording import read_recording

HOSTILE = "</script><script>alert(1)</script><!--<b>&"
ADDED = json.dumps([1.0, "datachannel", "added", "0", 1, "open", HOSTILE])
SCRIPTS = {name: data.decode() for name, data in asset.load().items() if name.endswith(".js")}


@pytest.fixture(scope="module")
def page():
    return asset.single_page(read_recording(HOSTILE, [ADDED]).view())


def inline(page, tag):
    """The content of the elements of one name."""
    return re.findall(rf"<{tag}[^>]*>(.*?)</{tag}>", page, re.DOTALL)


def test_everything_is_in_the_one_file(page):
    assert not re.search(r'(?:src|href)="(?!data:|#)', page)
    assert "import " not in inline(page, "script")[1].replace("// ", "").split("const module_")[1]
    assert not re.search(r"^(import|export) ", page, re.MULTILINE)
    assert "<!-- data -->" not in page
    assert "<!-- policy -->" not in page


def test_the_policy_allows_just_what_is_in_it(page):
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    _, script = inline(page, "script")
    (style,) = inline(page, "style")
    for text, kind in ((script, "script-src"), (style, "style-src")):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind} 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "connect-src" not in policy


def test_nothing_from_the_network_becomes_html(page):
    data, _ = inline(page, "script")
    assert HOSTILE not in page
    assert page.count("<script") == 2
    view = json.loads(data)
    assert view["name"] == HOSTILE
    assert view["records"][0]["facts"]["label"] == HOSTILE


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_scripts_keep_to_what_can_be_put_into_one_file(name):
    text = SCRIPTS[name]
    imports = [line for line in text.splitlines() if line.startswith("import")]
    assert len(asset._IMPORT.findall(text)) == len(imports)
    assert not any(" as " in names for names, _ in asset._IMPORT.findall(text))
    exports = [line for line in text.splitlines() if line.startswith("export")]
    assert len(asset._EXPORT.findall(text)) == len(exports)
    assert text.startswith("// ")  # says what it is about
    assert len(text.splitlines()) < 200


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_scripts_read_no_html(name):
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|Function\(|DOMParser"
        r"|setHTML|srcdoc|javascript:|https?://(?!www\.w3\.org/2000/svg)",
        SCRIPTS[name],
    )


def test_every_script_is_used():
    imported = {name for text in SCRIPTS.values() for _, name in asset._IMPORT.findall(text)}
    assert imported | {"main.js"} == set(SCRIPTS)


def test_no_script_imports_itself_in_a_circle():
    order = re.findall(r"^const module_(\w+) = \(\(\) => \{$", asset._bundle(), re.MULTILINE)
    assert len(order) == len(SCRIPTS)
    seen = set()
    for name in order:
        needed = {each for _, each in asset._IMPORT.findall(SCRIPTS[f"{name}.js"])}
        assert needed <= seen, name
        seen.add(f"{name}.js")
