"""What the store holds of disclosures: which message was shown, by whom, why; never undone."""

from sqlalchemy import insert, select

from liaison.desk.store.engine import Engine
from liaison.desk.store.values import Disclosed, fields_of
from liaison.desk.tables import disclosures


class DisclosureStore(Engine):
    """The record of disclosures."""

    async def keep_disclosure(self, made: Disclosed) -> None:
        """Keep that a message was disclosed."""
        await self.run(lambda db: db.execute(insert(disclosures).values(fields_of(made))))

    async def disclosed(self) -> list[Disclosed]:
        """Return every disclosure, oldest first."""
        columns = [column for column in disclosures.c if column.name != "number"]
        query = select(*columns).order_by(disclosures.c.number)
        return await self.run(lambda db: [Disclosed(**row) for row in db.execute(query).mappings()])
