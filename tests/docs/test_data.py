"""Data and configuration of the documentation have the form that their fence promises."""

import json
import re
from operator import attrgetter

import pytest

from support.doc_block import blocks

yaml = pytest.importorskip("yaml")

BLOCKS = [block for block in blocks() if block.is_common]
INSTRUCTIONS = {"FROM", "RUN", "COPY", "WORKDIR", "USER", "EXPOSE", "ENV", "CMD", "ENTRYPOINT"}


def of(*languages):
    found = [block for block in BLOCKS if block.language in languages]
    return pytest.mark.parametrize("block", found, ids=attrgetter("name"))


@of("json")
def test_json(block):
    json.loads(block.text)


@of("yaml")
def test_yaml(block):
    documents = list(yaml.safe_load_all(block.text))
    assert documents
    assert all(isinstance(each, dict) for each in documents)
    for each in documents:
        if "kind" in each:
            assert {"apiVersion", "metadata"} <= set(each)
            assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", each["metadata"]["name"])


@of("dockerfile")
def test_dockerfile(block):
    text = re.sub(r"\\\n", " ", block.text)
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert lines[0].startswith("FROM ")
    assert {line.split()[0] for line in lines} <= INSTRUCTIONS
    for line in lines:
        if line.startswith(("CMD ", "ENTRYPOINT ")):
            assert json.loads(line.partition(" ")[2])
