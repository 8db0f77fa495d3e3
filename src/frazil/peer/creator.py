"""Making offers and answers out of what there is (RFC 9429 5.2, 5.3)."""

from collections.abc import Mapping

from frazil.dtls import Certificate
from frazil.ice import AgentTraits, Credentials
from frazil.peer.answer import AnswerPlan, answering_role, build_answer, plan_answer
from frazil.peer.bundle import Member, OfferedBundle, offer_bundle, tagged, with_group
from frazil.peer.configuration import BundlePolicy
from frazil.peer.core import Core
from frazil.peer.description import MAX_CANDIDATES, Description
from frazil.peer.local_credentials import LocalCredentials
from frazil.peer.media import SETUP_OF_ROLE, LocalTransport
from frazil.peer.negotiated_rtp import NegotiatedRtp
from frazil.peer.offer import Slot, Wishes, allocate, build_offer
from frazil.peer.stack import TransportStack
from frazil.peer.traits import ice_options
from frazil.peer.transceiver import Transceiver
from frazil.peer.transceiver_table import TransceiverTable
from frazil.peer.transport_map import TransportMap
from frazil.sdp import Origin, SessionDescription, Setup
from frazil.types import RandomBytes
from frazil.value import Value


class Draft(Value):
    """A description that was not applied yet.

    Attributes:
        model: What it says.
        made_for: The transceiver of each m-section, if it is one's.
    """

    __slots__ = ("made_for", "model")

    def __init__(self, model: SessionDescription, made_for: tuple[Transceiver | None, ...]) -> None:
        self.model = model
        self.made_for = made_for

    def as_tuple(self) -> tuple[object, ...]:
        """What it says, and the transceivers."""
        return self.model, self.made_for


