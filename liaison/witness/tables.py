"""What a witness remembers: the newest checkpoint it cosigned of each log, and what it refused.

The refused ones are evidence against their log: each is validly signed and contradicts what the
witness held. The first sighting of each head is kept; repeating it adds nothing.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

metadata = MetaData()

latest = Table(
    "latest",
    metadata,
    Column("origin", String, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    # The log's signature and our cosignature, as they were answered.
    Column("note", LargeBinary, nullable=False),
    CheckConstraint("size >= 0 AND length(root) = 32", name="latest_is_a_head"),
)

evidence = Table(
    "evidence",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("origin", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("code", String, nullable=False),
    # The refused checkpoint with its log's signature, and the one held then, if any.
    Column("note", LargeBinary, nullable=False),
    Column("held", LargeBinary),
    Column("at", BigInteger, nullable=False),
    UniqueConstraint("origin", "size", "root", name="evidence_of_each_head_once"),
)
