"""How the desk's commands show cases to a person in a terminal.

Words and signs carry the meaning, colour only helps; every due time stands on both countries'
clocks, each on a line of its own. Written for 80 columns: a case's number is never cut. What came
from the other side is printed without its control characters, which could move the cursor.
"""

from datetime import datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from config.load import bundled_corridor, load_catalogue
from protocols.casework.catalogue import Catalogue
from protocols.casework.codes import Language
from protocols.casework.moments import format_moment

View = dict[str, Any]

#: One sign for each state of a clock; the word stands beside it.
SIGNS = {
    "running": "○",
    "overdue": "‼",
    "met": "✓",
    "met_late": "✓!",
    "stopped": "-",
    "missed": "✗",
}
RUNGS = ("sealed", "taken", "arrived", "delivered", "opened", "acknowledged")
#: Between the clocks of two countries in a moment.
BETWEEN = " · "


def print_board(board: View, status: View, lang: Language) -> None:
    """Print the board: a block of lines a case, what is due first on top."""
    words, console = _Words(lang), Console(highlight=False)
    console.print(f"[bold]{board['desk']}[/bold]  {words.moment(board['now'])}")
    if status["line"] == "down":
        console.print(words.label("screen", "line_down", count=status["unsent"]), style="bold red")
    if not board["cases"]:
        console.print(words.label("screen", "no_cases"))
        return
    table = Table(box=None, pad_edge=False, padding=(1, 2, 0, 0), header_style="dim")
    table.add_column(words.headers("due"), no_wrap=True)
    table.add_column(words.headers("case", "with", "stage", "turn"), ratio=1)
    table.add_column(words.headers("clocks", "persons").replace(BETWEEN, "\n"))
    for case in board["cases"]:
        table.add_row(*_row(case, board["desk"], words))
    console.print(table)


def print_reviews(reviews: list[View], lang: Language) -> None:
    """Print who has reviewed a case, when and why."""
    words = _Words(lang)
    for review in reviews:
        who = " ".join(kid[:8] for kid in review["supervisors"])
        said = words.label("review_reason", review["reason"])
        Console(highlight=False).print(
            f"{words.label('screen', 'reviewed')}: {words.moment(review['at'])}  {said}  {who}"
        )


def print_case(case: View, lang: Language) -> None:
    """Print a case: where it stands, its clocks, and each step with its delivery."""
    words, console = _Words(lang), Console(highlight=False)
    console.print(f"[bold]{case['case']}[/bold]  {words.stage(case)}  {words.turn(case)}")
    if case["waits_for"] is not None:
        console.print(words.waits(case["waits_for"]), style="yellow", markup=False)
    if case["waiting_for_line"]:
        console.print(words.waits_for_line(case), style="bold red", markup=False)
    if case["not_in_ledger"]:
        console.print(words.not_in_ledger(case), style="yellow", markup=False)
    for clock in case["clocks"]:
        console.print(f"  {words.clock(clock)}")
        console.print(f"      {words.moment(clock['due'])}", style="dim")
    for line, is_late in words.reminders(case):
        console.print(line, style="yellow" if is_late else "dim", markup=False)
    for person in case["persons"]:
        console.print(f"  {person['label']}  {words.person(person)}")
        for one in person["doubts"]:
            console.print(f"      ▲ {words.label('document_doubt', one['doubt'])}", style="yellow")
    _print_steps(case, words, console)


def _print_steps(case: View, words: "_Words", console: Console) -> None:
    """Print each step with its delivery and files, then the files that wait to go."""
    for step in case["steps"]:
        console.rule(f"{step['says']} · {step['desk']} · {step['by']}", align="left")
        console.print(step["on_both_clocks"], style="dim")
        if step["not_applied_because"]:
            console.print(f"✗ {words.label('ruling', step['not_applied_because'])}", style="red")
        console.print(words.delivery(step["delivery"]), style="dim")
        _print_fields(step["fields"], words, console)
        _print_files(step["files"], words, console)
    for parcel in case["parcels"]:
        console.rule(f"… {parcel['officer']}", align="left")
        _print_files(parcel["files"], words, console)


def _print_files(files: list[View], words: "_Words", console: Console) -> None:
    """Print each file: its id, name, kind, size in bytes, and how far it has come."""
    for file in files:
        said = words.label("file_state", file["state"])
        about = (
            f"  [{file['blob'][:16]}] {file['name']}  {file['type']}  {file['size']:,} B  {said}"
        )
        console.print(printable(about), markup=False, soft_wrap=True)
        if file["code"]:
            console.print(f"      ✗ {file['code']}", style="red", markup=False)


