import re
from pathlib import Path

import pytest

from tests.support.chromium import dump_dom

PAGE = """<!doctype html>
<html lang="vi"><meta charset="utf-8"><title>Liaison</title>
<p id="vi">Công an Quảng Ninh đã nhận yêu cầu</p>
<p id="zh" lang="zh-Hans">东兴市公安局已收到请求</p>
<ul id="found"></ul>
<script>
function drawn(text) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 64;
  const pen = canvas.getContext("2d");
  pen.font = "40px sans-serif";
  pen.fillText(text, 4, 48);
  return canvas.toDataURL();
}
function report(name, fact) {
  const line = document.createElement("li");
  line.textContent = name + "=" + fact;
  document.getElementById("found").append(line);
}
report("hanzi-differ", drawn("东") !== drawn("兴"));
report("hanzi-drawn", drawn("东") !== drawn(" "));
report("vietnamese-differ", drawn("ả") !== drawn("ạ"));
report("vi-length", document.getElementById("vi").textContent.length);
</script>
</html>
"""


@pytest.fixture
def document(tmp_path: Path) -> str:
    page = tmp_path / "page.html"
    page.write_text(PAGE, encoding="utf-8")
    return dump_dom(page, profile=tmp_path / "profile")


def test_browser_runs_a_page_and_draws_vietnamese_and_chinese(document: str) -> None:
    found = dict(re.findall(r"<li>([a-z-]+)=(\w+)</li>", document))

    assert "Công an Quảng Ninh đã nhận yêu cầu" in document
    assert "东兴市公安局已收到请求" in document
    assert found == {
        # A font without a character draws the same box for each one.
        "hanzi-differ": "true",
        "hanzi-drawn": "true",
        "vietnamese-differ": "true",
        "vi-length": "34",
    }
