"""Lists of staff: each row gives one person one role; whoever is new gets an invitation instead of a password."""

from __future__ import annotations

import csv
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from tessera.access import audit
from tessera.access import service as access
from tessera.access.service import RoleUnknown, StaffFacts, StoreUnknown, invitations
from tessera.access.service.staff import check_login, give, insert_staff, not_beyond_oneself
from tessera.kernel.database import execute, fetch, fetchval
from tessera.kernel.errors import DomainError, Forbidden, Invalid
from tessera.kernel.tabular import Row, neutralise
from tessera.kernel.texts import LOCALES, translate
from tessera.members.imports import batches
from tessera.members.imports.contract import ImportOptions, Outcome, Progress, Report, Undone, silent
from tessera.members.imports.mapping import assign
from tessera.members.imports.running import run_import
from tessera.members.imports.undoing import refuse_if
from tessera_hooks import Text, _

KIND = "staff"

HEADERS: dict[str, tuple[str, ...]] = {
    "login": ("登录名", "账号", "帐号", "用户名", "工号", "login", "user", "username", "user name", "account"),
    "name": ("姓名", "名字", "员工姓名", "员工", "name", "full name", "staff", "employee"),
    "role": ("角色", "职位", "岗位", "职务", "role", "position", "job"),
    "store": ("门店", "店铺", "所属门店", "分店", "store", "branch", "shop"),
    "email": ("邮箱", "电子邮箱", "email", "e-mail", "mail"),
}  # fmt: skip
"""The names by which each field is recognised, as ``plain_header`` writes them."""

NEEDED = ("login", "role")

EVERYWHERE = frozenset({"", "*", "all", "所有", "全部"})
"""What stands in the column of the store for a role that holds everywhere."""


@dataclass(frozen=True, slots=True)
class StaffRow:
    """A row as it was written."""

    line: int
    login: str
    name: str
    role: str
    store: str


class StaffLoader:
    """Imports lists of staff; ``links`` are the invitations it has made, by login."""

    def __init__(self, mapping: Mapping[str, str] | None = None) -> None:
        self.mapping = mapping or {}
        self.fields: Mapping[str, Sequence[str]] = {}
        self.links: dict[str, tuple[str, str]] = {}

    def open(self, columns: Sequence[str]) -> Sequence[Text]:
        """Decide what each column means; refuses a list without logins or roles."""
        self.fields, ignored = assign(columns, self.mapping, HEADERS)
        missing = [name for name in NEEDED if name not in self.fields]
        if missing:
            raise Invalid(
                _(
                    "no column is recognised as {field} (the columns are {columns}): say which is, "
                    "such as --map {first}={field}",
                    field=missing[0],
                    columns=", ".join(columns[:12]),
                    first=columns[0],
                )
            )
        remarks = [_("ignored: {columns}", columns=", ".join(ignored))] if ignored else []
        if "email" in self.fields:
            remarks.append(_("links are not sent by mail: hand them over yourself"))
        return remarks

    def group(self, row: Row) -> Hashable | None:
        """Rows of people stand alone."""
        return None

    def parse(self, rows: Sequence[Row]) -> list[StaffRow]:
        """The cells of each row."""
        return [
            StaffRow(row.line, *(self._cell(row, name) for name in ("login", "name", "role", "store"))) for row in rows
        ]

    def _cell(self, row: Row, name: str) -> str:
        columns = self.fields.get(name, ())
        return (row.values.get(columns[0]) or "").strip() if columns else ""

    async def load(self, parsed: list[StaffRow], batch: UUID) -> Sequence[Outcome]:
        """Write the rows one after another: of a person with several rows, the later ones add roles."""
        return [await self._one(row) for row in parsed]

    async def _one(self, row: StaffRow) -> Outcome:
        try:
            login = check_login(row.login)
            role, store = _role(row.role), _store(row.store)
            not_beyond_oneself(role, store)
        except Forbidden as refusal:
            return Outcome(row.line, "rejected", reason=refusal.text)
        except DomainError as refusal:
            return Outcome(row.line, "rejected", reason=_without_value(refusal))
        known = await _known(login)
        if known is None:
            return await self._invite(row, login, role, store)
        if not known.active:
            return Outcome(row.line, "rejected", reason=_("this person has left: let them in again first"))
        return await _add_role(row, known, role, store)

    async def _invite(self, row: StaffRow, login: str, role: str, store: UUID | None) -> Outcome:
        if not row.name:
            return Outcome(row.line, "rejected", reason=_("give the name of someone who is new"))
        staff = await insert_staff(login, access.check_name(row.name))
        await give(staff, role, store)
        self.links[login] = (row.name, await invitations.link(staff))
        return Outcome(row.line, "created", staff)


