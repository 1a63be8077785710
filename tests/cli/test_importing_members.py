"""A list of members on the command line, from the dry run to the undo."""

import csv
import json

from cli.shop import words
from real_input import real


def people(shop) -> int:
    ((count,),) = shop.sql("SELECT count(*) FROM member")
    return int(str(count))


def test_an_old_list_comes_in_goes_out_and_is_accounted_for(shop, tmp_path):
    rejects = tmp_path / "rejects.csv"
    file = real("contacts_gb18030.csv")

    rehearsed = shop.run("import", "members", file, "--dry-run", "--json")
    assert people(shop) == 0
    done = shop.run("import", "members", file, "--rejects", rejects, "--json")
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert report["read"] == 2840 == sum(report[n] for n in ("created", "updated", "unchanged", "rejected"))
    assert report["created"] == people(shop)
    assert json.loads(rehearsed.stdout)["created"] == report["created"]
    assert report["rejects"] == str(rejects)
    with rejects.open(encoding="utf-8-sig", newline="") as written:
        assert len(list(csv.DictReader(written))) == report["rejected"]

    again = json.loads(shop.run("import", "members", file, "--json").stdout)
    assert (again["created"], again["updated"], again["rejected"]) == (0, 0, report["rejected"])

    undone = shop.run("import", "undo", report["batch"])
    assert undone.returncode == 0, undone.stderr
    assert "taken" in words(undone.stderr)
    assert people(shop) == 0


def test_a_list_without_fault_ends_well_and_says_what_it_left_out(shop, tmp_path):
    (tmp_path / "list.csv").write_text("Wer,Handy,积分\n王伟,13800138000,12\n", encoding="utf-8")
    done = shop.run("import", "members", tmp_path / "list.csv", "--map", "Wer=name", "--map", "Handy=phone")
    assert done.returncode == 0, done.stderr
    assert "not loaded: 积分" in done.stderr
    assert shop.run("import", "undo", "last").returncode == 0
