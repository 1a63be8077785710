"""Taking an import back while nothing was built on it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from tessera.access import audit
from tessera.kernel.database import fetchval, in_transaction
from tessera.kernel.errors import Conflict
from tessera.kernel.texts import translate
from tessera.members.imports import batches
from tessera.members.imports.contract import Guard, Undo, Undone
from tessera_hooks import Text, _

_undos: dict[str, Undo] = {}
_guards: list[Guard] = []


class ImportInUse(Conflict):
    """Something was built on what the import brought; ``reasons`` says what."""

    code = "import_in_use"


class ImportUndone(Conflict):
    """The import was taken back already."""

    code = "import_undone"


def register_undo(kind: str, undo: Undo) -> None:
    """Say how imports of a kind are taken back; it runs in the transaction of the undo."""
    _undos[kind] = undo


def register_undo_guard(guard: Guard) -> None:
    """Let a domain say why a batch cannot be taken back; no reasons means that it can."""
    if guard not in _guards:
        _guards.append(guard)


def refuse_if(reasons: Sequence[Text]) -> None:
    """Refuse an undo for given reasons."""
    if reasons:
        said = "; ".join(translate(reason) for reason in reasons)
        raise ImportInUse(
            _("this import cannot be taken back: {reasons}", reasons=said),
            reasons=[str(reason) for reason in reasons],
        )


async def undo(batch: UUID) -> Undone:
    """Take a whole import back: what it created is removed, what it changed is as before.

    Refuses with ``import_in_use``, and changes nothing, where something was built on it since.
    """

    async def work() -> Undone:
        row = await batches.batch_row(batch)
        await fetchval("SELECT 1 FROM import_batch WHERE id = $1 FOR UPDATE", batch)
        state = await fetchval("SELECT state FROM import_batch WHERE id = $1", batch)
        if state == "undone":
            raise ImportUndone(_("this import was taken back already"))
        if row["kind"] not in _undos:
            raise ImportInUse(_("imports of {kind} cannot be taken back", kind=row["kind"]), reasons=[])
        refuse_if([reason for guard in _guards for reason in await guard(batch)])
        undone = await _undos[row["kind"]](batch)
        await batches.mark_undone(batch)
        await audit.note("import.undone", subject=("import_batch", batch), rows=undone.removed, kind=row["kind"])
        return undone

    return await in_transaction(work)
