"""What a practice keeps about its patients."""

from __future__ import annotations

from piccolo.columns import SmallInt, Varchar

from tessera.plugin import Record


class Treatment(Record, schema="physio", tablename="treatment"):
    """One treatment: the region, pain before and after from 0 to 10, and the relief computed from them."""

    region = Varchar(length=20, null=True, default=None)
    pain_before = SmallInt(null=True, default=None)
    pain_after = SmallInt(null=True, default=None)
    relief = SmallInt(null=True, default=None)
    relief_version = SmallInt(null=True, default=None)
