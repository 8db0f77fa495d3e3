"""getStats: both ends and the network agree to the last byte."""

import json
from base64 import b64decode

import pytest

from frazil import InvalidAccessError
from frazil.dtls import fingerprint_of
from frazil.testing import SYMMETRIC, Conditions, Fate

HOME, OFFICE, STUN = "203.0.113.7", "198.51.100.9", "192.0.2.53"
EVERYTHING = {
    "candidate-pair": 1,
    "certificate": 2,
    "data-channel": 1,
    "local-candidate": 1,
    "peer-connection": 1,
    "remote-candidate": 1,
    "transport": 1,
}


class Observer:
    """Counts what the network carried for one host, DTLS and checks apart."""

    def __init__(self, net, address):
        self.address = address
        self.dtls = []
        self.dtls_in = []
        self.requests = set()
        self.requests_in = set()
        net.listen(self._note)

    def _note(self, packet):
        is_dtls = 20 <= packet.data[0] <= 63
        is_request = packet.data[:2] == b"\x00\x01"
        if packet.source[0] == self.address:
            if is_dtls:
                self.dtls.append(packet)
            elif is_request:
                self.requests.add(packet.data[8:20])
        elif packet.destination[0] == self.address and packet.fate is Fate.DELIVERED:
            if is_dtls:
                self.dtls_in.append(packet)
            elif is_request:
                self.requests_in.add(packet.data[8:20])


def size(packets):
    return sum(len(packet.data) for packet in packets)


async def stats_of(peer):
    return await peer.pc.getStats()


def only(report, kind):
    (found,) = report.of_type(kind)
    return found


def counts(report):
    return {kind: len(report.of_type(kind)) for kind in EVERYTHING if report.of_type(kind)}


def in_use(report):
    return report[only(report, "transport")["selectedCandidatePairId"]]


def assert_references_hold(report):
    for key, stats in report.items():
        assert stats["id"] == key
        for name, value in stats.items():
            if name.endswith("Id"):
                assert value in report, name


