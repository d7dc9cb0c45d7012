"""Compares `yuqiao assess` with an independent implementation of the WHO 2006 standards.

    python who_zscores.py PATH-TO-yuqiao [CHILDREN] [SEED]

Makes seeded random children, runs the binary on them, and compares every z-score, flag, adjusted
length and BMI with the package pygrowup2, within 0.01. Prints the counts; exits with 1 if anything
differs, is missing on one side, or if too little was compared to mean anything.

The rules around the formula (0.7 cm, day 731, 9 months, oedema, limits) are written out here a
second time, from the published description of WHO's program, because the package has other ones:

* Its `lhfa` switches at day 730 and takes an unknown position for standing; WHO
  switches at 731 and leaves an unknown position alone. So lengths are adjusted here.
* It takes no age of 0 days (0 counts as missing); day 0 is given as two equal dates.
* It rounds a length to 0.1 cm where WHO interpolates. Lengths of 0.1 cm go to the package; for
  finer ones L, M and S of its two neighbouring rows are interpolated here, then scored by it.
* It rounds the first z-score before deciding on the restricted form. The form is continuous at 3,
  so this stays below 0.01.
* Its per-indicator methods refuse measurements outside bounds of its own (BMI 5-60, weight from
  1 kg); `get_z_score` below them does not, so nothing is left out.
"""

import csv
import io
import random
import subprocess
import sys
from collections import Counter
from datetime import date
from decimal import Decimal
from importlib import import_module

from pygrowup import Observation

TOLERANCE = Decimal("0.01")
COLUMNS = ["sex", "age_days", "weight_kg", "lenhei_cm", "measure", "headc_cm", "oedema"]
LIMITS = {
    "zlen": ("flen", Decimal(-6), Decimal(6)),
    "zwei": ("fwei", Decimal(-6), Decimal(5)),
    "zwfl": ("fwfl", Decimal(-5), Decimal(5)),
    "zbmi": ("fbmi", Decimal(-5), Decimal(5)),
    "zhc": ("fhc", Decimal(-5), Decimal(5)),
}
DAYS_PER_MONTH = Decimal("30.4375")
EDGES = [0, 1, 272, 273, 274, 275, 729, 730, 731, 732, 1825, 1826, 1827, 1900]


def child(chance):
    """One random child: mostly ordinary, some extreme, some half measured, some too old."""
    sex = chance.choice("MF")
    age = chance.choice(EDGES) if chance.random() < 0.2 else chance.randint(0, 1826)
    name = "male" if sex == "M" else "female"
    day = min(age, 1826)

    def median(table):
        return float(import_module(f"pygrowup.tables.by_day.{table}").DATA[name][day]["m"])

    def spread(value, share, digits):
        wide = 2.5 if chance.random() < 0.15 else 1.0
        return f"{value * chance.uniform(1 - share * wide, 1 + share * wide):.{digits}f}"

    row = {
        "sex": sex,
        "age_days": str(age),
        "weight_kg": spread(median("wfa"), 0.30, chance.choice([1, 2])),
        "lenhei_cm": spread(median("lfa"), 0.10, chance.choice([1, 1, 2])),
        "measure": chance.choice(["L", "H", ""]),
        "headc_cm": spread(median("hcfa"), 0.12, 1),
        "oedema": "y" if chance.random() < 0.03 else chance.choice(["n", ""]),
    }
    for column in ("weight_kg", "lenhei_cm", "headc_cm", "age_days"):
        if chance.random() < 0.04:
            row[column] = ""
    return row


def scored(name, y, lms):
    """The package's formula on given L, M, S, as its own `get_z_score` combines them."""
    observation = Observation(sex=name, age_in_days=1)
    z = observation._get_first_pass_z_score(y, **lms)
    if abs(z) > 3:
        z = observation._adjust_weight_based_z_score(z, y, **lms)
    return z


