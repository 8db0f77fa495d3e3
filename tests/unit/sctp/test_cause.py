from frazil.sctp.cause import MAX_CAUSE_SIZE, CauseCode, describe_causes, encode_cause


def test_encode():
    expected = bytes.fromhex("000c0007") + b"bye\0"
    assert encode_cause(CauseCode.USER_INITIATED_ABORT, b"bye") == expected


def test_encode_cuts_what_is_long():
    assert len(encode_cause(CauseCode.UNRECOGNIZED_CHUNK_TYPE, bytes(9999))) == 4 + MAX_CAUSE_SIZE


def test_describe_with_a_reason():
    cause = encode_cause(CauseCode.USER_INITIATED_ABORT, "gründlich".encode())
    assert describe_causes(cause) == (12, "user initiated abort: gründlich")


def test_describe_is_one_line_of_printable_text_whatever_the_peer_says():
    cause = encode_cause(CauseCode.USER_INITIATED_ABORT, b"bye\nroot: \x1b[2J")
    assert describe_causes(cause) == (12, "user initiated abort: bye\ufffdroot: \ufffd[2J")


def test_describe_without_a_reason():
    assert describe_causes(encode_cause(CauseCode.OUT_OF_RESOURCE)) == (4, "out of resource")


def test_describe_reads_the_first_of_several():
    causes = encode_cause(CauseCode.NO_USER_DATA, bytes(4)) + encode_cause(CauseCode.STALE_COOKIE)
    assert describe_causes(causes) == (9, "no user data")


def test_describe_what_nobody_understands():
    assert describe_causes(b"") == (None, "no error cause was given")
    assert describe_causes(b"\0") == (None, "the error causes cannot be read")
    assert describe_causes(bytes.fromhex("00630004")) == (99, "error cause 99")
    assert describe_causes(bytes.fromhex("000d0006fffe")) == (13, "protocol violation: ��")
