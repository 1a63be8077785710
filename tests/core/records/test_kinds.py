"""A record type that cannot work stops the start with one sentence that says what to write."""

import pytest
from piccolo.columns import Bytea, Numeric, SmallInt, Varchar
from piccolo.columns import Text as PlainText
from piccolo.table import Table

from tessera.kernel.errors import CannotRun
from tessera.kernel.plugins import Declared
from tessera.plugin import Record
from tessera.records import sealed
from tessera.records.derive import DERIVATIONS
from tessera.records.kinds import kind_named, kind_of, within_sentence
from tessera_hooks import Derived, Measure, RecordType, Text, TextField, _


class Pond(Record, schema="pond", tablename="depth"):
    narrow = Numeric(digits=(3, 1), null=True, default=None)
    needed = Numeric(digits=(5, 1), default=None)
    sum = Numeric(digits=(5, 1), null=True, default=None)
    total = Numeric(digits=(5, 1), null=True, default=None)
    total_version = SmallInt(null=True, default=None)
    short = Varchar(length=20, null=True, default=None)
    kept = Bytea(null=True, default=None)
    words = PlainText(null=True, default=None)


class Loose(Table, schema="pond", tablename="loose"):
    pass


def measure(column, **more):
    return Measure(column, unit="cm", low=0, high=100, **more)


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        (RecordType(Loose, _("Loose")), "needs a table that extends tessera.plugin.Record"),
        (
            RecordType(Pond, _("Depth"), fields=[measure(Pond.narrow)]),
            "is too narrow for narrow: write Numeric",
        ),
        (
            RecordType(Pond, _("Depth"), fields=[TextField(Pond.short, sensitive=True)]),
            "cannot hold sensitive words sealed in short: write Bytea",
        ),
        (RecordType(Pond, _("Depth"), fields=[measure(Pond.needed)]), "cannot leave needed empty: write null=True"),
        (RecordType(Pond, _("Depth"), derived=[Derived(Pond.sum, _("Sum"), min)]), "has no column sum_version: add it"),
    ],
)
def test_what_does_not_fit_is_named(declared, said):
    with pytest.raises(CannotRun, match=said):
        kind_of(Declared("pond", declared))


def test_sensitive_words_are_sealed_in_a_column_of_bytes_or_of_text():
    fields = [TextField(Pond.kept, sensitive=True), TextField(Pond.words, sensitive=True)]
    kind = kind_of(Declared("pond", RecordType(Pond, _("Depth"), fields=fields)))
    values = {"kept": "under the pot", "words": "in the shed"}
    at_rest = sealed.stored(kind, values)
    assert (type(at_rest["kept"]), at_rest["words"][:9]) == (bytes, "sealed:1:")
    assert {name: sealed.opened(kind, name, value) for name, value in at_rest.items()} == values


def test_a_table_outside_of_the_plugins_schema_is_refused():
    with pytest.raises(CannotRun, match='schema="lake", tablename="depth"'):
        kind_of(Declared("lake", RecordType(Pond, _("Depth"))))


def test_a_required_field_may_be_a_column_that_is_never_empty():
    assert kind_of(Declared("pond", RecordType(Pond, _("Depth"), fields=[measure(Pond.needed, required=True)])))


def test_one_declaration_brings_everything_under_the_plugins_name(plugin_host):
    ours = {
        hook: [d.value for d in plugin_host.declared(hook) if d.plugin == "fitness"]
        for hook in DERIVATIONS["record_types"]
    }
    assert [p.name for p in ours["permissions"]] == ["body_test.read", "body_test.write"]
    assert [e.name for e in ours["events"]] == ["body_test_recorded", "body_test_changed"]
    assert "fitness.body_test.latest.bmi" in [f.name for f in ours["facts"]]
    assert [(s.path, s.permission) for s in ours["screens"]] == [("body-tests", "fitness.body_test.read")]
    assert "fitness.body_test_recorded" in plugin_host.event_kinds


def test_an_unknown_type_is_answered_with_those_that_there_are(plugin_host):
    with pytest.raises(LookupError, match=r"fitness\.body_test"):
        kind_named(plugin_host, "fitness.bodytest")


@pytest.mark.parametrize(("title", "within"), [("Body test", "body test"), ("ECG", "ECG")])
def test_titles_within_sentences(title, within):
    assert within_sentence(Text(title)) == within
    assert within_sentence(Text(title)).source == title
