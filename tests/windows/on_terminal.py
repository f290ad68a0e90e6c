"""Runs a command on a terminal of its own, acts after three seconds and waits for its end.

Usage: on_terminal.py ACTION OUTPUT COMMAND…    ACTION: press (Ctrl-C), close (the terminal), none
"""

import os
import pty
import select
import signal
import sys
import time

action, output, command = sys.argv[1], sys.argv[2], sys.argv[3:]
child, terminal = pty.fork()
if child == 0:
    # What Windows programs hear of the terminal, they hear from Wine.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.execvp(command[0], command)
started, acted, seen = time.monotonic(), action == "none", b""
while time.monotonic() - started < 60:
    if not acted and time.monotonic() - started > 3:
        if action == "close":
            break
        os.write(terminal, b"\x03")
        acted = True
    if select.select([terminal], [], [], 0.2)[0]:
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            break
        if not piece:
            break
        seen += piece
os.close(terminal)
open(output, "wb").write(seen)
_, status = os.waitpid(child, 0)
print("exit code", os.waitstatus_to_exitcode(status))
