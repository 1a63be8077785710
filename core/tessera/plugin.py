"""The public face of the core for plugin authors, as stable as the hooks.

Declarations and hooks come from ``tessera_hooks``; everything else that a plugin may use of Tessera is
named here, and nothing that is not named here is promised. A plugin's tables of records extend
``Record``; what it does to its own tables and to members happens inside ``in_transaction``, together
with ``emit``, so that either all of it is true or nothing::

    from tessera.plugin import Record, emit, in_transaction


    class Visit(Record, schema="garden", tablename="visit"):
        plants = Integer(null=True, default=None)


    async def water(member: UUID, store: UUID) -> None:
        async def work() -> None:
            await Watering.insert(Watering(id=uuid7(), member=member))
            await emit("garden.watered", member=member, store=store)

        await in_transaction(work)
"""

from tessera.access.actor import Actor, actor
from tessera.access.audit import note as note_audit
from tessera.access.service.lookups import Cost as LookupCost
from tessera.access.service.lookups import count_lookup
from tessera.access.service.stores import StoreFacts, store_by_code, store_of, stores, stores_known
from tessera.kernel.business import business, say_money
from tessera.kernel.clock import local_day, midnight, now
from tessera.kernel.database import execute, fetch, fetchrow, fetchval, in_transaction
from tessera.kernel.errors import Conflict, DomainError, FieldError, Forbidden, Invalid, NotFound
from tessera.kernel.events import emit, importing
from tessera.kernel.ids import uuid7
from tessera.kernel.money import example_amount, minor_digits, read_number, to_minor
from tessera.kernel.plugins import plugin_settings as settings
from tessera.kernel.plugins.state import change_plugin_settings as change_settings
from tessera.kernel.texts import current_locale, translate
from tessera.members import service as members
from tessera.members.tables import Member
from tessera.points import public as ledger
from tessera.points.service.beside import earn_beside, take_back_beside
from tessera.points.service.deeds import record_deed
from tessera.purchases.service.methods import method_titles, own_methods
from tessera.purchases.service.takings import take as take_money
from tessera.purchases.service.visits import record_visit
from tessera.records.public import add_record, latest_records, records_of, records_today
from tessera.records.rows import Entry
from tessera.records.tables import Record
from tessera.web.forms import Form, done, id_of, read_form, shown_again

__all__ = [
    "Actor",
    "Conflict",
    "DomainError",
    "Entry",
    "FieldError",
    "Forbidden",
    "Form",
    "Invalid",
    "LookupCost",
    "Member",
    "NotFound",
    "Record",
    "StoreFacts",
    "actor",
    "add_record",
    "business",
    "change_settings",
    "count_lookup",
    "current_locale",
    "done",
    "earn_beside",
    "emit",
    "example_amount",
    "execute",
    "fetch",
    "fetchrow",
    "fetchval",
    "id_of",
    "importing",
    "in_transaction",
    "latest_records",
    "ledger",
    "local_day",
    "members",
    "method_titles",
    "midnight",
    "minor_digits",
    "note_audit",
    "now",
    "own_methods",
    "read_form",
    "read_number",
    "record_deed",
    "record_visit",
    "records_of",
    "records_today",
    "say_money",
    "settings",
    "shown_again",
    "store_by_code",
    "store_of",
    "stores",
    "stores_known",
    "take_back_beside",
    "take_money",
    "to_minor",
    "translate",
    "uuid7",
]
