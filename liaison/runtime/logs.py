"""Structured logs without content: JSON lines of codes, counts and random ids on standard error.

No name, number, text, path of a case or address of a person is ever an argument of a log call;
values are cut to a length at which a text would show as such in a review.
"""

import logging
import sys

import structlog
from structlog.typing import EventDict, WrappedLogger

LONGEST_VALUE = 128


def configure_logs() -> None:
    """Send this process's logs to standard error as JSON lines, warnings of libraries included."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _cut,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _cut(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {
        key: value if not isinstance(value, str) else value[:LONGEST_VALUE]
        for key, value in event.items()
    }
