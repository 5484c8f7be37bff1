"""The commands as lists show them: each group, what it is for, and where its commands are.

A module is imported when one of its commands is used, so that `--help` touches none of them. The
lines are the first lines of the commands' own help; a test compares the two.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Listed:
    """A command as a list shows it: its first line of help, and the module that holds it."""

    line: str
    module: str


@dataclass(frozen=True, slots=True)
class Group:
    """A group of commands, and what it is for."""

    help: str
    commands: Mapping[str, Listed]


#: Each group with its commands. The lines are those of the commands themselves; a test compares.
GROUPS: dict[str, Group] = {
    "broker": Group(
        "Run the broker (operator).",
        {
            "init": Listed(
                "Make a broker: its key, its database, and the request that both agencies sign.",
                "liaison.cli.broker",
            ),
            "enroll": Listed(
                "Take up the agencies that were founded, their desks and infrastructure.",
                "liaison.cli.broker",
            ),
            "serve": Listed(
                "Serve desks until interrupted; prints the address once it listens.",
                "liaison.cli.broker",
            ),
        },
    ),
    "witness": Group(
        "Run one side's witness (operator).",
        {
            "init": Listed(
                "Make a witness: its key, and the request that its agency signs.",
                "liaison.cli.witness",
            ),
            "serve": Listed(
                "Cosign what is consistent until interrupted; prints the address once it listens.",
                "liaison.cli.witness",
            ),
        },
    ),
    "desk": Group(
        "Work at a desk: board, cases, acts (officers).",
        {
            "init": Listed(
                "Make an installation of a desk, and the requests that the registrar signs.",
                "liaison.cli.desk.agent",
            ),
            "serve": Listed(
                "Unlock a desk and run it until interrupted; prints the address once it listens.",
                "liaison.cli.desk.agent",
            ),
            "unlock": Listed(
                "Unlock the running desk for a further officer.", "liaison.cli.desk.work"
            ),
            "lock": Listed(
                "Drop every officer's key; the desk goes on receiving.", "liaison.cli.desk.work"
            ),
            "board": Listed(
                "Show every case, what is due first on top, with both countries' clocks.",
                "liaison.cli.desk.work",
            ),
            "show": Listed(
                "Show a case: steps in the reader's language, delivery, clocks, persons.",
                "liaison.cli.desk.work",
            ),
            "send": Listed(
                "Open a case with a request; it is kept first and sent as soon as the line is up.",
                "liaison.cli.desk.work",
            ),
            "act": Listed("Take a step in a case.", "liaison.cli.desk.work"),
            "asks": Listed(
                "Show what waits here for a second signature: of each, exactly what would leave.",
                "liaison.cli.desk.work",
            ),
            "grant": Listed(
                "Sign what waits for a second signature; a release names its file and its legal "
                "basis.",
                "liaison.cli.desk.work",
            ),
            "refuse": Listed("Say that it is not signed, and why.", "liaison.cli.desk.work"),
            "carry-out": Listed(
                "Write what the other side has not confirmed to a folder, as sealed files.",
                "liaison.cli.desk.carriage",
            ),
            "carry-in": Listed(
                "Take files, or the files of folders, that another desk has carried out.",
                "liaison.cli.desk.carriage",
            ),
            "attach": Listed(
                "Add files to a case: pictures, PDF, sound, film or plain text; they follow the "
                "words.",
                "liaison.cli.desk.files",
            ),
            "save": Listed(
                "Save a file of a case on this computer, in clear.", "liaison.cli.desk.files"
            ),
            "alarms": Listed(
                "Show every alarm: what it is about, and who has seen it.",
                "liaison.cli.desk.alarms",
            ),
            "seen": Listed("Sign that you have seen an alarm.", "liaison.cli.desk.alarms"),
            "devices": Listed(
                "Show this computer's number, and the desk's other computers with theirs.",
                "liaison.cli.desk.devices",
            ),
            "successors": Listed(
                "Show which desks follow others, and whether that was confirmed here.",
                "liaison.cli.desk.successors",
            ),
            "successor": Listed(
                "Confirm who follows a desk, once the other side was asked by telephone.",
                "liaison.cli.desk.successors",
            ),
            "admit": Listed(
                "Admit another computer of this desk by its number; do it at both.",
                "liaison.cli.desk.devices",
            ),
            "officers": Listed(
                "Show who can open this desk, and whether papers for recovery were made.",
                "liaison.cli.desk.officers",
            ),
            "add": Listed(
                "Give a further officer a slot, and make the request that the registrar signs.",
                "liaison.cli.desk.officers",
            ),
            "remove": Listed(
                "Take an officer out; the desk gets a new key.", "liaison.cli.desk.officers"
            ),
            "passphrase": Listed("Change your own passphrase.", "liaison.cli.desk.officers"),
            "papers": Listed(
                "Make two papers that together open this desk when every passphrase is lost.",
                "liaison.cli.desk.recovery",
            ),
            "recover": Listed(
                "Give an officer a slot by both papers; they are spent with it.",
                "liaison.cli.desk.recovery",
            ),
            "review": Listed(
                "Open one case for two supervisors, one of each panel; its officers see that they "
                "did.",
                "liaison.cli.desk.review",
            ),
            "erase": Listed(
                "Make an ended case unreadable at this desk, for good; needs a second officer.",
                "liaison.cli.desk.archive",
            ),
            "erased": Listed(
                "Show what stays of erased cases: number, when, by whom, why, under which rule.",
                "liaison.cli.desk.archive",
            ),
            "backup-papers": Listed(
                "Make two papers that together open this desk's backups from now on.",
                "liaison.cli.desk.backup",
            ),
            "backup": Listed(
                "Write a backup of the running desk to a new file, and the cases' keys beside it.",
                "liaison.cli.desk.backup",
            ),
            "verify-backup": Listed(
                "Check that a backup is whole and a desk's; with its papers, that it opens.",
                "liaison.cli.desk.backup",
            ),
            "restore": Listed(
                "Make a new installation from a backup, and the requests that the registrar signs.",
                "liaison.cli.desk.backup",
            ),
            "status": Listed(
                "Say how the desk stands; exits 1 when line, ledger or reminders are not well.",
                "liaison.cli.desk.work",
            ),
        },
    ),
    "casework": Group(
        "Compute due times and list request types (officers).",
        {
            "due": Listed(
                "Compute a due time, with each day counted or skipped, on both countries' clocks.",
                "liaison.cli.casework",
            ),
            "types": Listed(
                "List the request types, with their fields, outcomes, limits and authority "
                "classes.",
                "liaison.cli.casework",
            ),
        },
    ),
    "keys": Group(
        "Hold the key ceremony; admit officers and devices (registrar, holders of a root).",
        {
            "root-new": Listed(
                "Draw an agency's root: three shares on three carriers, and the statement that two "
                "sign.",
                "liaison.cli.ceremony.root",
            ),
            "registrar-new": Listed(
                "Draw a registrar's key; the public half is for the statements that name desks.",
                "liaison.cli.ceremony.root",
            ),
            "supervisor-new": Listed(
                "Make a supervisor's token, and the public key that the desk's certificate names.",
                "liaison.cli.keys.supervisor",
            ),
            "infra-cert": Listed(
                "Write the statements by which an agency relies on a broker or a witness.",
                "liaison.cli.ceremony.desks",
            ),
            "desk-cert": Listed(
                "Write the statements by which an agency names its desks, for thirteen months.",
                "liaison.cli.ceremony.desks",
            ),
            "root-sign": Listed(
                "Say in plain words what is to be signed, and sign it with one share.",
                "liaison.cli.ceremony.sign",
            ),
            "collect": Listed(
                "Put entries into one file, what a broker has first; what does not stand is "
                "refused.",
                "liaison.cli.ceremony.entries",
            ),
            "publish": Listed(
                "Give entries to a broker that runs; a root enters by its operator's hand only.",
                "liaison.cli.ceremony.entries",
            ),
            "fingerprint": Listed(
                "Show the digits of a root, with how each group is read in both languages, and a "
                "QR code.",
                "liaison.cli.keys.fingerprint",
            ),
            "pin": Listed(
                "Trust a root whose digits two people have each typed as the other side read them.",
                "liaison.cli.keys.pin",
            ),
            "enroll": Listed(
                "Sign requests for keys, after seeing the officer and typing the code of their "
                "screen.",
                "liaison.cli.keys.enroll",
            ),
            "revoke": Listed(
                "Revoke an officer's or a computer's keys, for ever, and publish that at once.",
                "liaison.cli.keys.revoke",
            ),
            "revoke-cert": Listed(
                "Write the statement by which an agency revokes a desk, a broker or a witness.",
                "liaison.cli.keys.revoke",
            ),
            "status": Listed(
                "Say which keys exist and until when they count; exits 1 when something has to be "
                "done.",
                "liaison.cli.keys.status",
            ),
            "rotate": Listed(
                "Ask for a new term of this computer's key and an officer's; the registrar signs "
                "it.",
                "liaison.cli.keys.status",
            ),
            "corridor": Listed(
                "Copy a bundled corridor into a folder, where agencies and desks can be added.",
                "liaison.cli.ceremony.corridor",
            ),
            "succeed": Listed(
                "Write the statement by which another desk has the place of one, in all or in some "
                "cases.",
                "liaison.cli.keys.succeed",
            ),
            "ceremony": Listed(
                "Found both agencies by script, on one machine: for trial, never for casework.",
                "liaison.cli.keys.trial",
            ),
        },
    ),
    "proof": Group(
        "Show one message to somebody who is no party, and check what was shown.",
        {
            "disclose": Listed(
                "Show one message to somebody who is no party: a file with its key and its proof.",
                "liaison.cli.proof",
            ),
            "disclosed": Listed(
                "List what was disclosed at this desk: which message, when, by whom, why.",
                "liaison.cli.proof",
            ),
            "verify": Listed(
                "Check a disclosed message and print what it says and proves, without network; "
                "exit 0 or 1.",
                "liaison.cli.proof",
            ),
        },
    ),
    "audit": Group(
        "Check the ledger (supervisor).",
        {
            "verify": Listed(
                "Check every leaf and signature of a ledger, from the pinned roots up; "
                "exit 0 or 1.",
                "liaison.cli.audit",
            ),
        },
    ),
}
#: Commands that stand alone.
ALONE = {
    "demo": Listed(
        "Run a broker, two witnesses and four desks to try out, or play a scenario.",
        "liaison.cli.demo",
    ),
    "translate": Listed(
        "Print a text beside its translation; exit 1 if a sentence has none that may be shown.",
        "liaison.cli.translate",
    ),
}