def weight_for_stature(name, weight, cm, by_length):
    table = "wfl" if by_length else "wfh"
    low, high = (45, 110) if by_length else (65, 120)
    if not low <= cm <= high:
        return None
    tenth = cm.quantize(Decimal("0.1"))
    if tenth == cm:
        return Observation(sex=name, age_in_days=1).get_z_score(table, name, weight, tenth)
    rows = import_module(f"pygrowup.tables.by_day.{table}").DATA[name]
    below = cm.quantize(Decimal("0.1"), rounding="ROUND_FLOOR")
    share = (cm - below) / Decimal("0.1")
    a, b = rows[below], rows[below + Decimal("0.1")]
    lms = {key: a[key] + share * (b[key] - a[key]) for key in "lms"}
    return scored(name, weight, lms)


def expected(row):
    """What WHO's program would say, by the package's tables and formula."""
    number = lambda column: Decimal(row[column]) if row[column] else None
    name = "male" if row["sex"] == "M" else "female"
    age = int(row["age_days"]) if row["age_days"] else None
    weight, cm, head = number("weight_kg"), number("lenhei_cm"), number("headc_cm")
    measure, swollen = row["measure"], row["oedema"] == "y"
    if age is not None and cm is not None:
        if measure == "H" and age / DAYS_PER_MONTH < 9:
            measure = ""
        if measure == "H" and age < 731:
            cm += Decimal("0.7")
        if measure == "L" and age >= 731:
            cm -= Decimal("0.7")
    bmi = weight / (cm / 100) ** 2 if weight is not None and cm is not None else None
    want = {"clenhei_cm": cm, "cbmi": bmi, **dict.fromkeys(LIMITS)}
    if age is not None and age / DAYS_PER_MONTH >= 60:
        return want
    if age is not None:
        day = date.fromordinal(800_000)
        born = {"dob": day, "date_of_observation": day} if age == 0 else {"age_in_days": age}
        seen = Observation(sex=name, **born)
        z = lambda table, y: None if y is None else seen.get_z_score(table, name, y, seen.t)
        want["zlen"], want["zhc"] = z("lfa", cm), z("hcfa", head)
        if not swollen:
            want["zwei"], want["zbmi"] = z("wfa", weight), z("bmifa", bmi)
    if weight is not None and cm is not None and not swollen:
        if age is not None:
            by_length = age < 731
        else:
            by_length = measure == "L" if measure else cm < 87
        want["zwfl"] = weight_for_stature(name, weight, cm, by_length)
    return want


def main():
    binary = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 4000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 20_240_408
    chance = random.Random(seed)
    children = [child(chance) for _ in range(count)]

    table = io.StringIO()
    writer = csv.DictWriter(table, COLUMNS)
    writer.writeheader()
    writer.writerows(children)
    run = subprocess.run(
        [binary, "assess"], input=table.getvalue(), capture_output=True, text=True, check=True
    )
    results = list(csv.DictReader(io.StringIO(run.stdout)))
    if len(results) != count:
        sys.exit(f"{count} children went in, {len(results)} came out")

    compared, flags, differences = Counter(), Counter(), []
    for line, (row, got) in enumerate(zip(children, results), start=2):
        for column, want in expected(row).items():
            text = got[column]
            if (want is None) != (text == ""):
                differences.append((line, column, want, text))
                continue
            if want is not None:
                compared[column] += 1
                if abs(Decimal(text) - want) > TOLERANCE:
                    differences.append((line, column, want, text))
            if column in LIMITS:
                flag, low, high = LIMITS[column]
                flagged = text != "" and not low <= Decimal(text) <= high
                flags[flag] += flagged
                if got[flag] != ("1" if flagged else "0"):
                    differences.append((line, flag, flagged, got[flag]))

    print(f"seed {seed}: {count} children, z-scores and values compared: {dict(compared)}")
    print(f"flags raised: {dict(flags)}")
    for difference in differences[:20]:
        print("line %d, %s: expected %s, got %s" % difference)
    thin = [column for column in compared if compared[column] < count // 2]
    if thin or len(compared) != len(LIMITS) + 2 or min(flags.values()) == 0:
        sys.exit(f"too little was compared: {thin}, {dict(flags)}")
    if differences:
        sys.exit(f"{len(differences)} differences")
    print("no difference above 0.01")


if __name__ == "__main__":
    main()
