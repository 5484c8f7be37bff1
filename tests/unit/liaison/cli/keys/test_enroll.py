import pytest

from crypto.attest.pin import WrongCodeError, request_code
from crypto.attest.statement import Role, What
from crypto.seal.ceremony import request_key
from liaison.cli.keys.enroll import (
    ForeignRegistrarError,
    TwoAgenciesError,
    check_registrar,
    check_screen,
    find_desk,
    signed,
)
from tests.support.world import HERE, THERE, directory, key_payload, signing_key

KEY, OTHER = signing_key("newcomer"), signing_key("stranger")
REQUEST, SWAPPED = [
    request_key(HERE.agency, key_payload(key, HERE.desk, Role.OFFICER, "VN-31"), key)
    for key in (KEY, OTHER)
]


def test_the_code_of_other_requests_is_refused() -> None:
    asked = [find_desk(SWAPPED, directory())]

    with pytest.raises(WrongCodeError):
        check_screen(asked, request_code([REQUEST]))


def test_the_code_of_these_requests_is_taken_and_the_entry_stands() -> None:
    replica = directory()
    asked = find_desk(REQUEST, replica)

    check_screen([asked], request_code([REQUEST]))
    check_registrar(HERE.registrar, [asked])
    replica.append(signed(asked, HERE.registrar, replica))

    assert replica.last(What.DEVICE, HERE.agency, KEY.kid) is not None


def test_a_known_key_gets_its_new_term_after_the_last_one() -> None:
    replica = directory()
    payload = key_payload(HERE.officer, HERE.desk, Role.OFFICER, "VN-07")
    asked = find_desk(request_key(HERE.agency, payload, HERE.officer), replica)

    entry = replica.append(signed(asked, HERE.registrar, replica))

    assert entry.statement.serial == 2


def test_a_registrar_whom_the_desk_does_not_name_is_refused() -> None:
    asked = find_desk(REQUEST, directory())

    with pytest.raises(ForeignRegistrarError):
        check_registrar(THERE.registrar, [asked])


def test_a_request_that_names_another_agency_than_its_desks_is_refused() -> None:
    payload = key_payload(KEY, HERE.desk, Role.OFFICER, "VN-31")

    with pytest.raises(TwoAgenciesError):
        find_desk(request_key(THERE.agency, payload, KEY), directory())
