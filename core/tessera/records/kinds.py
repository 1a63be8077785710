"""Record types as the platform works with them: names, addresses and columns that follow from the declaration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from piccolo.columns import Bytea, Column, Numeric
from piccolo.columns import Text as PlainText
from piccolo.constraints import Unique

from tessera.kernel.database import fetch
from tessera.kernel.errors import CannotRun
from tessera.kernel.plugins import Declared, PluginHost
from tessera.kernel.plugins import host as loaded
from tessera.records.tables import Record
from tessera_hooks import Derived, Measure, RecordType, Text, TextField
from tessera_hooks.records import RecordField


@dataclass(frozen=True)
class Kind:
    """A record type and the plugin that declares it."""

    plugin: str
    type: RecordType

    @cached_property
    def name(self) -> str:
        """Singular and snake-case: ``body_test``."""
        return str(self.type.table._meta.tablename)  # noqa: SLF001 - Piccolo's own name for what a table is

    @property
    def code(self) -> str:
        """The name with its plugin: ``fitness.body_test``."""
        return f"{self.plugin}.{self.name}"

    @property
    def table(self) -> str:
        """The table for SQL."""
        return f'"{self.plugin}"."{self.name}"'

    @cached_property
    def slug(self) -> str:
        """Plural, for addresses: ``body-tests``."""
        return plural(self.name).replace("_", "-")

    @property
    def url(self) -> str:
        """The page of all records."""
        return f"/{self.plugin}/{self.slug}"

    @property
    def read(self) -> str:
        """The permission to see records."""
        return f"{self.code}.read"

    @property
    def write(self) -> str:
        """The permission to record and to correct."""
        return f"{self.code}.write"

    @property
    def recorded(self) -> str:
        """The event when a record is made."""
        return f"{self.code}_recorded"

    @property
    def changed(self) -> str:
        """The event when a record is corrected."""
        return f"{self.code}_changed"

    @property
    def title(self) -> Text:
        """What one is called."""
        return self.type.title

    @property
    def noun(self) -> Text:
        """What one is called within a sentence: ``New body test``."""
        return within_sentence(self.title)

    @property
    def titles(self) -> Text:
        """What many are called."""
        return self.type.plural or self.type.title

    @cached_property
    def fields(self) -> dict[str, RecordField]:
        """What people fill in, by column."""
        return {column_name(f.column): f for f in self.type.fields}

    @cached_property
    def derived(self) -> dict[str, Derived]:
        """What is computed, by column."""
        return {column_name(d.column): d for d in self.type.derived}

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns of what is filled in and computed."""
        return (*self.fields, *self.derived)

    @cached_property
    def sealed(self) -> dict[str, str]:
        """Sensitive words, which are sealed at rest, by column: whether the column is one of ``bytes`` or ``text``."""
        wordy = (f.column for f in self.type.fields if isinstance(f, TextField) and f.sensitive)
        return {column_name(column): "bytes" if isinstance(column, Bytea) else "text" for column in wordy}

    @cached_property
    def natural_key(self) -> tuple[str, ...]:
        """The columns by which an import recognises a record of a member: those declared, else its day."""
        if self.type.profile:
            return ()
        return tuple(column_name(column) for column in self.type.natural_key) or ("recorded_on",)

    @cached_property
    def charted(self) -> dict[str, Measure | Derived]:
        """The numbers whose trend is drawn, by column."""
        numbers: dict[str, Measure | Derived] = {n: f for n, f in self.fields.items() if isinstance(f, Measure)}
        return {name: d for name, d in (numbers | self.derived).items() if d.chart}

    def label(self, name: str) -> Text:
        """How a column is called."""
        given = self.derived[name].label if name in self.derived else self.fields[name].label
        return given or Text(name.replace("_", " ").capitalize())


def plural(name: str) -> str:
    """The English plural of a snake-case name: ``diary`` is ``diaries``, ``class`` is ``classes``."""
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith(("s", "x", "ch", "sh")) else f"{name}s"


