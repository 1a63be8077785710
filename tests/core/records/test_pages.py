"""The pages of records: two taps from the member to the form, and everything that follows from the declaration."""

import csv
import io
import re

import pytest
from python_calamine import CalamineWorkbook

from tessera.access import service as access
from tessera.access.actor import system_actor
from tessera.access.service import rotation
from tessera.kernel.database import execute, fetch, fetchval
from tessera.kernel.ids import uuid7
from tessera.kernel.plugins.state import disable, enable
from tessera.records import rows, service

TESTS = "/fitness/body-tests"


async def record(kind, member, **values):
    with system_actor():
        return await service.record(kind, member, values)


async def test_a_coach_reaches_the_form_from_the_member_in_one_tap_and_saves_in_the_second(browser, ana):
    coach = await browser()
    card = await coach.open(f"/members/{ana}")
    assert f'href="{TESTS}/new?member={ana}"' in card
    page = await coach.open(f"{TESTS}/new?member={ana}")
    saved = await coach.send(page, TESTS, member=ana, id=uuid7(), height="165", weight="63,0", body_fat="")
    shown = await coach.open(saved.headers["location"])
    assert "23.1" in shown
    assert "normal" in shown


async def test_the_form_brings_up_a_keyboard_of_digits_and_says_units_and_bounds(browser, ana):
    page = await (await browser()).open(f"{TESTS}/new?member={ana}")
    weight = re.search(r'<input[^>]*name="weight"[^>]*>', page).group(0)
    assert 'inputmode="decimal"' in weight
    assert "20–350" in weight
    assert '<span class="input-group-text">kg</span>' in page


async def test_the_form_carries_the_height_and_says_what_was_measured_last(browser, body_test, ana):
    await record(body_test, ana, height="165.5", weight="63.4", recorded_on="2026-11-01")
    page = await (await browser()).open(f"{TESTS}/new?member={ana}")
    assert 'value="165.5"' in re.search(r'<input[^>]*name="height"[^>]*>', page).group(0)
    assert 'value=""' in re.search(r'<input[^>]*name="weight"[^>]*>', page).group(0)
    assert "Last: 63.4 kg, Nov 1, 2026" in page


async def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(browser, ana):
    coach = await browser()
    page = await coach.open(f"{TESTS}/new?member={ana}")
    refused = await coach.send(page, TESTS, member=ana, id=uuid7(), weight="7", body_fat="20.5", note="after lunch")
    assert refused.status_code == 422
    assert "Weight must be between 20 and 350 kg" in refused.text
    assert 'value="20.5"' in refused.text
    assert "after lunch" in refused.text
    assert await fetchval("SELECT count(*) FROM fitness.body_test") == 0


async def test_the_form_and_the_endpoint_refuse_in_the_same_words(browser, program, ana):
    coach, scale = await browser(), await program()
    page = await coach.open(f"{TESTS}/new?member={ana}")
    for weight in ("7", "abc", "70.25"):
        by_form = await coach.send(page, TESTS, member=ana, id=uuid7(), weight=weight)
        by_json = await scale.post(TESTS, json={"member": str(ana), "weight": weight})
        assert by_json.status_code == by_form.status_code == 422
        assert by_json.json()["errors"][0]["message"] in by_form.text


async def test_a_correction_keeps_what_someone_else_has_changed_meanwhile(browser, body_test, ana):
    made = await record(body_test, ana, weight="63")
    coach = await browser()
    page = await coach.open(f"{TESTS}/{made.id}/edit")
    first = await coach.send(page, f"{TESTS}/{made.id}", version=1, weight="64")
    second = await coach.send(page, f"{TESTS}/{made.id}", version=1, weight="65")
    assert (first.status_code, second.status_code) == (303, 409)
    assert await fetchval("SELECT weight FROM fitness.body_test") == 64


async def test_the_list_shows_today_first_and_earlier_days_below(browser, body_test, ana, member):
    await record(body_test, ana, weight="63", recorded_on="2026-11-01")
    await record(body_test, await member("Ben"), weight="80")
    page = await (await browser()).open(TESTS)
    assert page.index("Ben") < page.index("Ana")
    assert "80.0 kg" in page


async def test_a_members_list_draws_the_trend_of_each_charted_number(browser, body_test, ana):
    for day, weight in (("2026-10-01", "65"), ("2026-11-01", "63")):
        await record(body_test, ana, height="165", weight=weight, recorded_on=day)
    page = await (await browser()).open(f"{TESTS}?member={ana}")
    assert page.count("data-chart=") == 2
    assert '["2026-10-01", 65.0]' in page


