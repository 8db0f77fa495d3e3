"""The golden table of aggregated states: ``PYTHONPATH=tests python -m support.golden.aggregate``.

One row for every multiset of up to three ICE transports, and one for every state of a single
transport with its DTLS. The file changes only when a rule set is meant to change, and then every
changed line is to be read.
"""

from collections.abc import Iterable, Iterator
from itertools import combinations_with_replacement, product
from pathlib import Path

from frazil.states.aggregate import connection_state, ice_connection_state
from frazil.states.enums import RTCDtlsTransportState, RTCIceTransportState
from frazil.states.ruleset import RULE_SETS

PATH = Path(__file__).with_suffix(".csv")

HISTORIC = tuple(rules for name, rules in RULE_SETS.items() if name != "w3c")
HEAD = ("aggregate", "ice", "dtls", "w3c", *(rules.name for rules in HISTORIC))
OUTSIDE = "-"


def render() -> str:
    return "\n".join(",".join(row) for row in [HEAD, *_ice_rows(), *_connection_rows()]) + "\n"


def _ice_rows() -> Iterator[tuple[str, ...]]:
    for count in range(4):
        for states in combinations_with_replacement(RTCIceTransportState, count):
            yield (
                "iceConnectionState",
                " ".join(states),
                "",
                ice_connection_state(False, states),
                *(
                    _cell(rules.ice_connection_state(states))
                    if set(states) <= set(rules.ice_states)
                    else OUTSIDE
                    for rules in HISTORIC
                ),
            )


def _connection_rows() -> Iterator[tuple[str, ...]]:
    for ice, dtls in product(RTCIceTransportState, RTCDtlsTransportState):
        yield (
            "connectionState",
            ice,
            dtls,
            connection_state(ice_connection_state(False, [ice]), [dtls]),
            *(
                _cell(rules.connection_state([(ice, dtls)])) if rules.connection_rules else OUTSIDE
                for rules in HISTORIC
            ),
        )


def _cell(states: Iterable[str]) -> str:
    return "|".join(sorted(states)) or "undefined"


if __name__ == "__main__":
    PATH.write_text(render(), encoding="utf-8")
