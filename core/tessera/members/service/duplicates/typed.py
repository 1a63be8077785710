"""Who may be someone whose name is being typed, told before anything is saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tessera.kernel.business import business
from tessera.members import identities, names
from tessera.members.normalise import Unusable, normalise_name, parse_birthday
from tessera.members.service.duplicates.finding import alike
from tessera.members.service.duplicates.scoring import REASONS
from tessera.members.service.duplicates.traits import Birth, birth_of, traits
from tessera.members.service.views import MemberView, views
from tessera_hooks import Text


@dataclass(frozen=True)
class Known:
    """A member who may be the one who is being typed, as pages show them, and why."""

    member: MemberView
    reasons: Sequence[str]

    @property
    def words(self) -> list[Text]:
        """The reasons in words."""
        return [REASONS[code] for code in self.reasons]


async def known_alike(name: str, phone: str, birthday: str) -> list[Known]:
    """Members whom the actor may see and who look like someone half typed; what cannot be read yet is left out.

    Compared by name, birthday and the digits of phones that the mask shows, all of which stand on the page
    of each member that is told: so nothing can be found out here, however often somebody asks.
    """
    key = _key(name)
    found = await alike(traits(key, birth=_birth(birthday), phones=_phones(phone)), sealed=False) if key else []
    shown = {view.id: view for view in await views([one.member for one in found])}
    return [Known(shown[one.member], one.reasons) for one in found if one.member in shown]


def _key(name: str) -> str:
    try:
        return names.name_key(normalise_name(name))
    except Unusable:
        return ""


def _birth(text: str) -> Birth | None:
    try:
        born = parse_birthday(text, business().today())
    except Unusable:
        return None
    return birth_of(born.year, born.month, born.day)


def _phones(text: str) -> list[str]:
    try:
        return [identities.identity("phone", text).value]
    except Unusable:
        return []