def print_devices(devices: View, lang: Language) -> None:
    """Print this computer's number and standing, and those of the desk's other computers."""
    words, console = _Words(lang), Console(highlight=False)
    standing = "device_member" if devices["member"] else "device_waits"
    standing = "device_revoked" if devices["is_revoked"] else standing
    console.print(f"{devices['number']}  {words.label('screen', standing)}", soft_wrap=True)
    for other in devices["others"]:
        standing = "device_admitted" if other["admitted"] else "device_not_admitted"
        said = words.label("screen", standing)
        if not other["is_ours"]:
            whose = words.label("screen", "device_of_another_desk")
            said = f"{said}  ‼ {whose}: {words.name(other['names'])}"
        about = printable(f"{other['number']}  {other['pseudonym']}  {said}")
        console.print(about, markup=False, soft_wrap=True)
    _print_revoked(devices, words, console)


def _print_revoked(devices: View, words: "_Words", console: Console) -> None:
    for other in devices["revoked"]:
        said = f"{words.label('screen', 'other_revoked')}: {words.label('reason', other['reason'])}"
        about = printable(f"{other['number']}  {other['pseudonym']}  ✗ {said}")
        console.print(about, markup=False, soft_wrap=True)


def print_erased(stubs: list[View], lang: Language) -> None:
    """Print what stays of erased cases: number, when, by whom, why and under which rule."""
    words, console = _Words(lang), Console(highlight=False)
    if not stubs:
        console.print(words.label("screen", "no_erased"))
    for stub in stubs:
        why = words.label("erasure_reason", stub["reason"])
        who = ", ".join(stub["officers"])
        said = f"{stub['case']}  {words.moment(stub['at'])}  {who}  {why}  {stub['rule']}"
        console.print(printable(said), markup=False, soft_wrap=True)
        for other in stub["elsewhere"]:
            is_done = other["at"] is not None
            at = words.moment(other["at"]) if is_done else words.label("screen", "not_erased_yet")
            mark = "✓" if is_done else "…"
            console.print(f"    {mark} {other['computer']}  {at}", markup=False, soft_wrap=True)


def print_asks(asks: list[View], lang: Language) -> None:
    """Print what waits for a second signature here: of each, exactly what would leave."""
    words, console = _Words(lang), Console(highlight=False)
    if not asks:
        console.print(words.label("screen", "no_asks"))
    for ask in asks:
        console.rule(f"{ask['ask']}", align="left")
        purpose = words.label("signature_purpose", ask["purpose"])
        console.print(f"{ask['case']}  {purpose}  {words.moment(ask['asked_at'])}", markup=False)
        console.print(
            f"{words.label('desk', ask['from'])} ({ask['by']}) → {words.label('desk', ask['to'])}",
            markup=False,
        )
        _print_fields(ask["fields"], words, console)


def print_status(status: View) -> None:
    """Print how the desk stands."""
    ledger, console = status["ledger"], Console(highlight=False)
    console.print(
        f"{status['desk']}: line {status['line']}, {status['unsent']} unsent, "
        f"{status['set_aside']} set aside",
        markup=False,
    )
    console.print(
        f"ledger: {ledger['size']} leaves, {len(ledger['cosignatures'])} cosignatures, "
        f"alarm {ledger['alarm'] or 'none'}",
        markup=False,
    )
    standing = ", ".join(sorted({alarm["code"] for alarm in status["alarms"]}))
    console.print(f"alarms: {standing or 'none'}", markup=False)
    for peer in status["peers"]:
        heard = peer["heard"] or "never"
        console.print(f"{peer['desk']}: {peer['state']}, last heard {heard}", markup=False)
    sweep = status["sweep"]
    console.print(
        f"reminders: {sweep['state']}, last looked for {sweep['last'] or 'never'}", markup=False
    )


def print_alarms(alarms: list[View]) -> None:
    """Print alarms, the newest first: number, code, what each is about, and how it stands."""
    console = Console(highlight=False)
    for alarm in alarms:
        seen = f"seen by {alarm['by']} {alarm['seen']}" if alarm["seen"] else "not seen"
        stands = f"came right {alarm['settled']}" if alarm["settled"] else "stands"
        console.print(
            f"{alarm['number']}  {alarm['code']}  {printable(alarm['about'])}  "
            f"{alarm['raised']}, {stands}, {seen}",
            markup=False,
        )


def printable(text: str) -> str:
    """Return ``text`` with a replacement sign for each control character but the line break."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def _print_fields(fields: list[View], words: "_Words", console: Console) -> None:
    for field in fields:
        mark = "" if field["original"] is None else f" [{field['original']}]"
        console.print(printable(f"{field['label']}{mark}: {field['value']}"), markup=False)
        if field["translation"] is not None:
            _print_translation(field["translation"], words, console)


def _print_translation(translation: View, words: "_Words", console: Console) -> None:
    """Print each sentence's target with how it was made; of a refused one, in red, why."""
    for segment in translation["segments"]:
        mark = f"  [{words.label('method', segment['method'])}]"
        if segment["target"] is not None:
            console.print(Text(printable(f"{mark} {segment['target']}")))
        else:
            console.print(Text(printable(f"{mark} ✗ {segment['source']}"), style="red"))
        for finding in segment["findings"]:
            style = "red" if segment["target"] is None else "dim"
            said = f"    {finding['says']} {finding['next']} [{finding['code']}]"
            console.print(Text(said, style=style))
        for term, word in segment["gloss"]:
            console.print(Text(printable(f"    {term} = {word}")))


