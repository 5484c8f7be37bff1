"""How a request for keys is shown where it was made: its file, and the code the registrar types."""

import sys
from collections.abc import Mapping
from pathlib import Path

from crypto.attest.pin import request_code
from liaison.cli.console import say
from liaison.cli.keys.fingerprint import spoken_lines
from translation.spoken import read_aloud


def tell_requests(requests: Mapping[Path, bytes]) -> None:
    """Print each request's file and the one code of them all; at a terminal, how it is read."""
    for file in requests:
        say(f"request {file}")
    code = request_code(list(requests.values()))
    say(f"code {code}")
    if sys.stdout.isatty():
        for line in spoken_lines(read_aloud(code)):
            say(line)
