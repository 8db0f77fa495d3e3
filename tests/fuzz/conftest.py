"""Coroutine tests here run on a stage, in virtual time: see :mod:`support.scenario`."""

from support.scenario import pytest_pyfunc_call, stage

__all__ = ["pytest_pyfunc_call", "stage"]