def within_sentence(title: Text) -> Text:
    """A title with a small first letter in English, unless it is an abbreviation; the same in other languages."""
    if title[1:2].isupper():
        return title
    small = Text.__new__(Text, title[:1].lower() + title[1:])
    small.source, small.values = title.source, title.values
    return small


def column_name(column: Column) -> str:
    """The name of a column of a declaration."""
    return str(column._meta.name)  # noqa: SLF001 - Piccolo's own name for it


def kind_of(declared: Declared[RecordType]) -> Kind:
    """The kind of a declaration; one that cannot work stops the start and says what to change."""
    kind = Kind(declared.plugin, declared.value)
    table = declared.value.table
    if not (isinstance(table, type) and issubclass(table, Record)):
        raise CannotRun(f'plugin "{kind.plugin}": a record type needs a table that extends tessera.plugin.Record')
    if table._meta.schema != kind.plugin:  # noqa: SLF001
        raise CannotRun(
            f'plugin "{kind.plugin}": table {table.__name__} must lie in the plugin\'s own schema: '
            f'write class {table.__name__}(Record, schema="{kind.plugin}", tablename="{kind.name}")'
        )
    if declared.value.profile and not _is_one_a_member(table):
        raise CannotRun(
            f'plugin "{kind.plugin}": table {table.__name__} is a profile, of which a member has one: '
            'write one_a_member = Unique(["member"])'
        )
    there = {column_name(c): c for c in table._meta.columns}  # noqa: SLF001
    for name in [*kind.columns, *(f"{name}_version" for name in kind.derived)]:
        problem = column_problem(kind, name, there.get(name))
        if problem:
            raise CannotRun(f'plugin "{kind.plugin}": table {table.__name__} {problem}')
    return kind


def _is_one_a_member(table: type[Record]) -> bool:
    """Whether the database holds the table to one row a member."""
    unique = [c for c in table._meta.constraints if isinstance(c, Unique)]  # noqa: SLF001
    names = [[c if isinstance(c, str) else column_name(c) for c in constraint.columns] for constraint in unique]
    return ["member"] in names


def column_problem(kind: Kind, name: str, column: Column | None) -> str | None:
    """Why values of a field would not fit its column, and what to write; ``None`` where they do."""
    if column is None:
        return f"has no column {name}: add it"
    field = kind.fields.get(name)
    if not column._meta.null and not (field and field.required):  # noqa: SLF001
        return f"cannot leave {name} empty: write null=True, default=None"
    if isinstance(field, TextField) and field.sensitive and not isinstance(column, Bytea | PlainText):
        return f"cannot hold sensitive words sealed in {name}: write Bytea(null=True, default=None)"
    if isinstance(field, Measure) and isinstance(column, Numeric) and column.digits:
        precision, scale = column.digits
        if scale < field.decimals or Decimal(field.high) >= 10 ** (precision - scale):
            whole = len(str(int(field.high)))
            return f"is too narrow for {name}: write Numeric(digits=({whole + field.decimals}, {field.decimals}), …)"
    return None


_known: tuple[PluginHost, Sequence[Kind]] | None = None


def kinds(host: PluginHost) -> Sequence[Kind]:
    """All record types, of enabled and disabled plugins alike; remembered for the host of this process."""
    global _known
    if _known is None or _known[0] is not host:
        _known = host, [kind_of(declared) for declared in host.declared("record_types")]
    return _known[1]


async def kinds_here() -> list[Kind]:
    """The record types whose tables are there: those of a plugin that was removed are not, though its code may be."""
    known = kinds(loaded())
    there = await fetch(
        "SELECT t.name FROM unnest($1::text[]) AS t (name) WHERE to_regclass(t.name) IS NOT NULL",
        [kind.table for kind in known],
    )
    names = {row["name"] for row in there}
    return [kind for kind in known if kind.table in names]


def kind_named(host: PluginHost, code: str) -> Kind:
    """The record type of a code such as ``fitness.body_test``."""
    for kind in kinds(host):
        if kind.code == code:
            return kind
    known = ", ".join(kind.code for kind in kinds(host)) or "–"
    raise LookupError(f'there is no record type "{code}": the record types are {known}')
