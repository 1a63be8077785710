"""Every hook that a plugin may implement; their reference is rendered from these docstrings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Literal
from uuid import UUID

import pluggy

from tessera_hooks.bringing import EntitlementKind
from tessera_hooks.conditions import Fact
from tessera_hooks.declarations import (
    Event,
    Job,
    Merging,
    MessageTemplate,
    Permission,
    Reaction,
    RecordType,
    Role,
    Rule,
    SampleData,
    Screen,
    Slot,
    StarterSet,
)
from tessera_hooks.earning import EarningRule
from tessera_hooks.selling import (
    Award,
    Basket,
    ClaimKind,
    PaymentMethod,
    PriceCut,
    Returning,
    RewardKind,
    Settled,
    Settling,
)
from tessera_hooks.texts import Text
from tessera_hooks.tiers import TierMetric
from tessera_hooks.units import Unit

PROJECT = "tessera"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

Kind = Literal["declaring", "answering", "participating"]

# --- declaring: called once at start, sync and pure --------------------------------------------------


@hookspec
def permissions() -> list[Permission]:  # type: ignore[empty-body]
    """Declare rights that staff may hold.

    Called once at start. Names are given without the plugin; ``attend`` of ``fitness`` is held as
    ``fitness.attend``. Record types bring their own ``read`` and ``write``.

    Example::

        @hookimpl
        def permissions():
            return [Permission("attend", _("Take attendance"))]
    """


@hookspec
def roles() -> list[Role]:  # type: ignore[empty-body]
    """Declare roles that an integrator can give to staff.

    Called once at start. A role of a plugin is offered where the plugin is enabled.

    Example::

        @hookimpl
        def roles():
            return [Role("coach", _("Coach"), ["members.read", "fitness.body_test.write"])]
    """


@hookspec
def record_types() -> list[RecordType]:  # type: ignore[empty-body]
    """Declare what the plugin keeps about members.

    Called once at start. From each declaration come the form, list, timeline entry, trend chart,
    JSON endpoints and export.

    Example::

        @hookimpl
        def record_types():
            return [body_test]
    """


@hookspec
def events() -> list[Event]:  # type: ignore[empty-body]
    """Declare the kinds of events that the plugin emits, beside those its record types bring.

    Called once at start. An event that was not declared cannot be emitted.

    Example::

        @hookimpl
        def events():
            return [Event("class_attended", _("Came to a class"), ClassAttended)]
    """


@hookspec
def facts() -> list[Fact]:  # type: ignore[empty-body]
    """Declare what conditions may ask about a member.

    Called once at start. The name begins with the plugin's.

    Example::

        @hookimpl
        def facts():
            return [Fact("fitness.tests", _("Body tests"), "number", "(SELECT count(*) …)")]
    """


@hookspec
def rules() -> list[Rule]:  # type: ignore[empty-body]
    """Ship workflows as data, to be switched on by an integrator.

    Called once at start.

    Example::

        @hookimpl
        def rules():
            return [no_visit]
    """


@hookspec
def message_templates() -> list[MessageTemplate]:  # type: ignore[empty-body]
    """Ship texts that rules and staff may send; the integrator may change them.

    Called once at start.

    Example::

        @hookimpl
        def message_templates():
            return [we_miss_you]
    """


@hookspec
def reactions() -> list[Reaction]:  # type: ignore[empty-body]
    """React to events after they were committed.

    Called once at start; each reaction is then awaited at least once for every event it names.

    Example::

        @hookimpl
        def reactions():
            return [Reaction("welcome", ["member.created"], service.welcome)]
    """


@hookspec
def screens() -> list[Screen]:  # type: ignore[empty-body]
    """Bring pages and their place in the navigation.

    Called once at start; their handlers answer below ``/<plugin>`` where the plugin is enabled.

    Example::

        @hookimpl
        def screens():
            return [Screen("today", _("Today"), "calendar", "attend", handlers=[today])]
    """


@hookspec
def api() -> list[Any]:  # type: ignore[empty-body]
    """Bring JSON endpoints beside those of the record types.

    Called once at start; the answered web handlers answer below ``/api/v1/<plugin>`` where the plugin is enabled.
    Each states its permission, by its full name.

    Example::

        @hookimpl
        def api():
            return [list_lockers, rent_locker]
    """


@hookspec
def slots() -> list[Slot]:  # type: ignore[empty-body]
    """Put pieces into named places of the core's pages.

    Called once at start; a piece that raises is left out and reported, never the page.

    Example::

        @hookimpl
        def slots():
            return [Slot("member.card", "fitness/card.html", card_context)]
    """


@hookspec
def jobs() -> list[Job]:  # type: ignore[empty-body]
    """Declare work that comes round.

    Called once at start; a job may be run twice or missed, so it looks at what is due in its tables.

    Example::

        @hookimpl
        def jobs():
            return [Job("tidy", timedelta(hours=1), service.tidy)]
    """


@hookspec
def starter_set() -> StarterSet | None:
    """Offer what a new business of this industry begins with.

    Called once at start; ``apply`` is awaited when the integrator chooses it on the first-run page.

    Example::

        @hookimpl
        def starter_set():
            return StarterSet(_("Gym"), _("Switches on the reminder."), service.start)
    """


@hookspec
def sample_data() -> SampleData | None:
    """Offer invented records for demonstrations.

    Called once at start; ``create`` is awaited by ``tessera demo`` with the members it made.

    Example::

        @hookimpl
        def sample_data():
            return SampleData(samples.create)
    """


@hookspec
def units() -> list[Unit]:  # type: ignore[empty-body]
    """Declare what the ledger counts for the plugin, beside points.

    Called once at start. The name is given without the plugin; entries, balances, expiry and explanations of a
    unit are Tessera's, the plugin books through ``tessera.plugin.ledger``.

    Example::

        @hookimpl
        def units():
            return [Unit("lessons", _("Lessons"), expiry=Expiry("months", 12))]
    """


@hookspec
def claim_kinds() -> list[ClaimKind]:  # type: ignore[empty-body]
    """Declare what customers may hold out at the till to be used once, such as coupons.

    Called once at start. Tills ask for it where the plugin is enabled; a purchase that holds out a claim of a
    kind that nobody declares is refused.

    Example::

        @hookimpl
        def claim_kinds():
            return [ClaimKind("coupon", _("Coupon"))]
    """


@hookspec
def payment_methods() -> list[PaymentMethod]:  # type: ignore[empty-body]
    """Declare ways to pay that the plugin settles itself.

    Called once at start. Tills offer them where the plugin is enabled; what is paid so stands in
    ``settle_purchase`` and must be taken there.

    Example::

        @hookimpl
        def payment_methods():
            return [PaymentMethod("stored_value", _("Stored value"), service.holds)]
    """


@hookspec
def reward_kinds() -> list[RewardKind]:  # type: ignore[empty-body]
    """Declare kinds of rewards that the plugin hands out for points.

    Called once at start; the catalogue of rewards offers them where the plugin is enabled.

    Example::

        @hookimpl
        def reward_kinds():
            return [RewardKind("coupon", _("Coupon"), service.give, service.take_back)]
    """


@hookspec
def earning_rules() -> list[EarningRule]:  # type: ignore[empty-body]
    """Ship rules by which members earn points, for purchases or for deeds.

    Called once at start. A rule earns nothing until an integrator switches it on, who may change its numbers
    before and later; each change is a version of its own, and entries say by which they were earned. The name is
    given without the plugin. What is earned by a deed of a plugin is booked when it calls
    ``tessera.plugin.record_deed``.

    Example::

        @hookimpl
        def earning_rules():
            return [EarningRule(name="off_peak", title=_("Off-peak hours"), spec=off_peak)]
    """


@hookspec
def tier_metrics() -> list[TierMetric]:  # type: ignore[empty-body]
    """Declare what members may qualify by for a tier.

    Called once at start.

    Example::

        @hookimpl
        def tier_metrics():
            return [TierMetric("recharged", _("Recharged"), "coalesce((SELECT sum(…) …), 0)", money=True)]
    """


@hookspec
def entitlement_kinds() -> list[EntitlementKind]:  # type: ignore[empty-body]
    """Declare what the plugin brings from lists of another system: packs, memberships, stored value.

    Called once at start; ``tessera import entitlements`` takes rows of a kind where the plugin is enabled.

    Example::

        @hookimpl
        def entitlement_kinds():
            fields = [EntitlementField("visits", _("Visits"), "count", needed=True, total=True)]
            return [EntitlementKind("pack", _("Pack"), fields, packs.bring, packs.take_back, names=("次卡",))]
    """


# --- answering: sync and pure ------------------------------------------------------------------------


@hookspec
def points_multiplier(award: Award) -> Fraction | None:
    """Scale the points a member is about to earn by what they pay.

    Called once per award, before the entries are written, and for previews; ``award`` carries all that may be
    considered, so the answer is pure. Answers are multiplied, together with the factors of earning rules;
    points that a rule gives whatever is paid are not. ``None`` means no opinion.

    Example::

        @hookimpl
        def points_multiplier(award):
            return Fraction(2) if award.reason == "purchase" else None
    """


# --- participating: async, in the caller's transaction ------------------------------------------------


@hookspec
async def price_basket(basket: Basket) -> Sequence[PriceCut]:  # type: ignore[empty-body]
    """Say what lowers the price of a basket, and what the member could use.

    Called for a preview, and for a purchase that holds claims out; it changes nothing. Answers of all plugins
    are put together: cuts that stack add up, one that does not stands alone, and the member gets what is best.

    Example::

        @hookimpl
        async def price_basket(basket):
            return await service.usable_coupons(basket)
    """


@hookspec
async def settle_purchase(purchase: Settling) -> Settled | None:
    """Take part in settling a purchase.

    Called inside the transaction that records it, one plugin after another, before its points are earned. The
    plugin uses up the claims and takes the money of the payment methods that are its own, and answers which; what
    nobody has settled refuses the purchase. It may write the plugin's own tables, may refuse with a domain error
    that rolls everything back, and never touches the network. Not called for imported history.

    Example::

        @hookimpl
        async def settle_purchase(purchase):
            return await service.use_coupons(purchase)
    """


@hookspec
async def return_purchase(returning: Returning) -> None:
    """Take part in bringing a purchase back, all of it or a part.

    Called inside the transaction that records the return, one plugin after another, before points are given and
    taken back: in the order of a sale, so that neither waits for the other. The plugin gives back what was paid
    by its own methods, and decides about the claims that were used. Not called for imported history.

    Example::

        @hookimpl
        async def return_purchase(returning):
            await service.give_back(returning)
    """


@hookspec
async def member_summaries(members: Sequence[UUID]) -> Mapping[UUID, Text]:  # type: ignore[empty-body]
    """Say in a few words what the plugin knows of each of many members.

    Called once for a list of members; members left out have nothing to say. The words of all plugins
    stand beside each other.

    Example::

        @hookimpl
        async def member_summaries(members):
            return await service.last_tests(members)
    """


@hookspec
async def merge_members(merging: Merging) -> Mapping[str, Any] | None:
    """Move what the plugin keeps of one member to another.

    Called inside the transaction that merges two members, one plugin after another; both members are
    locked. The plugin moves its own rows from ``merging.other`` to ``merging.survivor`` and answers what it
    needs to give them back, as JSON of ids, codes and numbers, never of personal values. Record types are
    moved by Tessera, as their ``on_merge`` says. A domain error refuses the merge. A plugin that is
    disabled is called too, for its rows are only hidden; one that was removed has none.

    Example::

        @hookimpl
        async def merge_members(merging):
            return {"lockers": await service.move_lockers(merging.other, merging.survivor)}
    """


@hookspec
async def undo_merge(merging: Merging) -> Sequence[Text] | None:
    """Give back what a merge moved.

    Called inside the transaction that undoes the merge, one plugin after another, disabled ones too;
    ``merging.kept`` is what the plugin's ``merge_members`` answered, empty where that was nothing. What
    is gone since is not made anew, and what happened to the survivor since stays with the survivor: the
    answer says what that is, a few words each. A domain error refuses the undo, unless ``merging.force``
    asks for the nearest that is possible.

    Example::

        @hookimpl
        async def undo_merge(merging):
            await service.give_back_lockers(merging.kept["lockers"], merging.other)
    """


@hookspec
async def export_member(member: UUID) -> Mapping[str, Any] | None:
    """Tell everything that the plugin keeps of a member, for a request of that person.

    Called when all that is known of one member is exported; the answer is plain JSON and stands under
    the plugin's name. Record types are told by Tessera.

    Example::

        @hookimpl
        async def export_member(member):
            return {"lockers": await service.lockers_of(member)}
    """


@hookspec
async def erase_member(member: UUID) -> None:
    """Take the person out of what the plugin keeps.

    Called inside the transaction that erases a member. Rows that something else adds up (money, stock)
    stay without the person; all others go. Record types are erased by Tessera.

    Example::

        @hookimpl
        async def erase_member(member):
            await service.empty_lockers(member)
    """


@hookspec
async def search_members(q: str, limit: int) -> Sequence[UUID]:  # type: ignore[empty-body]
    """Find members by what the plugin keeps: a plate, a chip, a pupil's number.

    Called for what is typed into the box that finds members, after the core has looked; at most
    ``limit`` answers, the best first. Tessera leaves out those whom the person may not see.

    Example::

        @hookimpl
        async def search_members(q, limit):
            return await service.holders_of_locker(q, limit)
    """


KINDS: dict[str, Kind] = {
    "permissions": "declaring",
    "roles": "declaring",
    "record_types": "declaring",
    "events": "declaring",
    "facts": "declaring",
    "rules": "declaring",
    "message_templates": "declaring",
    "reactions": "declaring",
    "screens": "declaring",
    "api": "declaring",
    "slots": "declaring",
    "jobs": "declaring",
    "starter_set": "declaring",
    "sample_data": "declaring",
    "units": "declaring",
    "claim_kinds": "declaring",
    "payment_methods": "declaring",
    "reward_kinds": "declaring",
    "earning_rules": "declaring",
    "tier_metrics": "declaring",
    "entitlement_kinds": "declaring",
    "points_multiplier": "answering",
    "price_basket": "participating",
    "settle_purchase": "participating",
    "return_purchase": "participating",
    "member_summaries": "participating",
    "merge_members": "participating",
    "undo_merge": "participating",
    "export_member": "participating",
    "erase_member": "participating",
    "search_members": "participating",
}
