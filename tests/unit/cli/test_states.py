import pytest

from frazil.cli import main
from frazil.cli.state_text import ENGLISH, GERMAN
from frazil.states.renaming import OLD_NAMES
from frazil.states.ruleset import RULE_SETS


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")


def printed(capsys, *arguments):
    assert main(["states", *arguments]) == 0
    return capsys.readouterr().out


def test_without_arguments_the_current_rules(capsys):
    text = printed(capsys)
    assert (
        "\n  closed        Shut down: close() was called, or the transport was discarded." in text
    )
    assert "\n  1  failed        any failed\n" in text
    assert text.endswith("frazil states --rules rec-2025|w3c-2021|w3c-2017|mdn|webplatform|all\n")
    assert "`" not in text


def test_prose_and_tables_fit_a_narrow_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = printed(capsys).splitlines()
    assert max(map(len, lines)) <= 84  # a name of a document may be too long


def rows(text):
    lines = [line.split(maxsplit=2) for line in text.splitlines()[3:]]
    return {name: rest for name, *rest in lines}


def test_transports_under_every_set_of_rules(capsys):
    text = printed(capsys, "new", "connected")
    assert text.startswith("Transports, as ICE/DTLS: new/new, connected/connected\n")
    assert rows(text) == {
        "w3c": ["checking", "connecting"],
        "rec-2025": ["checking", "connecting"],
        "w3c-2021": ["checking", "undefined"],
        "w3c-2017": ["new", "new"],
        "mdn": ["undefined", "new"],
        "webplatform": ["undefined", "-"],
    }


def test_a_handshake_of_its_own(capsys):
    assert rows(printed(capsys, "connected/connecting"))["w3c"] == ["connected", "connecting"]
    assert rows(printed(capsys, "connected/failed"))["w3c"] == ["connected", "failed"]


@pytest.mark.parametrize("name", ["2017", "w3c-2017"])
def test_other_rules_by_name_or_year(capsys, name):
    text = printed(capsys, "--rules", name)
    assert text.startswith("W3C editor's drafts of 2017 (w3c-2017)\n")
    assert "\n  new           any new, none checking, disconnected or failed\n" in text
    assert "2 of 28 pairs of transports" in text


def test_everything(capsys):
    text = printed(capsys, "--rules", "all")
    assert all(rules.title in text for rules in list(RULE_SETS.values())[1:])
    assert "updateIce()" in text


def test_german(capsys):
    text = printed(capsys, "--rules", "webplatform", "--lang", "de")
    assert text.startswith("WebPlatform Docs, nach den Entwürfen von 2012 (webplatform)\n")
    assert "dieser Text" in text
    assert "alle " in text
    assert " any " not in text


def test_nothing_is_left_untranslated():
    assert set(GERMAN.titles) == set(RULE_SETS)
    assert set(GERMAN.notes) == {name.note for name in OLD_NAMES if name.note}
    assert set(GERMAN.ice_meanings) == set(ENGLISH.ice_meanings)
    assert set(GERMAN.connection_meanings) == set(ENGLISH.connection_meanings)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["starting"], "'starting' is no ICE transport state: new,"),
        (["connected/open"], "'open' is no DTLS transport state: new,"),
        (["--rules", "1999"], "'1999' is none of w3c,"),
        (["--lang", "fr"], "invalid choice: 'fr'"),
    ],
)
def test_what_does_not_exist_is_refused(capsys, arguments, complaint):
    with pytest.raises(SystemExit) as end:
        main(["states", *arguments])
    assert end.value.code == 2
    assert complaint in capsys.readouterr().err


def test_a_table_of_words_that_is_too_wide_comes_in_two_parts(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["states", "--rules", "all"]) == 0
    lines = capsys.readouterr().out.splitlines()
    heads = [line for line in lines if line.startswith("                new ")]
    assert heads[0].split() == ["new", "checking", "connected", "completed"]
    rest = [line.split() for line in lines if line.split()[:1] == ["disconnected"]]
    assert ["disconnected", "failed", "closed"] in rest
    assert ["disconnected", "disconnected", "failed", "disconnected"] in rest
