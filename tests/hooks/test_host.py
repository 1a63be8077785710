"""The plugin host: who is found, in which order, what stops the start, and what never stops a sale."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from uuid import UUID

import pytest
from hooks.made import module

from tessera.kernel.errors import CannotRun, DomainError
from tessera.kernel.plugins import Candidate, failures
from tessera.kernel.plugins.discovery import discover, order
from tessera.kernel.plugins.host import CORE
from tessera_hooks import Award, Event, Manifest, _


def candidate(name: str, *requires: str, api: int = 1) -> Candidate:
    return Candidate(Manifest(name, name.title(), api=api, requires=requires), f"tessera_{name}", Path(), local=False)


AWARD = Award(
    member=UUID(int=1),
    tier=None,
    store=None,
    reason="purchase",
    at=datetime(2026, 1, 1, tzinfo=UTC),
    currency="CNY",
    amount=100,
)


def test_plugins_come_after_those_they_require():
    names = [c.name for c in order([candidate("gym", "booking"), candidate("booking", "wallet"), candidate("wallet")])]
    assert names == ["wallet", "booking", "gym"]


def test_a_missing_requirement_stops_the_start_with_what_to_do():
    with pytest.raises(CannotRun, match='plugin "gym" requires "booking", which is not installed: install booking'):
        order([candidate("gym", "booking")])


def test_a_circle_of_requirements_is_named():
    with pytest.raises(CannotRun, match="the plugins left, right require each other in a circle"):
        order([candidate("left", "right"), candidate("right", "left")])


def test_a_misspelt_hook_stops_the_start_with_the_nearest_real_one(empty_host):
    def record_type():
        return []

    with pytest.raises(CannotRun, match=r'implements a hook "record_type" .* did you mean "record_types"'):
        empty_host.add(module(record_type=record_type), "gym", "gym")


def test_a_hook_with_a_wrong_argument_is_named(empty_host):
    def points_multiplier(awards):
        return None

    with pytest.raises(CannotRun, match='plugin "gym" does not fit the contract'):
        empty_host.add(module(points_multiplier=points_multiplier), "gym", "gym")


def test_a_plugin_that_raises_while_declaring_stops_the_start(empty_host):
    def rules():
        raise ZeroDivisionError("oh")

    empty_host.add(module(rules=rules), "gym", "gym")
    with pytest.raises(CannotRun, match=r'plugin "gym" fails in rules\(\) \(ZeroDivisionError: oh\)'):
        empty_host.collect({})


def test_an_event_carries_its_plugins_name(empty_host):
    import msgspec

    empty_host.add(module(events=lambda: [Event("visited", _("Visited"), msgspec.Struct)]), "gym", "gym")
    empty_host.collect({})
    assert empty_host.event_kinds["gym.visited"].plugin == "gym"


def test_an_answer_that_raises_is_no_answer_and_is_named(empty_host):
    failures.take()

    def broken(award):
        raise KeyError("rate")

    empty_host.add(module(points_multiplier=broken), "core.broken", CORE)
    empty_host.add(module(points_multiplier=lambda award: Fraction(2)), "core.fine", CORE)
    assert empty_host.answers("points_multiplier", award=AWARD) == [(CORE, Fraction(2))]
    [failure] = failures.take()
    assert (failure.where, failure.problem) == ("points_multiplier", "KeyError: 'rate'")


async def test_a_participant_may_refuse(empty_host):
    async def settle_purchase(purchase):
        raise DomainError("the coupon was used")

    empty_host.add(module(settle_purchase=settle_purchase), "core.veto", CORE)
    with pytest.raises(DomainError, match="the coupon was used"):
        await empty_host.participate("settle_purchase", purchase=None)


async def test_a_participant_that_breaks_stops_the_work_and_is_named(empty_host):
    failures.take()

    async def settle_purchase(purchase):
        raise KeyError("wallet")

    empty_host.add(module(settle_purchase=settle_purchase), "core.broken", CORE)
    with pytest.raises(KeyError):
        await empty_host.participate("settle_purchase", purchase=None)
    assert [failure.where for failure in failures.take()] == ["settle_purchase"]


async def test_a_page_goes_on_when_one_that_is_asked_raises(empty_host):
    failures.take()

    async def member_summaries(members):
        raise RuntimeError("no")

    empty_host.add(module(member_summaries=member_summaries), "core.words", CORE)
    assert await empty_host.ask("member_summaries", members=[]) == []
    assert [f.where for f in failures.take()] == ["member_summaries"]


def write_plugin(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.py").write_text(text)


def test_a_plugin_that_cannot_be_imported_stops_the_start_with_its_name(tmp_path):
    write_plugin(tmp_path / "plugins", "tessera_broken_import", "import a_module_that_is_not_there\n")
    with pytest.raises(CannotRun, match=r'plugin "tessera_broken_import" cannot be imported \(ModuleNotFoundError'):
        discover(tmp_path / "plugins")


def test_a_file_without_a_manifest_is_named(tmp_path):
    write_plugin(tmp_path / "plugins", "tessera_no_manifest", "x = 1\n")
    with pytest.raises(CannotRun, match='plugin "tessera_no_manifest" has no MANIFEST'):
        discover(tmp_path / "plugins")


def test_a_plugin_of_a_later_contract_is_refused(tmp_path):
    text = "from tessera_hooks import Manifest\nMANIFEST = Manifest('later', 'Later', api=99)\n"
    write_plugin(tmp_path / "plugins", "tessera_later", text)
    with pytest.raises(CannotRun, match='plugin "later" is written for contract 99'):
        discover(tmp_path / "plugins")


def test_a_local_plugin_may_not_take_another_modules_name(tmp_path):
    write_plugin(tmp_path / "plugins", "calendar", "x = 1\n")
    with pytest.raises(CannotRun, match="has the name of another Python module: rename it"):
        discover(tmp_path / "plugins")


@pytest.mark.parametrize("name", ["core", "pg_x", "9lives", "Gym", "a", "public"])
def test_a_plugin_may_not_take_tesseras_own_words(name):
    with pytest.raises(ValueError, match="cannot be used"):
        Manifest(name, "X")
