import asyncio
import copy
import pickle

import pytest

from frazil import RTCDataChannel, RTCDtlsTransport, RTCIceTransport, RTCPeerConnection
from frazil.w3c.event import Event, MessageEvent
from frazil.w3c.target import EventHandler, EventTarget
from support.virtual_pair import VirtualPair, on_virtual_pair


class Lamp(EventTarget):
    __slots__ = ("tasks",)

    onlit = EventHandler("It shines.")
    onmessage = EventHandler("It says something.")

    def __init__(self) -> None:
        self.tasks: set[asyncio.Task] = set()
        super().__init__(self.tasks)


class DiscoLamp(Lamp):
    __slots__ = ()

    onspin = EventHandler("It spins.")


@pytest.fixture
def lamp() -> Lamp:
    return Lamp()


def light(lamp: Lamp) -> Event:
    event = Event("lit", lamp)
    lamp._dispatch(event)
    return event


def in_loop(body) -> list[dict]:
    """Run ``body()`` in a loop until its tasks are done; what the exception handler was told."""
    reports: list[dict] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: reports.append(context))
        lamp = body()
        await asyncio.gather(*lamp.tasks)

    asyncio.run(main())
    return reports


# --- who is called, and in which order ----------------------------------------------------------


def test_listeners_are_called_in_the_order_in_which_they_were_added(lamp):
    calls = []
    for name in "abc":
        lamp.addEventListener("lit", lambda event, name=name: calls.append((name, event)))
    event = light(lamp)
    assert calls == [("a", event), ("b", event), ("c", event)]
    assert event.target is lamp


def test_adding_a_listener_again_changes_nothing(lamp):
    calls = []
    lamp.addEventListener("lit", calls.append)
    lamp.addEventListener("lit", calls.append, once=True)
    light(lamp)
    light(lamp)
    assert len(calls) == 2


def test_one_function_may_want_the_event_and_the_payload(lamp):
    calls = []
    lamp.addEventListener("message", calls.append)
    lamp.on("message", calls.append)
    event = MessageEvent("message", lamp, b"hi")
    lamp._dispatch(event)
    assert calls == [event, b"hi"]
    lamp.removeEventListener("message", calls.append)
    lamp._dispatch(event)
    assert len(calls) == 2


def test_on_gives_no_argument_for_events_without_payload(lamp):
    calls = []

    @lamp.on("lit")
    def note(*arguments):
        calls.append(arguments)

    light(lamp)
    assert calls == [()]
    assert callable(note)


def test_whatever_is_true_means_once(lamp):
    calls = []
    lamp.addEventListener("lit", calls.append, once=1)
    assert [light(lamp), light(lamp)][:1] == calls


def test_once_is_called_once_even_if_it_causes_the_event_again(lamp):
    calls = []

    @lamp.once("lit")
    def again():
        calls.append("once")
        light(lamp)

    lamp.addEventListener("lit", lambda event: calls.append("browser"), once=True)
    light(lamp)
    light(lamp)
    assert calls == ["once", "browser"]


# --- the on... attributes -----------------------------------------------------------------------


def test_an_attribute_keeps_its_place_when_it_is_replaced(lamp):
    calls = []
    lamp.onlit = lambda event: calls.append("old")
    lamp.addEventListener("lit", lambda event: calls.append("listener"))
    lamp.onlit = lambda event: calls.append("new")
    light(lamp)
    assert calls == ["new", "listener"]


def test_an_attribute_that_was_cleared_comes_last_when_set_again(lamp):
    calls = []
    lamp.onlit = handler = lambda event: calls.append("attribute")
    lamp.addEventListener("lit", lambda event: calls.append("listener"))
    lamp.onlit = None
    lamp.onlit = None
    assert lamp.onlit is None
    light(lamp)
    assert calls == ["listener"]
    lamp.onlit = handler
    assert lamp.onlit is handler
    light(lamp)
    assert calls == ["listener", "listener", "attribute"]