async def test_finding_the_member_leads_to_the_form(browser, ana):
    coach = await browser()
    page = await coach.open(f"{TESTS}/new")
    found = await coach.send(page, "/members/find", q="ana", part="record", goal=f"{TESTS}/new")
    assert f'href="{TESTS}/new?member={ana}"' in found.text


async def test_the_timeline_of_the_member_says_what_was_measured(browser, body_test, ana):
    made = await record(body_test, ana, height="165", weight="63", body_fat="18.4")
    page = await (await browser()).open(f"/members/{ana}")
    assert "BMI 23.1 (normal) · 63.0 kg · 18.4 %" in page
    assert f"{TESTS}/{made.id}" in page


async def test_pages_speak_chinese(browser, ana):
    coach = await browser()
    coach.http.cookies.set("tessera_locale", "zh_Hans")
    page = await coach.open(f"{TESTS}/new?member={ana}")
    assert "身高" in page
    assert "体脂率" in page


async def test_export_as_csv_neutralises_what_a_spreadsheet_would_run(browser, body_test, member):
    await record(body_test, await member("=cmd()"), weight="63", note="@SUM(A1)", recorded_on="2026-11-01")
    coach = await browser()
    answer = await coach.http.get(f"{TESTS}/export.csv")
    assert "attachment" in answer.headers["content-disposition"]
    first, row = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    told = dict(zip(first, row, strict=True))
    assert told["Name"] == "'=cmd()"
    assert told["Note"] == "'@SUM(A1)"
    assert (told["Weight (kg)"], told["Date"], told["Store"]) == ("63.0", "2026-11-01", "main")


async def test_export_as_workbook_keeps_numbers_as_numbers(browser, body_test, member):
    await record(body_test, await member("=cmd()"), height="165", weight="63")
    answer = await (await browser()).http.get(f"{TESTS}/export.xlsx")
    first, row = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    told = dict(zip(first, row, strict=True))
    assert told["Name"] == "'=cmd()"
    assert (told["Weight (kg)"], told["BMI (kg/m²)"]) == (63.0, 23.1)


async def test_an_export_holds_every_page_of_the_list(browser, body_test, ana, monkeypatch):
    monkeypatch.setattr("tessera.records.rows.MOST", 2)
    for weight in range(60, 65):
        await record(body_test, ana, weight=weight)
    answer = await (await browser()).http.get(f"{TESTS}/export.csv")
    assert len(answer.text.splitlines()) == 6


async def test_where_the_plugin_is_disabled_its_pages_do_not_exist(browser, program, body_test, ana):
    made = await record(body_test, ana, weight="63")
    coach, owner, scale = await browser(), await browser("owner"), await program()
    await disable("fitness")
    for path in (TESTS, f"{TESTS}/new", f"{TESTS}/{made.id}", f"{TESTS}/export.csv"):
        await coach.open(path, 404)
    assert (await scale.get(TESTS)).status_code == 404
    assert TESTS not in await owner.open(f"/members/{ana}")


async def test_a_plugin_of_one_store_is_there_in_that_store_only(browser, body_test, ana, store):
    with system_actor():
        other = await access.add_store("other", "Other street")
    await disable("fitness")
    await enable("fitness", other.id)
    await (await browser(store_code="main")).open(TESTS, 404)
    await (await browser(store_code="other")).open(TESTS)


async def test_who_may_not_read_sees_neither_pages_nor_card(browser, body_test, ana):
    await record(body_test, ana, weight="63")
    cashier = await browser("cashier")
    await cashier.open(TESTS, 403)
    page = await cashier.open(f"/members/{ana}")
    assert "63.0 kg" not in page


async def test_who_may_only_read_finds_no_way_to_write(browser, body_test, ana):
    made = await record(body_test, ana, weight="63")
    auditor = await browser("auditor")
    assert "/new" not in await auditor.open(TESTS)
    assert "/edit" not in await auditor.open(f"{TESTS}/{made.id}")
    await auditor.open(f"{TESTS}/new?member={ana}", 403)


async def test_a_form_from_elsewhere_changes_nothing(browser, ana):
    coach = await browser()
    answer = await coach.http.post(TESTS, data={"member": str(ana), "weight": "63"})
    assert answer.status_code == 403


async def test_another_record_type_has_the_same_pages_without_further_code(garden, browser, ana):
    gardener = await browser("garden.gardener")
    page = await gardener.open(f"/garden/diaries/new?member={ana}")
    assert 'inputmode="numeric"' in re.search(r'<input[^>]*name="area"[^>]*>', page).group(0)
    assert 'type="radio" name="soil" value="clay"' in page
    saved = await gardener.send(
        page, "/garden/diaries", member=ana, rain="2.5", area="40", soil="clay", weeded="yes", sown_on="2026-04-01"
    )
    shown = await gardener.open(saved.headers["location"])
    for text in ("2.50", "Clay", "Yes", "Apr 1, 2026", "wet"):
        assert text in shown, text
    assert "/garden/diaries" in await gardener.open("/")


