"""BUNDLE: which m-sections share a transport (RFC 9143, RFC 9429 4.1.1)."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from frazil.compiled import mypyc_attr
from frazil.peer.configuration import BundlePolicy
from frazil.sdp import SessionDescription
from frazil.value import Value

_BALANCED: Final = BundlePolicy.BALANCED
_MAX_BUNDLE: Final = BundlePolicy.MAX_BUNDLE

Groups = tuple[tuple[str, ...], ...]
"""The mids of each group; the first is the tag."""


@mypyc_attr(acyclic=True)
class Member(Value):
    """An m-section that is to be offered.

    Attributes:
        mid: Its name.
        kind: Its media type.
        transport: The name of the transport that an answer settled for it.
    """

    __slots__ = ("kind", "mid", "transport")

    def __init__(self, mid: str, kind: str, transport: str | None) -> None:
        self.mid = mid
        self.kind = kind
        self.transport = transport

    def as_tuple(self) -> tuple[object, ...]:
        """Mid, kind and transport."""
        return self.mid, self.kind, self.transport


@mypyc_attr(acyclic=True)
class OfferedBundle(Value):
    """How an offer bundles.

    Attributes:
        groups: Its BUNDLE groups.
        bundle_only: The mids of those without a transport of their own.
    """

    __slots__ = ("bundle_only", "groups")

    def __init__(self, groups: Groups, bundle_only: frozenset[str]) -> None:
        self.groups = groups
        self.bundle_only = bundle_only

    def as_tuple(self) -> tuple[object, ...]:
        """The groups, and who has no other transport than theirs."""
        return self.groups, self.bundle_only


def offer_bundle(
    members: Sequence[Member], policy: BundlePolicy, *, is_bundling: bool
) -> OfferedBundle:
    """The BUNDLE groups of an offer.

    What is established stays where it is: sections of different transports are never offered as
    one group. New sections join the first group, behind its tag (RFC 9143 7.5.1).

    Args:
        members: The m-sections in order, without rejected ones.
        policy: How many transports a first offer has.
        is_bundling: Whether the peer has accepted a group: new sections are then bundle-only.
    """
    established: dict[str, list[str]] = {}
    for member in members:
        if member.transport is not None:
            established.setdefault(member.transport, []).append(member.mid)
    new = [member for member in members if member.transport is None]
    groups = list(established.values()) or [[]]
    groups[0] += [member.mid for member in new]
    if is_bundling:
        only = frozenset(member.mid for member in new)
    else:
        first = {member.kind for member in members if member.transport is not None}
        only = frozenset(_without_transport(new, first, policy))
    return OfferedBundle(tuple(tuple(group) for group in groups if _is_group(group, groups)), only)


def bundle_tags(description: SessionDescription, groups: Groups | None = None) -> list[int | None]:
    """For each m-section the index of the one whose transport it has; ``None`` if rejected.

    Args:
        description: The description.
        groups: Other groups than its own.
    """
    tags: list[int | None] = [
        None if media.is_rejected else index for index, media in enumerate(description.media)
    ]
    index_of = {media.mid: index for index, media in enumerate(description.media)}
    for group in description.bundle_groups if groups is None else groups:
        members = [index_of[mid] for mid in group if tags[index_of[mid]] is not None]
        for index in members:
            tags[index] = members[0]
    return tags


def tagged(description: SessionDescription, tags: Sequence[int | None]) -> dict[int, list[str]]:
    """The mids on each transport, by the index of its tagged m-section, that one's first."""
    found: dict[int, list[str]] = {}
    for index, tag in enumerate(tags):
        mid = description.media[index].mid
        if tag == index and mid is not None:
            found[index] = [mid]
    for index, tag in enumerate(tags):
        mid = description.media[index].mid
        if tag is not None and tag != index and mid is not None:
            found.setdefault(tag, []).append(mid)
    return found


def with_group(offer: SessionDescription, mids: Sequence[str]) -> list[str]:
    """The mids that may know the transport of m-sections that an answer puts together.

    They do themselves. A bundle-only one lives on the transport of its group, even if the answer
    refuses the section that has it by now.
    """
    borrowing = {media.mid for media in offer.media if media.bundle_only and media.mid in mids}
    if not borrowing:
        return list(mids)
    groups = [group for group in offer.bundle_groups if borrowing & set(group)]
    return list(dict.fromkeys([*mids, *(mid for group in groups for mid in group)]))


def answer_groups(
    offer: SessionDescription,
    is_accepted: Callable[[int], bool],
    transport_of: Callable[[str], str | None],
) -> Groups:
    """The groups of an answer: those offered, without what is refused or on another transport.

    Args:
        offer: The offer.
        is_accepted: Whether the m-section with that index is.
        transport_of: The name of the transport that an earlier answer settled for a mid.
    """
    index_of = {media.mid: index for index, media in enumerate(offer.media)}
    groups = []
    for offered in offer.bundle_groups:
        mids = [mid for mid in offered if is_accepted(index_of[mid])]
        settled = next((found for mid in mids if (found := transport_of(mid)) is not None), None)
        group = tuple(mid for mid in mids if transport_of(mid) in (settled, None))
        if group:
            groups.append(group)
    return tuple(groups)


def _without_transport(
    members: Iterable[Member], kinds: set[str], policy: BundlePolicy
) -> list[str]:
    """The mids of new sections that the policy gives no transport (RFC 9429 4.1.1)."""
    without = []
    for member in members:
        if policy is _BALANCED:
            is_without = member.kind in kinds
        else:
            is_without = policy is _MAX_BUNDLE and bool(kinds)
        if is_without:
            without.append(member.mid)
        kinds.add(member.kind)
    return without


def _is_group(group: list[str], groups: list[list[str]]) -> bool:
    """Among several transports one with a single section has nothing to bundle."""
    return len(group) > (1 if len(groups) > 1 else 0)