def _row(case: View, desk: str, words: "_Words") -> list[str]:
    waiting = case["waits_for"]
    if case["stage"] is None:
        why = words.label("screen", "waits_for_line") if waiting is None else words.waits(waiting)
        return ["", f"[bold]{case['case']}[/bold]\n{escape(why)}", ""]
    ours = case.get("ours", desk)
    other = case["requested"] if case["requester"] == ours else case["requester"]
    due, persons = case["next_due"], case["persons"]
    about = [
        f"[bold]{case['case']}[/bold]  {words.label('type', case['type'])}",
        escape(words.name(case["names"][other])),
        BETWEEN.join((words.stage(case), words.turn(case))),
        *([] if waiting is None else [escape(words.waits(waiting))]),
        *([words.waits_for_line(case)] if case["waiting_for_line"] else []),
        *([words.not_in_ledger(case)] if case["not_in_ledger"] else []),
    ]
    clocks = [
        " ".join(SIGNS[clock["state"]] for clock in case["clocks"]),
        f"{persons['final']}/{persons['total']}",
    ]
    return [
        "" if due is None else words.moment(due).replace(BETWEEN, "\n"),
        "\n".join(about),
        "\n".join(clocks),
    ]


class _Words:
    """What codes say in the reader's language."""

    def __init__(self, lang: Language) -> None:
        self._lang = lang
        self._catalogue = Catalogue(load_catalogue(), bundled_corridor("quangninh-guangxi"))

    def label(self, kind: str, code: str, **values: object) -> str:
        return self._catalogue.code(kind, code, self._lang).format(**values)

    def headers(self, *codes: str) -> str:
        return BETWEEN.join(self.label("screen", code) for code in codes)

    def name(self, names: dict[str, str]) -> str:
        return names[self._lang]

    def moment(self, text: str) -> str:
        return format_moment(datetime.fromisoformat(text), self._lang)

    def stage(self, case: View) -> str:
        return self.label("stage", case["stage"]) if case["stage"] else ""

    def turn(self, case: View) -> str:
        return self.label("whose", case["turn"]) if case["stage"] else ""

    def clock(self, clock: View) -> str:
        state, name = clock["state"], self.clock_name(clock["limit"])
        return f"{SIGNS[state]} {name}: {self.label('clock_state', state)}"

    def clock_name(self, limit: str) -> str:
        return self.label("clock", limit.split(".", 1)[1].split("#", maxsplit=1)[0])

    def reminders(self, case: View) -> list[tuple[str, bool]]:
        """Return a line for each rung and notice of a case, and whether it came late."""
        found = [
            (
                f"  ▸ {self.clock_name(one['limit'])}: {self.label('ladder_level', one['level'])}",
                one["fired"],
                one,
            )
            for one in case["reminders"]
        ]
        found += [
            (f"  ▸ {self.label('screen', 'notice_' + one['code'])}", one["at"], one)
            for one in case["notices"]
        ]
        return [self._reminder(said, at, one) for said, at, one in found]

    def _reminder(self, said: str, at: str, one: View) -> tuple[str, bool]:
        parts = [said, self.moment(at)]
        if one.get("overtaken"):
            parts.append(self.label("screen", "reminder_overtaken"))
        if one["late"]:
            parts.append(self.label("screen", "reminder_late", due=self.moment(one["due"])))
        return "\n      ".join(parts), bool(one["late"])

    def waits_for_line(self, case: View) -> str:
        return f"‼ {self.label('screen', 'waits_for_line')} ({case['waiting_for_line']})"

    def not_in_ledger(self, case: View) -> str:
        return f"● {self.label('screen', 'not_in_ledger')} ({case['not_in_ledger']})"

    def waits(self, waiting: View) -> str:
        """Return what a draft waits for, or why it was refused, as one line."""
        desk = self.label("desk", waiting["desk"])
        purpose = self.label("signature_purpose", waiting["purpose"])
        said = self.label("screen", f"waits_{waiting['state']}", desk=desk, purpose=purpose)
        reason = waiting["reason"]
        if reason is None:
            return said
        return printable(f"{said}: [{reason['lang']}] {reason['text']}")

    def person(self, person: View) -> str:
        if person["reason"] is not None:
            return self.label("refusal", person["reason"])
        return str(person["says"] or "-")

    def delivery(self, ladder: View) -> str:
        reached = [rung for rung in RUNGS if ladder[rung] is not None]
        return " → ".join(self.label("delivery", rung) for rung in reached)