def _role(text: str) -> str:
    if not text:
        raise RoleUnknown(_("give a role"))
    wanted = text.casefold()
    for code, facts in access.roles().items():
        if wanted in (code.casefold(), *(translate(facts.title, locale).casefold() for locale in LOCALES)):
            return code
    return access.role(text).code


def _store(text: str) -> UUID | None:
    if text.casefold() in EVERYWHERE:
        return None
    named = [store for store in access.stores_known() if store.name.casefold() == text.casefold()]
    return named[0].id if len(named) == 1 else access.store_by_code(text).id


def _without_value(refusal: DomainError) -> Text:
    """Why a row was refused; reasons are kept, and cells are not."""
    if isinstance(refusal, RoleUnknown):
        return _("there is no such role: the roles are {known}", known=", ".join(access.roles()))
    if isinstance(refusal, StoreUnknown):
        return _(
            "there is no such store: the stores are {known}", known=", ".join(s.code for s in access.stores_known())
        )
    return refusal.text


async def _known(login: str) -> StaffFacts | None:
    staff = await fetchval("SELECT id FROM staff WHERE login = $1", login)
    return await access.one(staff) if staff else None


async def _add_role(row: StaffRow, known: StaffFacts, role: str, store: UUID | None) -> Outcome:
    before: dict[str, str | None] = {}
    if (role, store) not in known.held:
        await give(known.id, role, store)
        await audit.note("access.role_given", subject=("staff", known.id), store=store, role=role)
        before |= {"role": role, "store": str(store) if store else None}
    name = access.check_name(row.name) if row.name else known.name
    if name != known.name:
        await execute("UPDATE staff SET name = $2 WHERE id = $1", known.id, name)
        before["name"] = known.name
    return Outcome(row.line, "updated" if before else "unchanged", known.id, before or None)


async def import_staff(
    path: Path,
    *,
    mapping: dict[str, str] | None = None,
    options: ImportOptions | None = None,
    progress: Progress = silent,
) -> tuple[Report, Mapping[str, tuple[str, str]]]:
    """Import a list of staff; answers the report, and name and token of each invitation by login."""
    wanted = options or ImportOptions()
    loader = StaffLoader(mapping)
    report = await run_import(
        KIND, path, loader, replace(wanted, facts={"mapping": mapping or {}, **wanted.facts}), progress
    )
    return report, {} if report.dry_run else loader.links


def write_links(path: Path, links: Mapping[str, tuple[str, str]], address: str) -> None:
    """Write the links of an import where only its owner reads them: whoever has one comes in."""
    path.touch(mode=0o600, exist_ok=True)
    path.chmod(0o600)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["login", "name", "link"])
        writer.writerows(
            [neutralise(login), neutralise(name), url_of(address, token)] for login, (name, token) in links.items()
        )


def url_of(address: str, token: str) -> str:
    """The address that an invitation opens."""
    return f"{address}/join?code={token}"


_REFERENCES = """
SELECT format('%I.%I', n.nspname, t.relname) AS name, t.relname AS short, a.attname AS column
FROM pg_constraint c
JOIN pg_class t ON t.oid = c.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace
JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
WHERE c.contype = 'f' AND c.confrelid = 'staff'::regclass
  AND NOT (t.relname = ANY(ARRAY['staff_role', 'staff_invitation', 'session', 'pin_attempt']))
ORDER BY 1
"""


async def undo_staff(batch: UUID) -> Undone:
    """Take back an import of staff; refused where someone has come already or has something in hand."""
    created = [row["target"] for row in await batches.rows_done(batch, "created")]
    updates = await batches.rows_done(batch, "updated")
    await fetch("SELECT 1 FROM staff WHERE id = ANY($1) ORDER BY id FOR UPDATE", created)
    refuse_if(await _built_on(created))
    for row in updates:
        before = row["before"]
        if "role" in before:
            store = UUID(before["store"]) if before["store"] else None
            await execute(
                "DELETE FROM staff_role WHERE staff = $1 AND role = $2 AND store IS NOT DISTINCT FROM $3",
                row["target"],
                before["role"],
                store,
            )
        if "name" in before:
            await execute("UPDATE staff SET name = $2 WHERE id = $1", row["target"], before["name"])
    await execute("DELETE FROM staff WHERE id = ANY($1)", created)
    await audit.note("access.staff_import_undone", rows=len(created))
    return Undone(batch, len(created), len({row["target"] for row in updates}))


async def _built_on(staff: Sequence[UUID]) -> list[Text]:
    came = await fetchval("SELECT count(*) FROM staff WHERE id = ANY($1) AND password_hash <> ''", staff)
    found = [_("{count} of them have come already", count=came)] if came else []
    for reference in await fetch(_REFERENCES):
        count = await fetchval(
            f'SELECT count(*) FROM {reference["name"]} WHERE "{reference["column"]}" = ANY($1)', staff
        )
        if count:
            found.append(_("{count} rows of {table} belong to them", count=count, table=reference["short"]))
    return found
