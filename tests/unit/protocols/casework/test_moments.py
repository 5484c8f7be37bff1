from datetime import UTC, date, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from protocols.casework.codes import Language
from protocols.casework.moments import Moment, format_date, format_moment, iso


def test_dates_are_written_as_in_each_language() -> None:
    day = date(1995, 8, 21)

    assert format_date(day, Language.VIETNAMESE) == "21/08/1995"
    assert format_date(day, Language.CHINESE) == "1995年8月21日"
    assert format_date(day, Language.ENGLISH) == "21 Aug 1995"


def test_a_moment_is_shown_on_both_clocks_even_across_midnight() -> None:
    late = datetime(2013, 6, 2, 16, 40, tzinfo=UTC)

    shown = format_moment(late, Language.VIETNAMESE)
    assert shown == "23:40 02/06/2013 (VN) · 00:40 03/06/2013 (CN)"
    assert format_moment(late, Language.CHINESE).endswith("2013年6月3日 00:40 (CN)")


def test_machines_read_utc_to_the_second() -> None:
    assert iso(datetime(2013, 6, 2, 16, 40, 5, 999, tzinfo=UTC)) == "2013-06-02T16:40:05Z"


@pytest.mark.parametrize(
    "written", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2013-06-02", 1_370_191_200, True]
)
def test_what_is_no_time_on_every_clock_is_refused(written: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Moment).validate_python(written)
