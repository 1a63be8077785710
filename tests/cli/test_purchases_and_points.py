"""Receipts and the ledger on the command line: what is printed, and how commands end."""

from __future__ import annotations

import json
from pathlib import Path

from cli.shop import Shop

RECEIPTS = """receipt,date,sku,quantity,price,customer
1,2026-01-05 10:00,A,3,10,7.0
C1,2026-01-06 10:00,A,-1,10,7.0
2,2026-01-07 10:00,B,many,10,
"""


def test_receipts_come_in_and_the_ledger_agrees_until_someone_meddles(shop: Shop, tmp_path: Path) -> None:
    file, rejects = tmp_path / "till.csv", tmp_path / "rejects.csv"
    file.write_text(RECEIPTS, encoding="utf-8")
    done = shop.run("import", "purchases", file, "--earn", "--rejects", rejects, "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["read"], report["created"], report["rejected"]) == (1, 3, 2, 1)
    assert "4,the quantity is no number" in rejects.read_text(encoding="utf-8-sig")
    again = json.loads(shop.run("import", "purchases", file, "--earn", "--json").stdout)
    assert (again["unchanged"], again["rejected"]) == (2, 1)

    agrees = shop.run("points", "verify")
    assert agrees.returncode == 0, agrees.stderr
    assert "2 entries replayed, 0 differences" in agrees.stderr
    shop.sql("UPDATE balance SET balance = balance + 1")
    differs = shop.run("points", "verify")
    assert differs.returncode == 1
    assert "kept 21, the entries give 20" in differs.stdout
    shop.sql("UPDATE balance SET balance = balance - 1")

    assert shop.run("import", "undo", report["batch"]).returncode == 0
    assert shop.sql("SELECT count(*) FROM purchase") == [(0,)]
    assert shop.run("points", "verify").returncode == 0
