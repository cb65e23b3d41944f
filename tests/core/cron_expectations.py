#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Prints cron expressions by chance and when they are due, as croniter has it (Debian: python3-croniter), one a line:
#   ZONE <tab> EXPRESSION <tab> AFTER <tab> TICK,TICK,…      in seconds since 1970
# Only times between which the zone's clocks are not set: croniter has its own mind about such nights.
# Usage: cron_expectations.py SEED COUNT
import random
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from croniter import croniter

MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
WEEKDAYS = "sun mon tue wed thu fri sat".split()
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Chatham",
         "America/St_Johns", "Asia/Shanghai", "Africa/Casablanca"]
TICKS = 6


def part(rng, low, high, names, may_step):
    kind = rng.randrange(4 if may_step else 2)
    first = rng.randint(low, high)
    if kind == 0 or first == high:
        return rng.choice([str(first), names[first - low]]) if names else str(first)
    last = rng.randint(first, high)
    if kind == 1:
        return f"{first}-{last}"
    if kind == 2:
        return f"{first}-{last}/{rng.randint(1, max(1, last - first))}"
    return f"{first}/{rng.randint(1, high - first)}"


def field(rng, low, high, names=(), star=0.4, stepped_star=True):
    if rng.random() < star:
        return f"*/{rng.randint(1, (high - low) // 2)}" if stepped_star and rng.random() < 0.5 else "*"
    return ",".join(part(rng, low, high, names, True) for _ in range(rng.randint(1, 3)))


def expression(rng):
    # A day field that begins with a star and has a step is read by Vixie's rule here, which croniter does not know.
    return " ".join([field(rng, 0, 59), field(rng, 0, 23), field(rng, 1, 31, stepped_star=False),
                     field(rng, 1, 12, MONTHS, 0.6), field(rng, 0, 6, WEEKDAYS, stepped_star=False)])


def ticks_after(zone, text, after):
    """Absent: the clocks are set meanwhile, or it is not due soon."""
    offset = after.astimezone(zone).utcoffset()
    local = (after + offset).replace(tzinfo=None)
    times = croniter(text, local, max_years_between_matches=9)
    found = [times.get_next(datetime) for _ in range(TICKS)]
    day = after
    while day < found[-1].replace(tzinfo=timezone.utc) - offset + timedelta(days=1):
        if day.astimezone(zone).utcoffset() != offset:
            return None
        day += timedelta(hours=12)
    return [int((time.replace(tzinfo=timezone.utc) - offset).timestamp()) for time in found]


def is_read_alike(text):
    """croniter takes a list of all days for a star, and then asks for the other day field alone. By Vixie's rule the
    first letter counts, so that either field is enough."""
    written, expanded = text.split(), croniter.expand(text)[0]
    return all((written[i] == "*") == (expanded[i] == ["*"]) for i in (2, 4))


def main():
    rng = random.Random(int(sys.argv[1]))
    wanted = int(sys.argv[2])
    while wanted > 0:
        text = expression(rng)
        if not is_read_alike(text):
            continue
        name = rng.choice(ZONES)
        after = datetime.fromtimestamp(rng.randint(1577836800, 2114380800), timezone.utc)
        try:
            ticks = ticks_after(ZoneInfo(name), text, after)
        except Exception as problem:  # the 30th of February, which croniter finds out late
            if "find" not in str(problem):
                raise
            continue
        if ticks:
            print(name, text, int(after.timestamp()), ",".join(map(str, ticks)), sep="\t")
            wanted -= 1


main()
