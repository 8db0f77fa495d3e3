"""A page that shows the connections of this process, or a recording, and why they are as they are.

It is off until somebody asks for it: :func:`asgi` gives an application to mount in a web framework,
:func:`serve` serves it to this machine.
"""

from frazil.dashboard.app import Dashboard, asgi
from frazil.dashboard.recording import Recording, read_recording
from frazil.dashboard.server import Server, serve

__all__ = ["Dashboard", "Recording", "Server", "asgi", "read_recording", "serve"]
