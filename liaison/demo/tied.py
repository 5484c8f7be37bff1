"""A program of ours that does not outlive its starter.

``python -P -m liaison.demo.tied DESCRIPTOR WORD...`` runs ``liaison WORD...`` unchanged. The
descriptor is the reading end of a pipe whose other end only the starter holds; the system closes
that end however the starter ends, by SIGKILL too. Then the program is asked to end, as an
operator would ask it, and is ended if it does not.
"""

import os
import runpy
import signal
import sys
import time
from datetime import timedelta
from threading import Thread

PROGRAM = "liaison"
ENDING = timedelta(seconds=10)


def main() -> None:
    """Run the program whose words stand on the command line until it or its starter ends."""
    descriptor, sys.argv = int(sys.argv[1]), [PROGRAM, *sys.argv[2:]]
    Thread(target=_end_with_starter, args=(descriptor,), name="tie", daemon=True).start()
    runpy.run_module(PROGRAM, run_name="__main__", alter_sys=True)


def _end_with_starter(descriptor: int) -> None:
    os.read(descriptor, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(ENDING.total_seconds())
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
