"""Tiers for programs: the list, a member's tier, by hand, and as a filter."""

from __future__ import annotations

from core.tiers.ladder import sell


async def test_the_list_tells_what_tiers_ask_for_and_give(api, ladder):
    answer = (await api.get("/tiers")).json()
    assert [(one["code"], one["rank"]) for one in answer["items"]] == [
        ("basic", 0), ("silver", 1), ("gold", 2), ("diamond", 3),
    ]  # fmt: skip
    assert answer["items"][2] == {
        "code": "gold",
        "name": {"en": "Gold", "zh_Hans": "金卡"},
        "rank": 2,
        "criteria": {"any_of": False, "metrics": {"spend": 500_000}},
        "benefits": {
            "discount": "10",
            "categories": [],
            "stacks": True,
            "multiplier": "1.5",
            "services": ["Locker"],
            "birthday": "A cake",
        },
        "version": 1,
    }


async def test_a_members_tier_tells_what_is_missing(api, ana, ladder):
    await sell(ana, 1200)
    answer = (await api.get(f"/members/{ana}/tier")).json()
    assert (answer["tier"], answer["until"], answer["warning"]) == ("silver", "2027-11-20T16:00:00Z", None)
    assert answer["progress"][0] == {
        "tier": "gold",
        "metrics": [{"metric": "spend", "has": 120_000, "needs": 500_000, "missing": 380_000}],
        "any_of": False,
    }
    assert answer["period"] == {"since": "2025-11-20T16:00:00Z", "until": "2026-11-20T16:00:00Z"}
    assert set(answer["text"]) == {"en", "zh_Hans"}


async def test_a_tier_by_hand_and_its_refusals(api, ana, ladder):
    given = {"tier": "gold", "until": "2026-12-31", "reason": "complaint"}
    answer = await api.put(f"/members/{ana}/tier", json=given)
    assert (answer.status_code, answer.json()["tier"], answer.json()["by_hand"]) == (200, "gold", True)
    wrong = await api.put(f"/members/{ana}/tier", json={"tier": "gold", "until": "soon", "reason": ""})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "until")


async def test_a_member_carries_the_code_of_the_first_tier_too_and_lists_keep_to_one(api, ana, ladder):
    assert (await api.get(f"/members/{ana}")).json()["tier"] == "basic"
    assert [one["id"] for one in (await api.get("/members?tier=basic")).json()["items"]] == [str(ana)]
    await sell(ana, 1000)
    assert [one["tier"] for one in (await api.get("/members?q=ana&tier=Silver")).json()["items"]] == ["silver"]
    assert (await api.get("/members?tier=basic")).json()["items"] == []
    assert (await api.get("/members?tier=platinum")).status_code == 422


async def test_a_purchase_by_a_program_answers_the_tier_it_reached(api, ana, ladder):
    body = {"source": "till", "external_id": "A1", "store": "main", "member": {"id": str(ana)}, "amount": 500_000}
    assert (await api.post("/purchases", json=body)).json()["tier"] == {"code": "gold", "changed": True}
    preview = await api.post("/purchases/preview", json={**body, "external_id": "A2", "amount": 10_000})
    assert preview.json()["to_pay"] == 9000


async def test_without_the_right_nobody_sets_a_tier(api_client, ana, ladder):
    async with await api_client("members.read") as reader:
        assert (await reader.get(f"/members/{ana}/tier")).status_code == 200
        answer = await reader.put(f"/members/{ana}/tier", json={"tier": "gold", "reason": "gift"})
    assert answer.status_code == 403
