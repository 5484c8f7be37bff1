"""Where a screen leads after it was unlocked."""

import pytest

from liaison.desk.web.officer import own_path


@pytest.mark.parametrize("wanted", ["/", "/board", "/cases/QN-MC1-2026-0001?lang=vi"])
def test_a_path_of_this_desk_is_gone_to(wanted: str) -> None:
    assert own_path(wanted) == wanted


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param("", id="nothing"),
        pytest.param("board", id="no path"),
        pytest.param("https://evil.example/board", id="an address"),
        pytest.param("//evil.example/board", id="an address without its scheme"),
        pytest.param("/\\evil.example/board", id="what browsers read as one"),
        pytest.param("/board\r\nSet-Cookie: x", id="a line more"),
    ],
)
def test_what_is_no_path_of_this_desk_leads_to_the_board(wanted: str) -> None:
    assert own_path(wanted) == "/board"
