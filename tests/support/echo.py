"""Messages of all kinds, sent to a browser's partner and expected back."""

from support.remote_peer import RemoteChannel

MESSAGES: list[str | bytes] = [
    "",
    "text",
    "Eis \N{SNOWFLAKE}",
    b"",
    b"\x00\xff",
    bytes(range(256)) * 64,
    bytes(range(256)) * 1024,
]


async def assert_echoes(channel: RemoteChannel) -> None:
    """Each message comes back as it was sent, from 0 bytes to 256 KiB."""
    await channel.wait_for("open")
    for message in MESSAGES:
        await channel.send(message)
        assert await channel.receive() == message
