"""What the user may decide about gathering, and what is refused at once."""

import dataclasses
import ssl

import pytest

import frazil
from frazil import IceOptions


def test_options_are_public_keyword_only_and_frozen():
    assert "IceOptions" in frazil.__all__
    with pytest.raises(TypeError):
        IceOptions(True)
    with pytest.raises(dataclasses.FrozenInstanceError):
        IceOptions().include_loopback = True


def test_include_loopback_is_a_bool():
    assert IceOptions().include_loopback is False
    with pytest.raises(TypeError, match="include_loopback must be a bool, not 1"):
        IceOptions(include_loopback=1)


def test_the_tls_context_is_one():
    context = ssl.create_default_context()
    assert IceOptions().tls_context is None
    assert IceOptions(tls_context=context).tls_context is context
    with pytest.raises(TypeError, match=r"tls_context must be an ssl\.SSLContext, not 'ca\.pem'"):
        IceOptions(tls_context="ca.pem")


def test_unverified_tls_believes_anybody():
    context = frazil.unverified_tls()
    assert (context.check_hostname, context.verify_mode) == (False, ssl.CERT_NONE)
