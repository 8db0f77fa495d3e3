"""Two peers in one program: they connect, talk, and tell why each of their states changed."""

import asyncio

from frazil import RTCDataChannel, RTCPeerConnection


async def main() -> None:
    async with RTCPeerConnection() as alice, RTCPeerConnection() as bob:
        channel = alice.createDataChannel("greetings")

        @bob.on("datachannel")
        def answer(channel: RTCDataChannel) -> None:
            channel.on("message", lambda text: channel.send(f"{text}, Alice!"))

        await alice.setLocalDescription()
        await alice.gathering_complete()
        await bob.setRemoteDescription(alice.localDescription)
        await bob.setLocalDescription()
        await bob.gathering_complete()
        await alice.setRemoteDescription(bob.localDescription)

        await channel.wait_open()
        channel.send("Hello")
        print(await anext(aiter(channel)))

        for change in alice.stateHistory:
            print(f"{change.machine}: {change.old} -> {change.new}, because {change.reason.text}")


asyncio.run(main())
