"""Compares `yuqiao assess` with an independent implementation of WHO's standards of 2006 and 2007.

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
* From five years on it rounds the age to a month of 365/12 days; WHO's program interpolates L, M and
  S between months of 30.4375. So the rows of the package are interpolated here, then scored by it.
  It has no row of 60 months, so the older children begin at 61.

The centile is compared with the normal distribution of Python's own library.
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
from statistics import NormalDist

from pygrowup import Observation

TOLERANCE = Decimal("0.01")
COLUMNS = ["sex", "age_days", "age_months", "weight_kg", "lenhei_cm", "measure", "headc_cm", "oedema"]
LIMITS = {
    "zlen": ("flen", Decimal(-6), Decimal(6)),
    "zwei": ("fwei", Decimal(-6), Decimal(5)),
    "zwfl": ("fwfl", Decimal(-5), Decimal(5)),
    "zbmi": ("fbmi", Decimal(-5), Decimal(5)),
    "zhc": ("fhc", Decimal(-5), Decimal(5)),
}
CENTILES = {"zlen": "plen", "zwei": "pwei", "zbmi": "pbmi"}
BY_TEN = ("zwei", "pwei")
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


def older_child(chance):
    """One random child from 61 months on: ages in whole months, in fractions of them, and in days."""
    sex = chance.choice("MF")
    name = "male" if sex == "M" else "female"
    age = Decimal(chance.randint(6100, 22900)) / 100
    if chance.random() < 0.3:
        age = age.quantize(Decimal(1))
    if chance.random() < 0.3:
        days = str((age * DAYS_PER_MONTH).quantize(Decimal(1)))
        age = Decimal(days) / DAYS_PER_MONTH
    else:
        days = ""
    height = months_row("lfa", name, min(age, Decimal(227)))["m"]
    bmi = months_row("bmifa", name, min(age, Decimal(227)))["m"]
    cm = float(height) * chance.uniform(0.70, 1.30)
    kg = float(bmi) * (cm / 100) ** 2 * chance.choice([1, 1, 1.4]) * chance.uniform(0.6, 1.5)
    return {
        "sex": sex,
        "age_days": days,
        # A month beside days must not count.
        "age_months": chance.choice(["", "7"]) if days else str(age),
        "weight_kg": f"{kg:.{chance.choice([1, 2])}f}",
        "lenhei_cm": f"{cm:.{chance.choice([1, 1, 2])}f}",
        "measure": chance.choice(["L", "H", "", ""]),
        "headc_cm": "52.0",
        "oedema": "y" if chance.random() < 0.03 else "",
    }


def months_row(table, name, age):
    """L, M and S between two rows of the package's by-month table; None beyond its ends."""
    rows = import_module(f"pygrowup.tables.by_month.{table}").DATA[name]
    low = int(age)
    share = age - low
    if low not in rows or (share and low + 1 not in rows):
        return None
    a, b = rows[low], rows[low + 1 if share else low]
    return {key: a[key] + share * (b[key] - a[key]) for key in "lms"}


def expected_from_five(row):
    """What WHO's program of 2007 would say, by the package's tables and formula."""
    name = "male" if row["sex"] == "M" else "female"
    age = Decimal(row["age_days"]) / DAYS_PER_MONTH if row["age_days"] else Decimal(row["age_months"])
    weight, cm = Decimal(row["weight_kg"]), Decimal(row["lenhei_cm"])
    if row["measure"] == "L":
        cm -= Decimal("0.7")
    bmi = weight / (cm / 100) ** 2
    want = {"clenhei_cm": cm, "cbmi": bmi, **dict.fromkeys(LIMITS)}
    tables = [("zlen", "lfa", cm, False)]
    if row["oedema"] != "y":
        tables += [("zwei", "wfa", weight, True), ("zbmi", "bmifa", bmi, True)]
    for column, table, y, restricted in tables:
        lms = months_row(table, name, age)
        # The package's tables end a month before WHO's: the last month is not compared.
        if lms is None:
            want[column] = ... if age < (121 if table == "wfa" else 229) else None
        elif restricted:
            want[column] = scored(name, y, lms)
        else:
            want[column] = Observation(sex=name, age_in_days=1)._get_first_pass_z_score(y, **lms)
    return want


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


