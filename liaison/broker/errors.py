"""Why the broker does not do what it was asked, or does not start.

Each class has a stable ``code``; a refusal carries the code of the wire (docs/spec/broker.md,
"Refusals"), so that a desk can say it in the officer's language.
"""

from protocols.wire.api import Refusal


class BrokerError(Exception):
    """The broker cannot do something. ``code`` is stable: logs, tests and screens rely on it."""

    code = "broker"


class RefusedError(BrokerError):
    """What a peer asked for is refused; nothing of it is stored, at most a leaf that says so."""

    def __init__(self, refusal: Refusal, detail: str) -> None:
        """Take the wire's code, and what was expected and found."""
        super().__init__(detail)
        self.refusal, self.detail, self.code = refusal, detail, str(refusal)


class StoreError(BrokerError):
    """The database does not answer."""

    code = "broker.store"


class RegressedLedgerError(BrokerError):
    """The stored ledger is shorter than, or another than, what this broker has signed before."""

    code = "ledger.regressed"


class RunningError(BrokerError):
    """Another process works on this broker's folder."""

    code = "broker.running"


class NotInitialisedError(BrokerError):
    """The folder or database is not one that ``liaison broker init`` has made."""

    code = "broker.not_initialised"


class ForeignDatabaseError(BrokerError):
    """The database belongs to a broker with another key."""

    code = "broker.foreign_database"