@pytest.mark.parametrize("loss", [0.0, 0.05], ids=["clean", "lossy"])
async def test_the_numbers_are_those_of_the_network(stage, loss):
    alice, bob = stage.pair()
    stage.net.connect("alice", "bob", Conditions(delay_s=0.02, loss=loss))
    observers = [Observer(stage.net, f"10.0.0.{n}") for n in (1, 2)]
    await stage.connect()
    for peer, other in ((alice, bob), (bob, alice)):
        for length in (0, 1, 1000, 100_000):
            peer.channels["chat"].send(bytes(length))
            peer.channels["chat"].send("å" * (length // 2))
        await stage.until(lambda other=other: len(other.inbox["chat"]) == 8)
    await stage.sleep(30.5)
    for peer, observer in zip((alice, bob), observers, strict=True):
        report = await stats_of(peer)
        pair = in_use(report)
        for stats in (only(report, "transport"), pair):
            assert (stats["packetsSent"], stats["bytesSent"]) == (
                len(observer.dtls),
                size(observer.dtls),
            )
            assert (stats["packetsReceived"], stats["bytesReceived"]) == (
                len(observer.dtls_in),
                size(observer.dtls_in),
            )
        assert pair["requestsSent"] + pair["consentRequestsSent"] == len(observer.requests)
        assert pair["requestsReceived"] >= len(observer.requests_in)
        assert pair["responsesSent"] == pair["requestsReceived"]
        channel = only(report, "data-channel")
        assert (channel["messagesSent"], channel["bytesSent"]) == (8, 202_001)
        assert (channel["messagesReceived"], channel["bytesReceived"]) == (8, 202_001)
        assert pair["currentRoundTripTime"] == pytest.approx(0.04)
        assert pair["totalRoundTripTime"] == pytest.approx(0.04 * pair["responsesReceived"])
        ago_s = (pair["timestamp"] - pair["lastPacketReceivedTimestamp"]) / 1000
        assert ago_s == pytest.approx(stage.now - max(p.at for p in observer.dtls_in), abs=1e-3)
        ago_s = (pair["timestamp"] - pair["lastPacketSentTimestamp"]) / 1000
        assert ago_s == pytest.approx(stage.now - max(p.sent_at for p in observer.dtls), abs=1e-3)


async def test_both_ends_agree(stage):
    alice, bob = await stage.connect()
    alice.channels["chat"].send(bytes(200_000))
    await stage.sleep(30)
    mine, theirs = await stats_of(alice), await stats_of(bob)
    for one, other in ((mine, theirs), (theirs, mine)):
        for sent, received in (
            ("packetsSent", "packetsReceived"),
            ("bytesSent", "bytesReceived"),
            ("responsesSent", "responsesReceived"),
        ):
            assert in_use(one)[sent] == in_use(other)[received]
        requests = in_use(one)["requestsSent"] + in_use(one)["consentRequestsSent"]
        assert requests == in_use(other)["requestsReceived"] == in_use(one)["responsesReceived"]
        assert in_use(one)["consentRequestsSent"] > 0
        ours, seen = (
            one[in_use(one)["localCandidateId"]],
            other[in_use(other)["remoteCandidateId"]],
        )
        for name in ("address", "port", "priority", "foundation", "usernameFragment", "protocol"):
            assert ours[name] == seen[name]
        transport = only(one, "transport")
        assert (
            one[transport["remoteCertificateId"]]["fingerprint"]
            == (other[only(other, "transport")["localCertificateId"]]["fingerprint"])
        )


async def test_a_connected_transport(stage):
    alice, bob = await stage.connect("chat", protocol="p")
    await stage.sleep(10)
    for peer, ice_role, dtls_role in (
        (alice, "controlling", "server"),
        (bob, "controlled", "client"),
    ):
        report = await stats_of(peer)
        assert counts(report) == EVERYTHING
        assert_references_hold(report)
        transport = only(report, "transport")
        assert transport["iceState"] == "completed"
        assert transport["dtlsState"] == "connected"
        assert (transport["iceRole"], transport["dtlsRole"]) == (ice_role, dtls_role)
        assert transport["tlsVersion"] == "FEFD"
        assert transport["dtlsCipher"] == "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
        assert transport["selectedCandidatePairChanges"] == 1
        fragment = peer.ice.getLocalParameters().usernameFragment
        assert transport["iceLocalUsernameFragment"] == fragment
        assert (in_use(report)["state"], in_use(report)["nominated"]) == ("succeeded", True)
        channel = only(report, "data-channel")
        assert (channel["label"], channel["protocol"]) == ("chat", "p")
        assert (channel["dataChannelIdentifier"], channel["state"]) == (1, "open")
        certificate = report[transport["remoteCertificateId"]]
        der = b64decode(certificate["base64Certificate"])
        assert [der] == peer.dtls.getRemoteCertificates()
        assert certificate["fingerprint"] == fingerprint_of(der).value
        assert certificate["fingerprintAlgorithm"] == "sha-256"
        assert certificate["fingerprint"] in peer.pc.remoteDescription.sdp


async def test_members_that_do_not_apply_are_absent_and_values_plain(stage):
    alice, _ = stage.pair()
    assert counts(await stats_of(alice)) == {"peer-connection": 1}
    alice.channel()
    report = await stats_of(alice)
    assert "dataChannelIdentifier" not in only(report, "data-channel")
    assert only(report, "data-channel")["state"] == "connecting"
    await alice.pc.setLocalDescription()
    transport = only(await stats_of(alice), "transport")
    assert (transport["iceState"], transport["dtlsState"]) == ("new", "new")
    assert (transport["iceRole"], transport["dtlsRole"]) == ("controlling", "unknown")
    for name in ("srtpCipher", "dtlsCipher", "tlsVersion", "selectedCandidatePairId"):
        assert name not in transport
    assert "remoteCertificateId" not in transport
    for stats in (await stats_of(alice)).values():
        assert {type(value) for value in stats.values()} <= {str, int, float, bool}
        assert json.loads(json.dumps(stats)) == stats


async def test_ids_are_stable_and_new_in_each_connection(stage):
    alice, bob = await stage.connect()
    before = await stats_of(alice)
    alice.channels["chat"].send("more")
    await stage.sleep(60)
    after = await stats_of(alice)
    assert list(before) == list(after)
    assert before is not after
    assert not set(after) & set(await stats_of(bob))


async def test_a_restart_changes_the_pair_and_keeps_the_transport_counting(stage):
    alice, _ = await stage.connect()
    await stage.sleep(10)
    before = await stats_of(alice)
    await stage.negotiate(ice_restart=True)
    await stage.sleep(30)
    alice.channels["chat"].send(bytes(1000))
    await stage.sleep(30)
    report = await stats_of(alice)
    assert_references_hold(report)
    old, new = only(before, "transport"), only(report, "transport")
    assert new["id"] == old["id"]
    assert new["selectedCandidatePairId"] != old["selectedCandidatePairId"]
    assert new["selectedCandidatePairChanges"] == 2
    assert old["selectedCandidatePairId"] not in report
    sent = in_use(report)["packetsSent"]
    assert 0 < sent < new["packetsSent"]
    assert new["packetsSent"] == old["packetsSent"] + sent


async def test_channels_that_opened_and_closed_are_counted(stage):
    alice, bob = await stage.connect()
    for label in ("b", "c"):
        await stage.connect_channel(label)
    never = alice.channel("never")
    never.close()
    alice.channels["b"].close()
    await stage.sleep(1)
    # The peer is told of a channel that its creator gave up before it opened.
    for peer, opened, closed in ((alice, 3, 1), (bob, 4, 2)):
        report = await stats_of(peer)
        connection = only(report, "peer-connection")
        assert connection["dataChannelsOpened"] == opened
        assert connection["dataChannelsClosed"] == closed
        assert {each["label"] for each in report.of_type("data-channel")} == {"chat", "c"}
    again = alice.channel("b")
    await again.wait_open()
    ids = {each["id"] for each in (await stats_of(alice)).of_type("data-channel")}
    assert len(ids) == 3


async def test_a_closed_connection_keeps_its_final_numbers(stage):
    observer = Observer(stage.net, "10.0.0.1")
    alice, bob = await stage.connect()
    alice.channels["chat"].send(bytes(1000))
    await stage.sleep(5)
    before = await stats_of(alice)
    pending = alice.pc.getStats()
    await alice.pc.close()
    await stage.sleep(5)
    after = await stats_of(alice)
    assert list(await pending) == list(before) == list(after)
    transport = only(after, "transport")
    assert (transport["iceState"], transport["dtlsState"]) == ("closed", "closed")
    assert "selectedCandidatePairId" not in transport
    assert transport["packetsSent"] == len(observer.dtls)
    assert transport["packetsReceived"] == len(observer.dtls_in)
    assert only(after, "data-channel")["state"] == "closed"
    assert only(after, "data-channel")["bytesSent"] == 1000
    connection = only(after, "peer-connection")
    assert (connection["dataChannelsOpened"], connection["dataChannelsClosed"]) == (1, 1)
    assert only(await stats_of(bob), "transport")["dtlsState"] == "closed"


async def test_an_address_that_was_not_signalled_is_not_told(stage):
    net = stage.net
    net.stun_server(STUN)
    servers = {"iceServers": [{"urls": f"stun:{STUN}"}]}
    alice = stage.peer(
        "alice",
        host=net.host("alice", "192.168.1.2", behind=net.nat("home", HOME, kind=SYMMETRIC)),
    )
    bob = stage.peer("bob", OFFICE, configuration=servers)
    stage.introduce(alice, bob)
    await stage.connect()
    report = await stats_of(bob)
    assert_references_hold(report)
    remote = report[in_use(report)["remoteCandidateId"]]
    assert remote["candidateType"] == "prflx"
    assert remote["address"] is None
    assert "foundation" not in remote
    assert HOME not in repr(dict(report))
    # What the other side learned is its own address, and that it may know.
    own = await stats_of(alice)
    local = own[in_use(own)["localCandidateId"]]
    assert (local["candidateType"], local["address"]) == ("prflx", HOME)
    assert (local["relatedAddress"], local["priority"]) == ("192.168.1.2", remote["priority"])


async def test_every_candidate_is_told_with_where_it_came_from(stage):
    net = stage.net
    net.stun_server(STUN)
    servers = {"iceServers": [{"urls": f"stun:{STUN}"}]}
    host = net.host("alice", "192.168.1.2", behind=net.nat("home", HOME))
    alice = stage.peer("alice", host=host, configuration=servers)
    bob = stage.peer("bob", OFFICE)
    stage.introduce(alice, bob)
    await stage.connect()
    report = await stats_of(alice)
    assert_references_hold(report)
    local = {each["candidateType"]: each for each in report.of_type("local-candidate")}
    assert set(local) == {"host", "srflx"}
    assert local["srflx"]["url"] == f"stun:{STUN}"
    assert local["srflx"]["address"] == HOME
    assert local["srflx"]["relatedAddress"] == local["host"]["address"] == "192.168.1.2"
    assert local["srflx"]["relatedPort"] == local["host"]["port"]
    assert "url" not in local["host"]
    signalled = {each.candidate.split()[5] for each in alice.candidates if each and each.candidate}
    assert signalled == {str(each["port"]) for each in local.values()}
    seen = {each["address"] for each in (await stats_of(bob)).of_type("remote-candidate")}
    assert seen == {"192.168.1.2", HOME}
    states = {each["state"] for each in (await stats_of(bob)).of_type("candidate-pair")}
    assert states <= {"frozen", "waiting", "in-progress", "failed", "succeeded"}


async def test_a_lost_path_shows_what_was_sent_in_vain(stage):
    alice, bob = await stage.connect()
    await stage.sleep(5)
    before = in_use(await stats_of(alice)), in_use(await stats_of(bob))
    stage.net.block("alice", "bob")
    alice.channels["chat"].send("in vain")
    await stage.sleep(10)
    mine, theirs = await stats_of(alice), await stats_of(bob)
    assert only(mine, "transport")["iceState"] == "disconnected"
    assert in_use(mine)["packetsSent"] > before[0]["packetsSent"]
    assert in_use(mine)["consentRequestsSent"] > before[0]["consentRequestsSent"]
    assert in_use(mine)["responsesReceived"] == before[0]["responsesReceived"]
    assert in_use(theirs)["packetsReceived"] == before[1]["packetsReceived"]
    assert only(mine, "data-channel")["messagesSent"] == 1
    assert only(theirs, "data-channel")["messagesReceived"] == 0
    await stage.sleep(60)
    mine = await stats_of(alice)
    assert only(mine, "transport")["iceState"] == "failed"
    assert only(mine, "transport")["selectedCandidatePairChanges"] == 2
    assert "selectedCandidatePairId" not in only(mine, "transport")
    assert len(mine.of_type("candidate-pair")) == 1


async def test_a_selector_that_is_no_track_of_ours_is_refused(stage):
    alice, _ = stage.pair()
    refused = alice.pc.getStats(object())
    assert refused.done()
    with pytest.raises(InvalidAccessError):
        await refused


async def test_the_report_comes_in_a_later_turn_with_what_was_sent_before(stage):
    alice, _ = await stage.connect()
    before = only(await stats_of(alice), "transport")["bytesSent"]
    alice.channels["chat"].send(bytes(500))
    pending = alice.pc.getStats()
    assert not pending.done()
    assert only(await pending, "transport")["bytesSent"] > before + 500


async def test_a_report_nobody_waits_for_any_more_is_dropped(stage):
    alice, _ = stage.pair()
    alice.pc.getStats().cancel()
    await stage.sleep(1)


async def test_a_report_is_a_mapping_that_cannot_be_changed(stage):
    alice, _ = stage.pair()
    report = await stats_of(alice)
    assert len(report) == len(list(report)) == len(report.values()) == 1
    assert repr(report) == "<RTCStatsReport peer-connection>"
    with pytest.raises(TypeError):
        report["x"] = {}
    with pytest.raises(KeyError):
        report["x"]