def test_remove_event_listener_leaves_the_attribute_alone(lamp):
    calls = []
    lamp.onlit = calls.append
    lamp.addEventListener("lit", calls.append)
    light(lamp)
    assert len(calls) == 2
    lamp.removeEventListener("lit", calls.append)
    light(lamp)
    assert len(calls) == 3
    lamp.onlit = None
    light(lamp)
    assert len(calls) == 3


def test_the_attribute_of_one_object_says_nothing_about_another(lamp):
    other = Lamp()
    lamp.onlit = print
    assert other.onlit is None


def test_an_attribute_explains_itself():
    assert RTCPeerConnection.onicecandidate.__doc__
    assert RTCPeerConnection.onicecandidate.type == "icecandidate"


# --- names --------------------------------------------------------------------------------------


def test_events_are_those_with_an_attribute():
    assert {"lit", "message"} == Lamp.EVENTS
    assert {"lit", "message", "spin"} == DiscoLamp.EVENTS
    assert {
        "statechange",
        "gatheringstatechange",
        "selectedcandidatepairchange",
        "icecandidatepairadd",
        "icecandidatepairnominate",
        "icecandidatepairremove",
    } == RTCIceTransport.EVENTS
    assert {"statechange", "error"} == RTCDtlsTransport.EVENTS
    assert "bufferedamountlow" in RTCDataChannel.EVENTS


@pytest.mark.parametrize(
    "use",
    [
        lambda lamp: lamp.addEventListener("glow", print),
        lambda lamp: lamp.removeEventListener("glow", print),
        lambda lamp: lamp.on("glow"),
        lambda lamp: lamp.on("glow", print),
        lambda lamp: lamp.once("onlit"),
    ],
)
def test_an_unknown_event_is_refused_with_the_known_ones(lamp, use):
    with pytest.raises(ValueError, match=r"Lamp has no event .*; it has lit, message"):
        use(lamp)


def test_an_attribute_for_an_unknown_event_is_refused(lamp):
    with pytest.raises(AttributeError, match="onglow"):
        lamp.onglow = print


@pytest.mark.parametrize("wrong", [None, 3, "print"])
def test_a_listener_must_be_callable(lamp, wrong):
    with pytest.raises(TypeError, match="must be callable"):
        lamp.addEventListener("lit", wrong)
    if wrong is not None:
        with pytest.raises(TypeError, match="onlit must be callable or None"):
            lamp.onlit = wrong


# --- changes during a dispatch ------------------------------------------------------------------


def test_a_listener_removed_during_the_dispatch_is_not_called(lamp):
    calls = []

    def second(event):
        calls.append("second")

    lamp.addEventListener("lit", lambda event: lamp.removeEventListener("lit", second))
    lamp.addEventListener("lit", second, once=True)
    light(lamp)
    light(lamp)
    assert calls == []


def test_an_attribute_cleared_during_the_dispatch_is_not_called(lamp):
    calls = []

    def clear(event):
        lamp.onlit = None

    lamp.addEventListener("lit", clear)
    lamp.onlit = calls.append
    light(lamp)
    assert calls == []


def test_a_listener_added_during_the_dispatch_waits_for_the_next(lamp):
    calls = []
    lamp.addEventListener("lit", lambda event: lamp.addEventListener("lit", calls.append))
    light(lamp)
    assert calls == []
    light(lamp)
    assert len(calls) == 1


def test_a_bound_method_can_be_removed(lamp):
    class Observer:
        def __init__(self):
            self.count = 0

        def see(self, event):
            self.count += 1

    observer = Observer()
    lamp.addEventListener("lit", observer.see)
    lamp.addEventListener("lit", observer.see)
    light(lamp)
    lamp.removeEventListener("lit", observer.see)
    light(lamp)
    assert observer.count == 1


def test_removing_an_unknown_listener_is_ignored(lamp):
    lamp.removeEventListener("lit", print)


# --- exceptions and coroutines --------------------------------------------------------------------


