"""Stores and circles, staff and what they may do, sessions, API keys, and attempts to sign in."""

from __future__ import annotations

from piccolo.columns import (
    JSONB,
    UUID,
    Array,
    BigInt,
    Boolean,
    Bytea,
    Date,
    ForeignKey,
    Integer,
    OnDelete,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.constraints import Unique
from piccolo.table import Table


class Circle(Table, tablename="circle"):
    """Stores that know the same members."""

    id = UUID(primary_key=True, default=None)
    code = Varchar(length=40, unique=True)
    name = Varchar(length=200)
    created_at = Timestamptz()


class Store(Table, tablename="store"):
    """A place where members are served; ``code`` is how files and tills call it."""

    id = UUID(primary_key=True, default=None)
    code = Varchar(length=40, unique=True)
    name = Varchar(length=200)
    timezone = Varchar(length=64)
    currency = Varchar(length=3)
    circle = ForeignKey(Circle, on_delete=OnDelete.restrict)
    active = Boolean(default=True)
    created_at = Timestamptz()


class Staff(Table, tablename="staff"):
    """Someone who works here and signs in; without a password they were invited and did not come yet."""

    id = UUID(primary_key=True, default=None)
    login = Varchar(length=80, unique=True)
    name = Varchar(length=200)
    password_hash = Text()
    pin_hash = Text(null=True, default=None)
    locale = Varchar(length=16, null=True, default=None)
    theme = Varchar(length=8, null=True, default=None)
    active = Boolean(default=True)
    created_at = Timestamptz()


class StaffRole(Table, tablename="staff_role"):
    """A role that someone holds in one store, or without a store everywhere."""

    id = UUID(primary_key=True, default=None)
    staff = ForeignKey(Staff, on_delete=OnDelete.cascade)
    role = Varchar(length=80)
    store = ForeignKey(Store, null=True, default=None, on_delete=OnDelete.cascade)


class OwnRole(Table, tablename="role"):
    """A role as this business wants it: its own, or in the place of a declared one of the same code."""

    code = Varchar(length=80, primary_key=True)
    title = Varchar(length=200)
    permissions = JSONB()
    plugin = Varchar(length=40, default="core")
    created_at = Timestamptz()


class Invitation(Table, tablename="staff_invitation"):
    """A link by which someone who was added gives themselves a password, once; the row holds its SHA-256."""

    id = UUID(primary_key=True, default=None)
    staff = ForeignKey(Staff, on_delete=OnDelete.cascade, index=True)
    token_hash = Bytea(unique=True)
    created_by = ForeignKey(Staff, null=True, default=None, on_delete=OnDelete.set_null)
    created_at = Timestamptz()
    expires_at = Timestamptz()
    used_at = Timestamptz(null=True, default=None)
    revoked_at = Timestamptz(null=True, default=None)


class Device(Table, tablename="device"):
    """A tablet that the staff of a store share, switching by PIN; the browser holds the token, the row its SHA-256."""

    id = UUID(primary_key=True, default=None)
    token_hash = Bytea(unique=True)
    store = ForeignKey(Store, on_delete=OnDelete.restrict)
    name = Varchar(length=100)
    user_agent = Varchar(length=300)
    created_by = ForeignKey(Staff, null=True, default=None, on_delete=OnDelete.set_null)
    created_at = Timestamptz()
    last_seen_at = Timestamptz()
    revoked_at = Timestamptz(null=True, default=None)


class PinAttempt(Table, tablename="pin_attempt"):
    """Wrong PINs of one person at one shared tablet since they last proved who they are."""

    id = UUID(primary_key=True, default=None)
    device = ForeignKey(Device, on_delete=OnDelete.cascade)
    staff = ForeignKey(Staff, on_delete=OnDelete.cascade)
    failures = Integer(default=0)
    blocked_until = Timestamptz()

    pin_attempt_once = Unique([device, staff])


class Session(Table, tablename="session"):
    """Someone signed in at one browser; the browser holds the token, the row its SHA-256.

    ``device`` is the shared tablet that the browser is; ``by_pin`` where a PIN opened it.
    """

    id = UUID(primary_key=True, default=None)
    token_hash = Bytea(unique=True)
    staff = ForeignKey(Staff, on_delete=OnDelete.cascade)
    store = ForeignKey(Store, null=True, default=None, on_delete=OnDelete.set_null)
    created_at = Timestamptz()
    last_seen_at = Timestamptz()
    expires_at = Timestamptz(index=True)
    user_agent = Varchar(length=300)
    device = ForeignKey(Device, null=True, default=None, on_delete=OnDelete.cascade, index=True)
    by_pin = Boolean(default=False)


class ApiKey(Table, tablename="api_key"):
    """A program's key: shown once, kept as SHA-256, recognised by people through its prefix.

    ``stores`` are those in which it holds, nothing meaning every one; ``store`` is the first of them.
    """

    id = UUID(primary_key=True, default=None)
    name = Varchar(length=200)
    key_hash = Bytea(unique=True)
    prefix = Varchar(length=16)
    permissions = JSONB()
    store = ForeignKey(Store, null=True, default=None, on_delete=OnDelete.restrict)
    stores = Array(UUID(), null=True, default=None)
    created_by = ForeignKey(Staff, null=True, default=None, on_delete=OnDelete.restrict)
    created_at = Timestamptz()
    expires_at = Timestamptz(null=True, default=None)
    last_used_at = Timestamptz(null=True, default=None)
    revoked_at = Timestamptz(null=True, default=None)


class SignInAttempt(Table, tablename="sign_in_attempt"):
    """Failures to sign in, counted by login, address and both; ``key`` is a keyed hash of them."""

    id = UUID(primary_key=True, default=None)
    scope = Varchar(length=10)
    key = Bytea()
    failures = Integer(default=0)
    last_at = Timestamptz(index=True)
    blocked_until = Timestamptz()

    sign_in_attempt_once = Unique([scope, key])


class Idempotency(Table, tablename="idempotency"):
    """The answer that a request with an ``Idempotency-Key`` was given; ``body`` is sealed.

    ``holder`` is the API key or the person, ``route`` the pattern of the address, ``rights_hash`` stands
    for what the holder was allowed when the answer was given. A form that was sent and done has a row without an
    answer, and ``form`` for a route.
    """

    id = UUID(primary_key=True, default=None)
    holder = UUID()
    route = Varchar(length=200)
    key = Varchar(length=255)
    request_hash = Bytea()
    rights_hash = Bytea()
    status = Integer()
    media_type = Varchar(length=100)
    body = Bytea(null=True, default=None)
    at = Timestamptz()
    expires_at = Timestamptz(index=True)

    once = Unique([holder, route, key])


class Audit(Table, tablename="audit"):
    """Who did or saw what: ids and names of fields, never what stands in them; appended in the transaction.

    ``action`` begins with its owner (``members.revealed``); ``member`` is whom it was about, ``subject``
    another row, called so by ``subject_kind``; ``rows`` how many it touched. ``seal`` is the number
    of the batch that sealed it. The column ``txid``, which a migration adds, orders what is to be sealed.
    """

    id = UUID(primary_key=True, default=None)
    at = Timestamptz()
    action = Varchar(length=80)
    actor_kind = Varchar(length=8)
    actor = UUID(null=True, default=None)
    actor_label = Varchar(length=200)
    member = UUID(null=True, default=None)
    subject_kind = Varchar(length=40, default="")
    subject = UUID(null=True, default=None)
    store = UUID(null=True, default=None)
    fields = JSONB()
    rows = Integer(null=True, default=None)
    facts = JSONB()
    seal = BigInt(null=True, default=None)


class AuditSeal(Table, tablename="audit_seal"):
    """A batch of audit rows under one hash, which covers the seal before it as well.

    ``leaves`` is the id and the SHA-256 of each row in order, so that a difference can be named.
    """

    number = BigInt(primary_key=True, default=None)
    rows = Integer()
    leaves = Bytea()
    hash = Bytea()
    previous = Bytea()
    at = Timestamptz()


class AuditAlarm(Table, tablename="audit_alarm"):
    """Someone did more of a kind on one day than is usual: raised once for actor, kind and day."""

    id = UUID(primary_key=True, default=None)
    actor = UUID()
    actor_kind = Varchar(length=8)
    actor_label = Varchar(length=200)
    kind = Varchar(length=12)
    day = Date()
    amount = Integer()
    usual = Integer()
    at = Timestamptz()

    audit_alarm_once = Unique([actor, kind, day])
