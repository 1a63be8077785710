"""Sessions in the sauna, and the towels that were used in them."""

from piccolo.columns import (
    JSONB,
    UUID,
    Bytea,
    ForeignKey,
    Integer,
    Numeric,
    OnDelete,
    Serial,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.table import Table

from tessera.access.tables import Store


class Session(Table, tablename="session", schema="sauna"):
    """One heating, and the one it followed."""

    id = UUID(primary_key=True, default=None)
    store = ForeignKey(Store, on_delete=OnDelete.restrict)
    after = ForeignKey("self", null=True, default=None, on_delete=OnDelete.restrict)
    degrees = Numeric(digits=(5, 2))
    note = Text(null=True, default=None)
    facts = JSONB()
    picture = Bytea(null=True, default=None)
    at = Timestamptz()
    minutes = Integer(default=15)


class Towel(Table, tablename="towel", schema="sauna"):
    """A towel, by number."""

    number = Serial(primary_key=True)
    session = ForeignKey(Session, on_delete=OnDelete.cascade)
    size = Varchar(length=10)