def run(binary, children, *arguments):
    """The children as the binary gives them back."""
    table = io.StringIO()
    writer = csv.DictWriter(table, COLUMNS, restval="")
    writer.writeheader()
    writer.writerows(children)
    done = subprocess.run(
        [binary, "assess", *arguments],
        input=table.getvalue(),
        capture_output=True,
        text=True,
        check=True,
    )
    results = list(csv.DictReader(io.StringIO(done.stdout)))
    if len(results) != len(children):
        sys.exit(f"{len(children)} children went in, {len(results)} came out")
    return results


class Comparison:
    """What was compared, and what differed."""

    def __init__(self):
        self.compared, self.flags, self.differences = Counter(), Counter(), []

    def rows(self, children, results, expected):
        for line, (row, got) in enumerate(zip(children, results), start=2):
            for column, want in expected(row).items():
                if want is not ...:
                    self.cell(line, column, want, got)

    def cell(self, line, column, want, got):
        text = got[column]
        if (want is None) != (text == ""):
            self.differences.append((line, column, want, text))
            return
        if want is not None:
            self.compared[column] += 1
            if abs(Decimal(text) - want) > TOLERANCE:
                self.differences.append((line, column, want, text))
        if column in LIMITS:
            flag, low, high = LIMITS[column]
            flagged = text != "" and not low <= Decimal(text) <= high
            self.flags[flag] += flagged
            if got[flag] != ("1" if flagged else "0"):
                self.differences.append((line, flag, flagged, got[flag]))

    def centiles(self, results):
        """A centile is rounded to 0.1, and was taken from a score before it was rounded to 0.01."""
        for line, got in enumerate(results, start=2):
            for score, centile in CENTILES.items():
                if (got[score] == "") != (got[centile] == ""):
                    self.differences.append((line, centile, got[score], got[centile]))
                elif got[score]:
                    self.compared[centile] += 1
                    z = float(got[score])
                    low, high = (NormalDist().cdf(z + d) * 100 for d in (-0.00501, 0.00501))
                    if not low - 0.0501 <= float(got[centile]) <= high + 0.0501:
                        self.differences.append((line, centile, z, got[centile]))


def main():
    binary = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 4000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 20_240_408
    chance = random.Random(seed)
    children = [child(chance) for _ in range(count)]
    older = [older_child(chance) for _ in range(count)]

    young, school = Comparison(), Comparison()
    young.rows(children, run(binary, children), expected)
    by_who = run(binary, older, "--standard", "who")
    school.rows(older, by_who, expected_from_five)
    school.centiles(by_who)

    wrong = []
    for name, seen, columns in [("2006", young, 7), ("2007", school, 8)]:
        print(f"WHO {name}, seed {seed}: {count} children, compared: {dict(seen.compared)}")
        print(f"flags raised: {dict(seen.flags)}")
        for difference in seen.differences[:20]:
            print("line %d, %s: expected %s, got %s" % difference)
        # Weight-for-age ends at 121 of 229 months.
        enough = lambda column: count // (2 if name == "2006" or column not in BY_TEN else 5)
        thin = [column for column, times in seen.compared.items() if times < enough(column)]
        raised = [flag for flag, times in seen.flags.items() if times]
        if thin or len(seen.compared) != columns or len(raised) != (5 if name == "2006" else 3):
            wrong.append(f"WHO {name}: too little was compared: {thin}, {dict(seen.flags)}")
        if seen.differences:
            wrong.append(f"WHO {name}: {len(seen.differences)} differences")
    if wrong:
        sys.exit("; ".join(wrong))
    print("no difference above 0.01")


if __name__ == "__main__":
    main()
