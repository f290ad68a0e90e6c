"""Runs a command on a terminal of its own, presses Ctrl-C after three seconds and waits for its end.

Usage: press_ctrl_c.py OUTPUT COMMAND…
"""

import os
import pty
import select
import sys
import time

child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
started, pressed, seen = time.monotonic(), False, b""
while time.monotonic() - started < 60:
    if not pressed and time.monotonic() - started > 3:
        os.write(terminal, b"\x03")
        pressed = True
    if select.select([terminal], [], [], 0.2)[0]:
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            break
        if not piece:
            break
        seen += piece
open(sys.argv[1], "wb").write(seen)
_, status = os.waitpid(child, 0)
print("exit code", os.waitstatus_to_exitcode(status))