async def secret_of(garden, id_):
    with system_actor():
        return (await rows.one(garden, id_)).values["secret"]


@pytest.mark.parametrize("role", ["garden.gardener", "owner"])
async def test_a_sensitive_value_is_masked_on_every_page(garden, browser, ana, store, role):
    made = await record(garden, ana, rain="1", secret="under the pot")
    someone = await browser(role)
    for path in (f"/garden/diaries/{made.id}", f"/garden/diaries/{made.id}/edit", "/garden/diaries/export.csv"):
        assert "under the pot" not in await someone.open(path)


async def test_a_masked_field_that_is_left_empty_stays(garden, browser, ana, store):
    made = await record(garden, ana, rain="1", secret="under the pot")
    gardener = await browser("garden.gardener")
    page = await gardener.open(f"/garden/diaries/{made.id}/edit")
    await gardener.send(page, f"/garden/diaries/{made.id}", version=1, rain="2", secret="")
    assert await secret_of(garden, made.id) == "under the pot"


async def test_a_masked_field_is_written_anew_or_removed_when_that_was_said(garden, browser, ana, store):
    made = await record(garden, ana, rain="1", secret="under the pot")
    gardener = await browser("garden.gardener")
    page = await gardener.open(f"/garden/diaries/{made.id}/edit")
    await gardener.send(page, f"/garden/diaries/{made.id}", version=1, rain="2", secret="in the shed")
    assert await secret_of(garden, made.id) == "in the shed"
    await gardener.send(page, f"/garden/diaries/{made.id}", version=2, rain="2", secret="", clear_secret="yes")
    assert await secret_of(garden, made.id) is None


async def test_sensitive_words_can_be_entered_by_those_who_may_not_reveal_them(garden, browser, ana, store):
    gardener = await browser("garden.gardener")
    page = await gardener.open(f"/garden/diaries/new?member={ana}")
    await gardener.send(page, "/garden/diaries", member=ana, rain="2.5", secret="in the shed")
    assert await secret_of(garden, await fetchval("SELECT id FROM garden.diary")) == "in the shed"


async def test_the_owner_reveals_one_value_of_a_record_and_it_is_audited(garden, browser, ana, store):
    made = await record(garden, ana, rain="1", secret="under the pot")
    owner = await browser("owner")
    page = await owner.open(f"/garden/diaries/{made.id}")
    revealed = await owner.send(page, f"/garden/diaries/{made.id}/reveal", field="secret")
    assert "under the pot" in revealed.text
    assert "****" in await owner.open(f"/garden/diaries/{made.id}/masked?field=secret")
    (row,) = await fetch("SELECT member, fields, rows, facts FROM audit WHERE action = 'records.revealed'")
    assert (row["member"], row["fields"], row["rows"]) == (ana, ["garden.diary.secret"], 1)
    assert "under the pot" not in str(dict(row))


async def test_whoever_may_not_reveal_has_no_button_and_no_answer(garden, browser, ana, store):
    made = await record(garden, ana, rain="1", secret="under the pot")
    gardener = await browser("garden.gardener")
    page = await gardener.open(f"/garden/diaries/{made.id}")
    assert "/reveal" not in page
    refused = await gardener.send(page, f"/garden/diaries/{made.id}/reveal", field="secret")
    assert refused.status_code == 403


async def test_sensitive_words_are_unreadable_at_rest(garden, ana):
    made = await record(garden, ana, rain="1", secret="under the pot")
    stored = await fetchval("SELECT secret FROM garden.diary")
    assert stored.startswith("sealed:1:")
    assert "pot" not in stored
    assert await secret_of(garden, made.id) == "under the pot"


async def test_words_from_before_they_were_sealed_are_read_and_sealed_by_the_next_rotation(garden, ana):
    made = await record(garden, ana, rain="1", secret="x")
    await execute("UPDATE garden.diary SET secret = 'under the pot'")
    assert await secret_of(garden, made.id) == "under the pot"
    (column,) = [c for c in rotation.sealed_columns() if c.table == garden.table]
    assert (await rotation.reseal_batch(column)).changed == 1
    assert (await fetchval("SELECT secret FROM garden.diary")).startswith("sealed:1:")
    assert await secret_of(garden, made.id) == "under the pot"
