"""Refusals as programs and as people read them."""

from __future__ import annotations

import pytest

from tessera.kernel import texts


async def test_a_program_gets_problem_details_with_code_facts_and_the_requests_id(browser, business):
    answer = await browser.get("/api/v1/refuse/shelved", headers={"X-Request-ID": "till-3-000042"})
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == "till-3-000042"
    assert answer.json() == {
        "type": "urn:tessera:problem:shelved",
        "title": "That does not go together",
        "status": 409,
        "detail": "it lies on the shelf",
        "code": "shelved",
        "request_id": "till-3-000042",
        "shelf": 3,
    }


async def test_wrong_values_are_named_field_by_field(browser, business):
    answer = await browser.get("/api/v1/refuse/invalid")
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"field": "phone", "message": "has too few digits"}]


async def test_too_many_says_when_to_come_back(browser, business):
    answer = await browser.get("/api/v1/refuse/busy")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")


async def test_an_accident_tells_nothing_of_its_cause_but_its_id(browser, business):
    for path in ("/api/v1/refuse/bug", "/refuse/bug"):
        answer = await browser.get(path)
        assert answer.status_code == 500
        assert "swordfish" not in answer.text
        assert answer.headers["x-request-id"] in answer.text


async def test_what_the_framework_refuses_has_the_same_shape(browser, hire):
    await hire("ana")
    await browser.sign_in("ana")
    answer = await browser.get("/api/v1/points/3?low=x")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "invalid"
    assert answer.json()["errors"][0]["field"] == "low"
    assert (await browser.get("/api/v1/nowhere")).json()["code"] == "not_found"
    assert (await browser.delete("/api/v1/points/3")).json()["code"] == "method_not_allowed"


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), ("/refuse/missing", 404), ("/refuse/shelved", 409)])
async def test_a_person_gets_a_page_in_their_language_with_a_next_step(browser, business, path, status):
    answer = await browser.open(path, headers={"Accept": "text/html", "Accept-Language": "zh-CN,zh;q=0.9"})
    assert answer.status_code == status
    assert 'lang="zh-Hans"' in browser.seen
    assert 'class="btn btn-primary"' in browser.seen
    assert answer.headers["x-request-id"] in browser.seen


async def test_an_insane_request_id_is_replaced(browser, business):
    for bad in ("x", "a" * 200, 'quote"me-please', "new line-000"):
        answer = await browser.get("/nowhere", headers={"X-Request-ID": bad})
        assert answer.headers["x-request-id"] != bad
        assert len(answer.headers["x-request-id"]) == 32


async def test_htmx_gets_a_sentence_it_can_show(browser, business):
    answer = await browser.get("/refuse/shelved", headers={"HX-Request": "true", "Accept": "text/html"})
    assert answer.json()["detail"] == "it lies on the shelf"


async def test_a_text_of_a_refusal_is_said_in_the_language_of_the_request(browser, business, monkeypatch):
    monkeypatch.setitem(texts._catalogues["zh_Hans"], "This page does not exist.", "页面不存在。")
    answer = await browser.get("/api/v1/refuse/missing", headers={"Accept-Language": "zh"})
    assert answer.json()["detail"] == "页面不存在。"
