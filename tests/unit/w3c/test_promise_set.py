"""What becomes of the futures that methods return."""

import asyncio

from frazil import InvalidStateError, RTCSessionDescription
from support.virtual_pair import VirtualPair, on_virtual_pair


@on_virtual_pair
async def test_what_is_created_is_a_description_and_what_is_applied_is_nothing(pair: VirtualPair):
    pair.a.createDataChannel("chat")
    offer = await pair.a.createOffer()
    assert type(offer) is RTCSessionDescription
    assert await pair.a.setLocalDescription(offer) is None


@on_virtual_pair
async def test_what_a_listener_waited_for_is_not_touched_by_close(pair: VirtualPair):
    waited: list[asyncio.Future] = []

    @pair.a.on("negotiationneeded")
    async def negotiate():
        waited.append(pair.a.createOffer())
        await waited[0]
        waited.append(pair.a.createAnswer())  # has failed on return

    pair.a.createDataChannel("chat")
    await asyncio.sleep(1)
    pair.a.close()
    assert waited[0].result().type == "offer"
    assert isinstance(waited[1].exception(), InvalidStateError)


@on_virtual_pair
async def test_what_others_wait_for_is_left_alone_when_that_of_a_listener_is_cancelled(
    pair: VirtualPair,
):
    loop = asyncio.get_running_loop()
    of_listener, of_main = [], []

    def close() -> None:
        of_main.append(pair.a.createOffer())
        pair.a.close()

    @pair.a.on("negotiationneeded")
    async def negotiate():
        loop.call_soon(close)  # before anything settles
        of_listener.append(pair.a.createOffer())
        await of_listener[0]

    pair.a.createDataChannel("chat")
    await asyncio.sleep(10)
    assert of_listener[0].cancelled()
    assert not of_main[0].done()


@on_virtual_pair
async def test_what_is_begun_after_a_listener_has_ended_is_left_alone(pair: VirtualPair):
    loop = asyncio.get_running_loop()
    begun: list[asyncio.Future] = []

    def later() -> None:
        begun.append(pair.a.createOffer())
        pair.a.close()

    @pair.a.on("negotiationneeded")
    async def negotiate():
        loop.call_later(1, later)  # which takes the listener's context along

    pair.a.createDataChannel("chat")
    await asyncio.sleep(10)
    assert not begun[0].done()


@on_virtual_pair
async def test_operations_that_are_pending_at_close_never_settle(pair: VirtualPair):
    pair.a.createDataChannel("chat")
    pending = [pair.a.createOffer(), pair.a.setLocalDescription(), pair.a.createOffer()]
    pair.a.close()
    await asyncio.sleep(10)
    assert not any(future.done() for future in pending)


@on_virtual_pair
async def test_a_coroutine_listener_that_waits_for_an_operation_ends_with_the_connection(
    pair: VirtualPair,
):
    ended = asyncio.Event()

    @pair.a.on("negotiationneeded")
    async def negotiate():
        applied = pair.a.setLocalDescription()
        pair.a.close()
        try:
            await applied
        except asyncio.CancelledError:
            ended.set()
            raise

    pair.a.createDataChannel("chat")
    await ended.wait()


@on_virtual_pair
async def test_a_listener_may_wait_for_another_connection_than_its_own(pair: VirtualPair):
    ended = asyncio.Event()

    @pair.a.on("negotiationneeded")
    async def negotiate():
        created = pair.b.createOffer()
        pair.b.close()
        try:
            await created
        except asyncio.CancelledError:
            ended.set()
            raise

    pair.a.createDataChannel("chat")
    await ended.wait()


@on_virtual_pair
async def test_a_promise_that_a_listener_returned_leaves_no_task_behind(pair: VirtualPair):
    def negotiate() -> asyncio.Future[None]:
        applied = pair.a.setLocalDescription()
        pair.a.close()
        return applied

    pair.a.on("negotiationneeded", negotiate)
    pair.a.createDataChannel("chat")
    await asyncio.sleep(1)  # on_virtual_pair looks for tasks that are left
