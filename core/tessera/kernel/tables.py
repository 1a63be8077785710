"""The kernel's tables: the business, its settings, plugins, events, tasks of the dispatcher, files."""

from __future__ import annotations

from piccolo.columns import (
    JSONB,
    UUID,
    BigInt,
    Boolean,
    Bytea,
    ForeignKey,
    Integer,
    OnDelete,
    Real,
    SmallInt,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.constraints import Check, Unique
from piccolo.table import Table


class Business(Table, tablename="business"):
    """The one business of this instance."""

    id = SmallInt(primary_key=True, default=1)
    name = Varchar(length=200)
    currency = Varchar(length=3)
    timezone = Varchar(length=64)
    locale = Varchar(length=16, default="en")
    created_at = Timestamptz()

    only_one = Check(id == 1)


class Setting(Table, tablename="setting"):
    """One setting of the business or of a plugin; ``plugin`` is its owner, ``core`` for the core's."""

    key = Varchar(length=100, primary_key=True)
    value = JSONB()
    plugin = Varchar(length=40, default="core", index=True)
    updated_at = Timestamptz()


class Generation(Table, tablename="generation"):
    """One row whose number grows with every change of settings."""

    id = SmallInt(primary_key=True, default=1)
    number = BigInt(default=1)

    only_one = Check(id == 1)


class PluginState(Table, tablename="plugin_state"):
    """A plugin as this business knows it, also after its code has gone."""

    name = Varchar(length=40, primary_key=True)
    title = JSONB()
    version = Varchar(length=40)
    removed_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz()


class PluginEnabled(Table, tablename="plugin_enabled"):
    """Where a plugin is enabled: one row without a store for everywhere, or one for each store."""

    id = UUID(primary_key=True, default=None)
    plugin = ForeignKey(PluginState, on_delete=OnDelete.cascade)
    store = UUID(null=True, default=None)


class EventLabel(Table, tablename="event_label"):
    """How a kind of event was last called, so that history stays readable without its plugin."""

    kind = Varchar(length=120, primary_key=True)
    plugin = Varchar(length=40, index=True)
    title = JSONB()
    icon = Varchar(length=60)


class Event(Table, tablename="event"):
    """Something that happened, written in the transaction in which it did."""

    id = UUID(primary_key=True, default=None)
    position = BigInt(null=True, default=None)
    kind = Varchar(length=120)
    version = SmallInt(default=1)
    origin = Varchar(length=6)
    plugin = Varchar(length=40)
    member = UUID(null=True, default=None)
    store = UUID(null=True, default=None)
    batch = UUID(null=True, default=None)
    occurred_at = Timestamptz()
    recorded_at = Timestamptz()
    payload = JSONB()


class Dispatcher(Table, tablename="dispatcher"):
    """The lease of the one process that numbers events, and the last number it gave."""

    id = SmallInt(primary_key=True, default=1)
    position = BigInt(default=0)
    holder = Varchar(length=100, default="")
    lease_until = Timestamptz(null=True, default=None)

    only_one = Check(id == 1)


class Consumer(Table, tablename="consumer"):
    """How far a reaction has come."""

    name = Varchar(length=120, primary_key=True)
    plugin = Varchar(length=40)
    position = BigInt(default=0)
    updated_at = Timestamptz()


class Inbox(Table, tablename="inbox"):
    """Events that a reaction has had its effect for; written in the transaction of that effect."""

    id = UUID(primary_key=True, default=None)
    consumer = Varchar(length=120)
    event = UUID()
    at = Timestamptz()

    inbox_once = Unique([consumer, event])


class Delivery(Table, tablename="delivery"):
    """An event whose reaction failed: due again, or parked after the last attempt."""

    id = UUID(primary_key=True, default=None)
    consumer = Varchar(length=120)
    event = UUID()
    attempts = Integer(default=0)
    error = Text()
    due_at = Timestamptz()
    lease_until = Timestamptz(null=True, default=None)
    parked_at = Timestamptz(null=True, default=None)

    delivery_once = Unique([consumer, event])


class Progress(Table, tablename="progress"):
    """A long job as people see it: how far, and how it ended."""

    id = UUID(primary_key=True, default=None)
    kind = Varchar(length=60)
    title = Varchar(length=200)
    done = BigInt(default=0)
    total = BigInt(null=True, default=None)
    state = Varchar(length=10, default="running")
    report = JSONB()
    started_at = Timestamptz()
    ended_at = Timestamptz(null=True, default=None)


class StoredFile(Table, tablename="stored_file"):
    """A file's bytes and what it is; sealed when sensitive."""

    id = UUID(primary_key=True, default=None)
    name = Varchar(length=255)
    media_type = Varchar(length=100)
    size = BigInt()
    sha256 = Bytea()
    sealed = Boolean(default=False)
    content = Bytea()
    plugin = Varchar(length=40, default="core")
    created_at = Timestamptz()


class JobRun(Table, tablename="job_run"):
    """When a recurring job last began and ended, and what went wrong."""

    name = Varchar(length=120, primary_key=True)
    plugin = Varchar(length=40)
    started_at = Timestamptz()
    ended_at = Timestamptz(null=True, default=None)
    seconds = Real(null=True, default=None)
    error = Text(null=True, default=None)
