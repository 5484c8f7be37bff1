"""Small scenarios, and the bundled one with a fault in it."""

from importlib.resources import files
from pathlib import Path

BUNDLED = Path(str(files("liaison.demo") / "scenarios"))
WOMEN = (BUNDLED / "twenty-two-women.toml").read_text(encoding="utf-8")

#: The least that makes a rescue request.
REQUEST = """\
case = "one"
historical = true

[[step]]
at = "2013-06-02T23:40:00+07:00"
desk = "vn-mongcai-1"
officer = "MC-04"
act = "request"
type = "RESCUE"
urgency = "U2"
to = "cn-dongxing"
source_of_information = "hotline_111"
place = { lang = "vi", text = "Nhà nghỉ số 168" }
dangers = ["locked_in"]
asked = ["locate_and_protect"]
persons_total = 1
[[step.person]]
label = "P1"
role = "presumed_victim"
names = [ { form = "vi", value = "Trần Thị Hồng Hạnh" } ]
"""
#: Well-formed, and refused by the desk: nothing is said of P1.
ANSWER_WITHOUT_OUTCOMES = """
[[step]]
at = "2013-06-03T00:52:00+08:00"
desk = "cn-dongxing"
officer = "DX-02"
act = "answer"
text = { lang = "zh", text = "未发现。" }
"""


def altered(old: str, new: str, *, text: str = WOMEN) -> str:
    """Return ``text`` with the first ``old`` replaced, which must be there."""
    assert old in text
    return text.replace(old, new, 1)