class Failed(BaseException):
    """What ``pytest.fail()`` raises is such a one."""


@pytest.mark.parametrize("error", [ValueError("no"), asyncio.CancelledError(), Failed("no")])
def test_an_exception_is_reported_and_the_others_are_called(lamp, error):
    calls = []

    def fail(event):
        raise error

    lamp.addEventListener("lit", fail)
    lamp.addEventListener("lit", calls.append)

    def body():
        light(lamp)
        return lamp

    (report,) = in_loop(body)
    assert report["exception"] is error
    assert report["message"] == "exception in a listener of 'lit'"
    assert report["target"] is lamp
    assert len(calls) == 1


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()])
@pytest.mark.parametrize("is_coroutine", [False, True])
def test_what_ends_the_program_goes_on(lamp, error, is_coroutine):
    def fail(event):
        raise error

    async def fail_later(event):
        raise error

    reports = []

    async def main():
        asyncio.get_running_loop().set_exception_handler(lambda _, told: reports.append(told))
        light(lamp)
        await asyncio.sleep(1)

    lamp.onlit = fail_later if is_coroutine else fail
    with pytest.raises(type(error)):
        asyncio.run(main())
    assert reports == []


def test_a_coroutine_that_is_never_ended_is_no_error(lamp):
    @lamp.on("lit")
    async def wait():
        await asyncio.get_running_loop().create_future()

    reports = []
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda _, told: reports.append(told["message"]))
    loop.call_soon(light, lamp)
    loop.call_later(0.01, loop.stop)
    loop.run_forever()
    (task,) = lamp.tasks
    task.get_coro().close()  # as the garbage collector does it
    loop.close()
    assert reports == []


def test_a_coroutine_runs_as_a_task_that_is_kept_until_it_ends(lamp):
    calls = []

    async def slow(event):
        calls.append("begun")
        await asyncio.sleep(0)
        calls.append("done")

    lamp.addEventListener("lit", slow)

    def body():
        light(lamp)
        assert calls == []
        assert len(lamp.tasks) == 1
        return lamp

    assert in_loop(body) == []
    assert calls == ["begun", "done"]


@pytest.mark.parametrize("error", [ValueError("no"), Failed("no")])
def test_an_exception_in_a_coroutine_is_reported(lamp, error):
    @lamp.on("lit")
    async def fail():
        await asyncio.sleep(0)
        raise error

    def body():
        light(lamp)
        return lamp

    (report,) = in_loop(body)
    assert report["exception"] is error


@pytest.mark.parametrize("error", [ValueError("no"), Failed("no")])
def test_a_future_that_a_listener_returns_is_watched(lamp, error):
    def promise(event):
        future = asyncio.get_running_loop().create_future()
        future.set_exception(error)
        return future

    lamp.addEventListener("lit", promise)

    def body():
        light(lamp)
        return lamp

    (report,) = in_loop(body)
    assert report["exception"] is error


def test_a_cancelled_future_that_a_listener_returned_is_no_error(lamp):
    def promise(event):
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        return future

    lamp.addEventListener("lit", promise)

    def body():
        light(lamp)
        return lamp

    assert in_loop(body) == []


def test_a_task_that_a_listener_returns_is_kept_until_it_ends(lamp):
    calls = []

    async def slow():
        await asyncio.sleep(0)
        calls.append("done")

    lamp.addEventListener("lit", lambda event: asyncio.create_task(slow()))

    def body():
        light(lamp)
        assert len(lamp.tasks) == 1
        return lamp

    assert in_loop(body) == []
    assert calls == ["done"]


@on_virtual_pair
async def test_what_has_events_has_no_copies(pair: VirtualPair):
    channel = pair.a.createDataChannel("chat")
    for copied in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match=r"^RTCPeerConnection cannot be copied or pickled"):
            copied(pair.a)
        with pytest.raises(TypeError, match=r"^RTCDataChannel cannot be copied or pickled"):
            copied(channel)
