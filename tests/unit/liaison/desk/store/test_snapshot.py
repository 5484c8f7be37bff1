"""What of the store goes into a backup: no table is forgotten in either list."""

from liaison.desk.store.snapshot import BACKED_UP, LEFT_OUT
from liaison.desk.tables import TABLES


def test_every_table_is_backed_up_or_left_out() -> None:
    backed = [table.name for some in BACKED_UP.values() for table in some]
    listed = [*backed, *(table.name for table in LEFT_OUT)]

    assert sorted(listed) == sorted(TABLES.tables)
