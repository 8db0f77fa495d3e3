"""What holds for every test."""

import signal

# What a shell starts in the background is deaf to SIGINT, and would hand that down to the programs
# which the tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