class DescriptionCreator:
    """Makes offers and answers; to make one changes nothing but what the next one is called."""

    __slots__ = (
        "_certificate",
        "_core",
        "_credentials",
        "_ice_options",
        "_policy",
        "_rtp",
        "_session_id",
        "_traits",
        "_transceivers",
        "_transports",
        "_version",
    )

    def __init__(
        self,
        core: Core,
        transports: TransportMap,
        transceivers: TransceiverTable,
        credentials: LocalCredentials,
        certificate: Certificate,
        traits: AgentTraits,
        random_bytes: RandomBytes,
        policy: BundlePolicy,
    ) -> None:
        self._core = core
        self._transports = transports
        self._transceivers = transceivers
        self._credentials = credentials
        self._certificate = certificate
        self._policy = policy
        self._rtp = NegotiatedRtp()
        self._traits = traits
        self._ice_options = ice_options(traits)
        # Below 2**63 (RFC 9429 5.2.1).
        self._session_id = int.from_bytes(random_bytes(8)) >> 1
        self._version = 0

    def make_offer(
        self, data_mid: str | None, needs_data: bool, sctp_init: bytes | None, *, restart: bool
    ) -> Draft:
        """An offer of everything that is to be negotiated.

        Args:
            data_mid: The m-section that the data channels have.
            needs_data: Whether there are to be data channels.
            sctp_init: The INIT chunk to announce for them.
            restart: Whether all transports get new credentials, as they do if a tag moves to an
                m-section that had others.
        """
        slots = self._allocate(data_mid, needs_data)
        bundle = self._bundle(slots)
        tag_of = {mid: group[0] for group in bundle.groups for mid in group}
        restart = restart or self._has_new_tag(slots)
        locals_: dict[str, LocalTransport] = {}
        candidates_stand_at: set[Credentials] = set()

        def local_of(slot: Slot) -> LocalTransport:
            mid = slot.mid or ""
            is_only = mid in bundle.bundle_only
            owner = tag_of[mid] if is_only else mid
            if owner not in locals_:
                credentials = self._credentials.for_offer(owner, restart=restart)
                stack = self._transports.get(owner)
                locals_[owner] = self._describe(credentials, Setup.ACTPASS, stack)
            local = locals_[owner]
            if is_only or local.credentials in candidates_stand_at:
                return local.shared(self._repeated(mid, local), is_bundle_only=is_only)
            candidates_stand_at.add(local.credentials)
            return local

        transceivers = {
            slot.mid: slot.transceiver
            for slot in slots
            if slot.mid is not None and slot.transceiver is not None
        }
        rtp = self._rtp.terms(transceivers)
        model = build_offer(
            self._next_origin(), self._traits, slots, bundle.groups, local_of, rtp, sctp_init
        )
        return Draft(model, tuple(slot.transceiver for slot in slots))

    def make_answer(self, offer: Description, sctp_init: bytes | None) -> Draft:
        """The answer to the pending remote offer; with this INIT chunk, if it announces one."""
        model = offer.model
        plan = plan_answer(model, self._transceivers, self._transports, self._policy)
        answering = self._answering(offer, plan)
        answer = build_answer(
            self._next_origin(), self._traits, model, plan, self._transceivers, answering, sctp_init
        )
        return self.with_transceivers(answer, offer)

    def with_transceivers(self, answer: SessionDescription, offer: Description) -> Draft:
        """``answer`` with the transceivers that ``offer`` has brought or found."""
        mids = (media.mid for media in offer.model.media)
        return Draft(answer, tuple(self._transceivers.find(mid) for mid in mids))

    def settle(self) -> None:
        """An answer was applied: what it leaves to the next offers."""
        self._rtp.settle(self._core.descriptions)

    # --- offers -------------------------------------------------------------------------------

    def _allocate(self, data_mid: str | None, needs_data: bool) -> list[Slot]:
        slots = self._core.descriptions
        base = slots.local.model.media if slots.local else ()
        ours = slots.current_local.model.media if slots.current_local else ()
        theirs = slots.current_remote.model.media if slots.current_remote else ()
        wishes = Wishes(self._transceivers.items, data_mid, needs_data)
        tag = self._tag_index(wishes)

        def is_free(index: int) -> bool:
            if not tag < index < len(ours):
                return False
            return ours[index].is_rejected or theirs[index].is_rejected

        return allocate(base, is_free, wishes, {each.mid for each in wishes.transceivers})

    def _tag_index(self, wishes: Wishes) -> int:
        """The index of the m-section that is the tag of a BUNDLE group; -1 if no group stays.

        If that of the last answer goes now, the next in the group is the tag. Browsers let the
        transport of the group go, and all data channels with it, if another section comes before
        that one.
        """
        answer = self._core.descriptions.current_answer
        if answer is None:
            return -1
        kept = wishes.kept()
        groups = ([mid for mid in group if mid in kept] for group in answer.model.bundle_groups)
        tags = {group[0] for group in groups if group}
        return next((at for at, each in enumerate(answer.model.media) if each.mid in tags), -1)

    def _has_new_tag(self, slots: list[Slot]) -> bool:
        """Whether an m-section is to say of a transport what it has not said so far.

        That is one that had credentials of its own before it was bundled, once the sections before
        it go. As browsers take new credentials for an ICE restart, there has to be one.
        """
        before = self._core.descriptions.current_local
        told: set[TransportStack] = set()
        for slot in slots:
            stack = self._transports.get(slot.mid) if slot.refused is None else None
            if before is None or stack is None or stack in told:
                continue
            told.add(stack)
            index = before.index_of(slot.mid or "")
            said = before.ufrag_at(index) if index is not None else None
            used = stack.ice.local_parameters
            if said and used and used == stack.stable_local and said != used.ufrag:
                return True
        return False

    def _bundle(self, slots: list[Slot]) -> OfferedBundle:
        members = [
            Member(slot.mid, slot.kind, self._transports.established(slot.mid))
            for slot in slots
            if slot.refused is None and slot.mid is not None
        ]
        answer = self._core.descriptions.current_answer
        is_bundling = any(
            member.mid in group
            for group in (answer.model.bundle_groups if answer else ())
            for member in members
            if member.transport is not None
        )
        return offer_bundle(members, self._policy, is_bundling=is_bundling)

    # --- answers ------------------------------------------------------------------------------

    def _answering(self, offer: Description, plan: AnswerPlan) -> Mapping[int, LocalTransport]:
        """What each accepted m-section says about our side of its transport, by index."""
        locals_ = {}
        for tag, mids in tagged(offer.model, plan.tags).items():
            stack = self._transports.first(with_group(offer.model, mids))
            remote = offer.transport_at(self._transports.describing(offer.model, tag))
            setup = SETUP_OF_ROLE[answering_role(remote.setup, stack.dtls_role if stack else None)]
            credentials = self._credentials.for_answer(mids[0], stack, remote.credentials)
            local = locals_[tag] = self._describe(credentials, setup, stack)
            for mid in mids[1:]:
                index = offer.index_of(mid)
                assert index is not None  # its plan has the tag
                locals_[index] = local.shared(self._repeated(mid, local))
        return locals_

    # --- both ---------------------------------------------------------------------------------

    def _repeated(self, mid: str, local: LocalTransport) -> Credentials:
        """What an m-section says that is not the tag: as before, unless the transport restarts.

        Before it was bundled it had credentials of its own. Firefox takes any change for an ICE
        restart, and refuses one in which not all sections take part.
        """
        before = self._core.descriptions.current_local
        index = before.index_of(mid) if before else None
        if before is None or index is None or not before.sections_of(local.credentials.ufrag):
            return local.credentials
        media = before.model.media[index]
        if media.ice_ufrag is None or media.ice_pwd is None:
            return local.credentials
        return Credentials(media.ice_ufrag, media.ice_pwd)

    def _describe(
        self, credentials: Credentials, setup: Setup, stack: TransportStack | None
    ) -> LocalTransport:
        generation = stack.generations.get(credentials.ufrag) if stack else None
        if generation is None:
            return LocalTransport(
                credentials, self._certificate, setup, ice_options=self._ice_options
            )
        return LocalTransport(
            credentials,
            self._certificate,
            setup,
            generation.lines[-MAX_CANDIDATES:],
            generation.is_gathered,
            generation.default_address,
            ice_options=self._ice_options,
        )

    def _next_origin(self) -> Origin:
        self._version += 1
        return Origin(self._session_id, self._version)
