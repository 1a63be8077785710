"""What people can go to, and pieces of plugins on the core's pages."""

from __future__ import annotations

from jinja2 import DictLoader, Environment

from tessera.access.actor import SYSTEM, Actor, Grant, acting_as
from tessera.kernel.errors import NotFound
from tessera.kernel.plugins import Declared, failures
from tessera.kernel.plugins.state import disable, enable
from tessera.web import navigation, slots
from tessera_hooks import Screen, Slot, _

PAGES = Environment(loader=DictLoader({"a.html": "<b>{{ name }}</b>", "bad.html": "{{ name.x.y }}"}), autoescape=True)


def screen(name: str, permission: str = "members.read", path: str = "", **more) -> Screen:
    return Screen(name, _("Title"), "star", permission, (), path or name, **more)


def test_a_plugins_screen_lies_below_its_name_and_its_permission_too():
    declared = Declared("fitness", screen("today", permission="attend"))
    assert navigation.url_of(declared) == "/fitness/today"
    assert navigation.permission_of(declared) == "fitness.attend"
    assert (
        navigation.permission_of(Declared("fitness", screen("x", "fitness.body_test.read"))) == "fitness.body_test.read"
    )


def test_a_page_belongs_to_the_entry_that_its_address_begins_with():
    members, home = navigation.Entry(_("Members"), "users", "/members"), navigation.Entry(_("Home"), "home", "/")
    assert members.holds("/members/42")
    assert not members.holds("/membership")
    assert home.holds("/")
    assert not home.holds("/members")


def test_of_two_entries_above_a_page_only_the_nearer_is_the_one_it_belongs_to():
    till, shifts = navigation.Entry(_("Till"), "star", "/till"), navigation.Entry(_("Shifts"), "star", "/till/shifts")
    assert navigation.current([till, shifts], "/till/shifts/42") is shifts
    assert navigation.current([shifts, till], "/till/shift") is till
    assert navigation.current([till, shifts], "/members") is None


async def test_people_see_only_where_they_may_go(business, plugin_host, monkeypatch):
    monkeypatch.setitem(
        plugin_host._declared,
        "screens",
        [
            Declared("core", screen("members")),
            Declared("core", screen("secret", "audit.read")),
            Declared("core", screen("stores", "members.read", "settings/stores")),
            Declared("fitness", screen("today")),
        ],
    )
    someone = Actor("staff", "Ana", (Grant(("members.read",)),))
    await enable("fitness")
    urls = [[e.url for e in s.entries] for s in navigation.sections(someone)]
    assert urls == [["/members"], ["/fitness/today"], ["/settings/stores"]]
    await disable("fitness")
    urls = [[e.url for e in s.entries] for s in navigation.sections(someone)]
    assert urls == [["/members"], ["/settings/stores"]]


def test_the_phones_bar_holds_four_and_begins_with_those_meant_for_it():
    entries = [navigation.Entry(_("E"), "star", f"/{n}", on_phone=n == 5) for n in range(6)]
    bar = navigation.phone_bar([navigation.Section(None, entries)])
    assert [e.url for e in bar] == ["/5", "/0", "/1", "/2"]


async def fill(plugin_host, monkeypatch, *declared: Slot, someone: Actor = SYSTEM) -> list[str]:
    monkeypatch.setitem(plugin_host._declared, "slots", [Declared("fitness", slot) for slot in declared])
    with acting_as(someone):
        return [str(piece) for piece in await slots.fill(PAGES, "member.card")]


async def named(_member):
    return {"name": "<Ana>"}


async def nothing(_member):
    return None


async def broken(_member):
    raise ZeroDivisionError


async def gone(_member):
    raise NotFound("there is no such member")


async def test_a_slot_shows_what_its_template_says_of_its_context(business, plugin_host, monkeypatch):
    shown = await fill(
        plugin_host, monkeypatch, Slot("member.card", "a.html", named), Slot("home.card", "a.html", named)
    )
    assert shown == ["<b>&lt;Ana&gt;</b>"]


async def test_a_slot_that_fails_is_left_out_and_named(business, plugin_host, monkeypatch):
    failures.take()
    shown = await fill(
        plugin_host,
        monkeypatch,
        Slot("member.card", "a.html", broken),
        Slot("member.card", "bad.html", named),
        Slot("member.card", "no-such.html", named),
        Slot("member.card", "a.html", nothing),
        Slot("member.card", "a.html", gone),
        Slot("member.card", "a.html", named),
    )
    assert shown == ["<b>&lt;Ana&gt;</b>"]
    assert [(f.plugin, f.times) for f in failures.take()] == [("fitness", 3)]


async def test_a_slot_is_only_for_those_who_hold_its_permission(business, plugin_host, monkeypatch):
    slot = Slot("member.card", "a.html", named, permission="attend")
    coach, cashier = (Actor("staff", "A", (Grant((p,)),)) for p in ("fitness.attend", "points.read"))
    assert len(await fill(plugin_host, monkeypatch, slot, someone=coach)) == 1
    assert await fill(plugin_host, monkeypatch, slot, someone=cashier) == []
