"""WebRTC peer connections for Python whose connection state you can trust."""
