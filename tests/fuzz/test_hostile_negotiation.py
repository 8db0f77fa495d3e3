"""Descriptions of several m-sections that were tampered with on their way."""

import re
from random import Random

import pytest

from frazil.errors import InvalidAccessError, RTCError
from frazil.peer.configuration import BundlePolicy, Configuration
from support.attacker import broken_text, for_long, seeds_for_long
from support.peer_pair import Peer, media_peer

REFUSALS = (RTCError, InvalidAccessError)
ROUNDS = 4
KINDS = ("audio", "video")


def tampered(text: str, random: Random) -> str:
    """The description with its m-sections moved, refused, renamed or bundled otherwise."""
    lines = text.split("\r\n")
    for _ in range(random.randrange(1, 4)):
        sections = [at for at, line in enumerate(lines) if line.startswith("m=")]
        lines = random.choice([_port, _group, _only, _mid, _direction, _swap, _setup, _drop])(
            lines, sections, random
        )
    text = "\r\n".join(lines)
    return broken_text(text, random) if random.random() < 0.1 else text


def _port(lines, sections, random):
    at = random.choice(sections)
    kind, _, rest = lines[at].split(" ", 2)
    return [*lines[:at], f"{kind} {random.choice('09')} {rest}", *lines[at + 1 :]]


def _group(lines, sections, random):
    others = [line for line in lines if not line.startswith("a=group")]
    mids = random.sample("0123", random.randrange(1, 4))
    return [*others[:4], " ".join(("a=group:BUNDLE", *mids)), *others[4:]]


def _only(lines, sections, random):
    at = random.choice(sections) + 1
    return [*lines[:at], "a=bundle-only", *lines[at:]]


def _mid(lines, sections, random):
    old, new = random.choice("012"), random.choice("0123")
    return [f"a=mid:{new}" if line == f"a=mid:{old}" else line for line in lines]


def _direction(lines, sections, random):
    new = random.choice(["sendrecv", "recvonly", "inactive"])
    return [re.sub("^a=(sendrecv|recvonly|sendonly|inactive)$", f"a={new}", each) for each in lines]


def _swap(lines, sections, random):
    one, two = random.choice(sections), random.choice(sections)
    swapped = list(lines)
    swapped[one], swapped[two] = lines[two], lines[one]
    return swapped


def _setup(lines, sections, random):
    new = random.choice(["active", "passive", "actpass"])
    return [re.sub("^a=setup:.*", f"a=setup:{new}", line) for line in lines]


def _drop(lines, sections, random):
    at = random.randrange(len(lines))
    return lines if at in sections else [*lines[:at], *lines[at + 1 :]]


def negotiate(one: Peer, two: Peer, random: Random) -> int:
    """One exchange with a liar in between; how many lies were believed."""
    offer = one.set_local().sdp
    lie = tampered(offer, random) if "m=" in offer else offer
    try:
        two.set_remote({"type": "offer", "sdp": lie if random.random() < 0.4 else offer})
    except REFUSALS:
        one.set_local({"type": "rollback"})
        return 0
    if random.random() < 0.2:
        two.set_remote({"type": "rollback"})
        one.set_local({"type": "rollback"})
        return 0
    if random.random() < 0.2:
        two.set_local({"type": "pranswer"})
    answer = two.set_local().sdp
    lie = tampered(answer, random) if "m=" in answer else answer
    for text in (lie, answer):
        try:
            one.set_remote({"type": "answer", "sdp": text})
        except REFUSALS:
            continue
        return int(text != answer)
    one.set_local({"type": "rollback"})
    return 0


def change(peer: Peer, random: Random) -> None:
    """Give the next negotiation something to do."""
    peer.run()
    if random.random() < 0.3:
        peer.transceiver(random.choice(KINDS))
    if random.random() < 0.2 and peer.pc.transceivers:
        random.choice(peer.pc.transceivers).stop()
    if random.random() < 0.2:
        peer.channel()
    if random.random() < 0.2:
        peer.pc.restart_ice()


def attack(seed: int) -> int:
    """A short life among lies; how many were believed. Whatever comes, nothing is left over."""
    random = Random(seed)
    policies = random.choices(list(BundlePolicy), k=2)
    one = media_peer(
        *random.choices(KINDS, k=random.randrange(3)),
        configuration=Configuration(bundle_policy=policies[0]),
    )
    two = Peer(seed=2, configuration=Configuration(bundle_policy=policies[1]))
    if random.random() < 0.7:
        one.channel()
    believed = 0
    for _ in range(ROUNDS):
        believed += negotiate(*random.sample([one, two], 2), random)
        for peer in (one, two):
            change(peer, random)
    for peer in (one, two):
        peer.run()
        assert peer.pc.signaling_state == "stable"
        live = [session for session in peer.sessions if not session.called("close")]
        assert len(live) == len(peer.pc.transports.dtls) <= 8
        peer.pc.close(0.0)
        assert all(session.called("close") for session in peer.sessions)
    return believed


@pytest.mark.parametrize("block", range(4))
def test_tampered_sections_are_refused_or_harmless(block: int) -> None:
    believed = sum(attack(seed) for seed in range(block * 100, (block + 1) * 100))
    assert believed > 10


@for_long
def test_for_as_long_as_you_like():
    for seed in seeds_for_long():
        print(f"seed {seed}")
        attack(seed)
