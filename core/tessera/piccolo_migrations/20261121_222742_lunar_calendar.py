from datetime import date, timedelta

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tessera.kernel.database import copy_records, execute

ID = "2026-11-21T22:27:42:475254"
VERSION = "hand-written"
DESCRIPTION = "lunar_calendar"

# From 1900 on, five hexadecimal digits a year: whether its leap month has 30 days, which of the twelve months
# have 30, and the number of the leap month. The usual notation of calendars published for 1900 to 2100.
YEARS = """
    04bd8 04ae0 0a570 054d5 0d260 0d950 16554 056a0 09ad0 055d2 04ae0 0a5b6 0a4d0 0d250 1d255 0b540
    0d6a0 0ada2 095b0 14977 04970 0a4b0 0b4b5 06a50 06d40 1ab54 02b60 09570 052f2 04970 06566 0d4a0
    0ea50 16a95 05ad0 02b60 186e3 092e0 1c8d7 0c950 0d4a0 1d8a6 0b550 056a0 1a5b4 025d0 092d0 0d2b2
    0a950 0b557 06ca0 0b550 15355 04da0 0a5b0 14573 052b0 0a9a8 0e950 06aa0 0aea6 0ab50 04b60 0aae4
    0a570 05260 0f263 0d950 05b57 056a0 096d0 04dd5 04ad0 0a4d0 0d4d4 0d250 0d558 0b540 0b6a0 195a6
    095b0 049b0 0a974 0a4b0 0b27a 06a50 06d40 0af46 0ab60 09570 04af5 04970 064b0 074a3 0ea50 06b58
    05ac0 0ab60 096d5 092e0 0c960 0d954 0d4a0 0da50 07552 056a0 0abb7 025d0 092d0 0cab5 0a950 0b4a0
    0baa4 0ad50 055d9 04ba0 0a5b0 15176 052b0 0a930 07954 06aa0 0ad50 05b52 04b60 0a6e6 0a4e0 0d260
    0ea65 0d530 05aa0 076a3 096d0 04afb 04ad0 0a4d0 1d0b6 0d250 0d520 0dd45 0b5a0 056d0 055b2 049b0
    0a577 0a4b0 0aa50 1b255 06d20 0ada0 14b63 09370 049f8 04970 064b0 168a6 0ea50 06b20 1a6c4 0aae0
    092e0 0d2e3 0c960 0d557 0d4a0 0da50 05d55 056a0 0a6d0 055d4 052d0 0a9b8 0a950 0b4a0 0b6a6 0ad50
    055a0 0aba4 0a5b0 052b0 0b273 06930 07337 06aa0 0ad50 14b55 04b60 0a570 054e4 0d260 0e968 0d520
    0daa0 16aa6 056d0 04ae0 0a9d4 0a4d0 0d150 0f252 0d520
""".split()

NEW_YEAR_1900 = date(1900, 1, 31)

TABLE = """
CREATE TABLE lunar_month (
    month smallint NOT NULL CHECK (month BETWEEN 1 AND 12),
    leap boolean NOT NULL,
    starts_on date NOT NULL,
    days smallint NOT NULL CHECK (days IN (29, 30)),
    PRIMARY KEY (month, leap, starts_on)
)
"""


def rows():
    """Each year has twelve months of either sort: who was born in a leap month keeps the birthday in the
    leap month where the year has it, else in the month of the same number."""
    start, found = NEW_YEAR_1900, []
    for year in (int(text, 16) for text in YEARS):
        for month in range(1, 13):
            days = 30 if year >> (16 - month) & 1 else 29
            found.append((month, False, start, days))
            plain, start = start, start + timedelta(days=days)
            if year & 15 == month:
                days = 30 if year >> 16 & 1 else 29
                found.append((month, True, start, days))
                start += timedelta(days=days)
            else:
                found.append((month, True, plain, days))
    return found


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="core", description=DESCRIPTION)

    async def run():
        await execute(TABLE)
        await copy_records("lunar_month", rows(), ("month", "leap", "starts_on", "days"))

    manager.add_raw(run)
    return manager
