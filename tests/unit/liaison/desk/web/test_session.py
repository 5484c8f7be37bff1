import pytest

from liaison.desk.web.session import MOST_ANSWERS, MOST_LINKS, LaunchError, Session, Sessions


def token(path: str) -> str:
    return path.partition("token=")[2]


def test_a_launch_token_opens_one_session() -> None:
    sessions = Sessions()
    given = token(sessions.launch_path())

    cookie = sessions.open(given)

    assert sessions.find(cookie) is not None
    assert sessions.find(given) is None
    with pytest.raises(LaunchError):
        sessions.open(given)


def test_a_token_that_was_never_given_out_opens_nothing() -> None:
    with pytest.raises(LaunchError):
        Sessions().open("")


def test_only_the_latest_links_wait_to_be_used() -> None:
    sessions = Sessions()
    given = [token(sessions.launch_path()) for _ in range(MOST_LINKS + 1)]

    assert sessions.find(sessions.open(given[-1])) is not None
    with pytest.raises(LaunchError):
        sessions.open(given[0])


def test_a_session_forgets_its_oldest_answers() -> None:
    session = Session()

    for number in range(MOST_ANSWERS + 1):
        session.remember(str(number), "/board")

    assert "0" not in session.answers
    assert len(session.answers) == MOST_ANSWERS
