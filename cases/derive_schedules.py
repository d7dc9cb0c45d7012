"""Derives the published cases of schedules from the sources' figures.

A second reading of the sources, independent of the program: nothing here is taken from its code or
data files. Run `python3 cases/derive_schedules.py` to write the CSV files anew.
"""

import calendar
import csv
import datetime as dt
import pathlib

HERE = pathlib.Path(__file__).parent
DAY = dt.timedelta(days=1)

NIP_2021 = "国家免疫规划疫苗儿童免疫程序及说明（2021年版）"
NIP_2026 = "国家免疫规划疫苗儿童免疫程序及说明（2026年版）国疾控卫免发〔2026〕16号"
SERVICE = "国家基本公共卫生服务规范（第三版） 0～6岁儿童健康管理"
EYES = "0～6岁儿童眼保健及视力检查服务规范（试行）2021"
TCM = "0～36个月儿童中医药健康管理服务技术规范"
CARE = "托儿所幼儿园卫生保健工作规范（2012）"

COLUMNS = (
    "case about born sex known_since care absences history today "
    "item earliest due overdue latest status done source".split()
)


def d(text):
    return dt.date.fromisoformat(text)


def months(day, n):
    """n calendar months later; a day that does not exist becomes the first of the next month."""
    y, m = divmod(day.year * 12 + day.month - 1 + n, 12)
    m += 1
    if day.day > calendar.monthrange(y, m)[1]:
        y, m = divmod(y * 12 + m, 12)
        return dt.date(y, m + 1, 1)
    return dt.date(y, m, day.day)


def later(*days):
    return max(day for day in days if day is not None)


def status(due, overdue, latest, today):
    if today < due:
        return "UPCOMING"
    if latest is not None and today >= latest:
        return "AGED_OUT"
    if overdue is not None and today >= overdue:
        return "OVERDUE"
    return "DUE"


class Sheet:
    def __init__(self, prefix, about, columns=None):
        self.prefix, self.about, self.rows, self.seen = prefix, about, [], set()
        self.columns = columns or COLUMNS

    def add(self, source, born, today, item, sex="F", history="", known_since="", care="",
            absences="", earliest="", due="", overdue="", latest="", status="", done="", **further):
        row = dict(further, about=self.about, born=born, sex=sex, known_since=known_since, care=care,
                   absences=absences, history=history, today=today, item=item, earliest=earliest,
                   due=due, overdue=overdue, latest=latest, status=status, done=done, source=source)
        row = {k: ("" if v is None else str(v)) for k, v in row.items()}
        key = tuple(row.values())
        if key in self.seen:
            return
        self.seen.add(key)
        row["case"] = f"{self.prefix}-{len(self.rows) + 1:04d}"
        self.rows.append(row)

    def write(self, name):
        with open(HERE / name, "w", newline="", encoding="utf-8") as out:
            table = csv.DictWriter(out, self.columns, lineterminator="\n")
            table.writeheader()
            table.writerows(self.rows)
        return len(self.rows)


# --- visits -------------------------------------------------------------------------------------

VISITS = [("V00", 0), ("V01", None), ("V03", 3), ("V06", 6), ("V08", 8), ("V12", 12), ("V18", 18),
          ("V24", 24), ("V30", 30), ("V36", 36), ("V48", 48), ("V60", 60), ("V72", 72), (None, 84)]


def late_days(name):
    """Four weeks are all there is for V00 and V01: 30 days late would be never, or hardly. [cfg] [P]"""
    return 14 if name in ("V00", "V01") else 30


def visit_window(born, at):
    name, age = VISITS[at]
    if name == "V00":
        due, latest = born, born + 28 * DAY
    elif name == "V01":
        due, latest = born + 28 * DAY, months(born, 2)
    else:
        due, latest = months(born, age), months(born, VISITS[at + 1][1])
    earliest = due if name in ("V00", "V01") else due - 14 * DAY
    overdue = min(due + late_days(name) * DAY, latest)
    return name, earliest, due, overdue, latest


BIRTHS = ["2024-02-29", "2023-06-01", "2022-12-31", "2023-08-31"]


def visits():
    sheet = Sheet("CHM", "CHILD_HEALTH")
    for born in map(d, BIRTHS):
        for at in range(13):
            name, earliest, due, overdue, latest = visit_window(born, at)
            dates = dict(earliest=earliest, due=due, overdue=overdue, latest=latest)
            days = [due - DAY, due, overdue - DAY, overdue, latest - DAY, latest]
            if name == "V00":
                days = [due, latest - DAY, latest]  # the two between stand at the end
            for today in days:
                if today >= born:
                    sheet.add(SERVICE, born, today, name,
                              status=status(due, overdue, latest, today), **dates)
            # Done on the first and last day that count; and one day beside each.
            for day, counts in [(earliest, True), (latest - DAY, True),
                                (earliest - DAY, False), (latest, False)]:
                if day < born:
                    continue
                today = latest + DAY
                sheet.add(SERVICE, born, today, name, history=f"{day} {name}",
                          status="DONE" if counts else "AGED_OUT", done=day if counts else "",
                          **dates)
            # Another kind of check-up fulfils no visit.
            sheet.add(SERVICE, born, due + DAY, name, history=f"{due} OTHER",
                      status=status(due, overdue, latest, due + DAY), **dates)
    # Twice in the window: the first counts.
    born = d("2023-06-01")
    for at in range(2, 13):
        name, earliest, due, overdue, latest = visit_window(born, at)
        sheet.add(SERVICE, born, due + 20 * DAY, name,
                  history=f"{due + 9 * DAY} {name}; {due + 2 * DAY} {name}", status="DONE",
                  done=due + 2 * DAY, earliest=earliest, due=due, overdue=overdue, latest=latest)
    # Moved in or registered late: no dead tasks, and time to catch up.
    for known in ["2024-07-10", "2025-01-15", "2026-02-28"]:
        for at in range(13):
            name, earliest, due, overdue, latest = visit_window(born, at)
            since = d(known)
            for today in [since, since + 29 * DAY, since + 30 * DAY]:
                if latest <= since:
                    sheet.add(SERVICE, born, today, name, known_since=known,
                              status="NOT_APPLICABLE")
                else:
                    late = min(max(overdue, since + late_days(name) * DAY), latest)
                    sheet.add(SERVICE, born, today, name, known_since=known, earliest=earliest,
                              due=due, overdue=late, latest=latest,
                              status=status(due, late, latest, today))
    # The home visit that nobody made: late after 14 of its 28 days.
    for born in map(d, BIRTHS):
        name, earliest, due, overdue, latest = visit_window(born, 0)
        for today in [overdue - DAY, overdue]:
            sheet.add(SERVICE, born, today, name, earliest=earliest, due=due, overdue=overdue,
                      latest=latest, status=status(due, overdue, latest, today))
    # Registered within the first days: time to catch up, and late all the same.
    for since in [d("2026-03-01") + days * DAY for days in (0, 3, 10, 13, 14, 20)]:
        born = d("2026-03-01")
        name, earliest, due, overdue, latest = visit_window(born, 0)
        late = min(max(overdue, since + 14 * DAY), latest)
        for today in sorted({late - DAY, late}):
            sheet.add(SERVICE, born, today, name, known_since=since, earliest=earliest, due=due,
                      overdue=late, latest=latest, status=status(due, late, latest, today))
    return sheet.write("visits.csv")


def guidance():
    """Eye care at the thirteen visits, TCM guidance six times."""
    sheet = Sheet("EYE", "EYE_CARE")
    born = d("2023-06-01")
    for at in range(13):
        name, earliest, due, overdue, latest = visit_window(born, at)
        dates = dict(earliest=earliest, due=due, overdue=overdue, latest=latest)
        for today in [due - DAY, due, overdue, latest]:
            if name == "V00" and today == overdue:
                continue  # stands at the end
            if today >= born:
                sheet.add(EYES, born, today, name, status=status(due, overdue, latest, today),
                          **dates)
        day = due + 3 * DAY
        sheet.add(EYES, born, day, name, history=f"{day} EYE", status="DONE", done=day, **dates)
        # A check-up of that visit without a finding of the eyes is none of the eyes.
        sheet.add(EYES, born, day, name, history=f"{day} {name} WEIGHT=9000",
                  status=status(due, overdue, latest, day), **dates)
    for name, acuity in [("V48", 50), ("V60", 50), ("V72", 50)]:
        at = [v for v, _ in VISITS].index(name)
        _, earliest, due, overdue, latest = visit_window(born, at)
        day = due + DAY
        sheet.add(EYES, born, day, name, history=f"{day} {name} VISION_LEFT={acuity / 10} VISION_RIGHT={acuity / 10}",
                  status="DONE", done=day, earliest=earliest, due=due, overdue=overdue,
                  latest=latest)
    name, earliest, due, overdue, latest = visit_window(d("2023-06-01"), 0)
    sheet.add(EYES, d("2023-06-01"), overdue, name, status="OVERDUE", earliest=earliest, due=due,
              overdue=overdue, latest=latest)
    count = sheet.write("eye_care.csv")

    sheet = Sheet("TCM", "TCM")
    ages = [6, 12, 18, 24, 30, 36, 42]
    for born in map(d, BIRTHS[:2]):
        for age, until in zip(ages, ages[1:]):
            due, latest = months(born, age), months(born, until)
            earliest, overdue = due - 14 * DAY, due + 30 * DAY
            dates = dict(earliest=earliest, due=due, overdue=overdue, latest=latest)
            for today in [due - DAY, due, overdue - DAY, overdue, latest - DAY, latest]:
                sheet.add(TCM, born, today, f"M{age:02d}",
                          status=status(due, overdue, latest, today), **dates)
            for day in [earliest, latest - DAY]:
                if day == earliest and age > 6:
                    continue  # it lies in the window of the one before, which takes it
                sheet.add(TCM, born, latest - DAY, f"M{age:02d}", history=f"{day} TCM",
                          status="DONE", done=day, **dates)
    return count + sheet.write("tcm.csv")


# --- immunisation -------------------------------------------------------------------------------

# series: (dose, least age in months, complete before months, days or months after the one before)
SERIES_2026 = {
    "HepB": [("HepB-1", 0, None, None), ("HepB-2", 1, None, "28d"), ("HepB-3", 6, 12, "60d")],
    "BCG": [("BCG-1", 0, 3, None)],
    "Polio": [("IPV-1", 2, None, None), ("IPV-2", 3, None, "28d"), ("bOPV-3", 4, 12, "28d"),
              ("bOPV-4", 48, 60, None)],
    "DTaP": [("DTaP-1", 2, None, None), ("DTaP-2", 4, None, "28d"), ("DTaP-3", 6, 12, "28d"),
             ("DTaP-4", 18, 24, "6m"), ("DTaP-5", 72, 84, "12m")],
    "MPSV": [("MPSV-A-1", 6, 12, None), ("MPSV-A-2", 9, 24, "3m"), ("MPSV-AC-3", 36, 48, "12m"),
             ("MPSV-AC-4", 72, 84, "36m")],
    "MMR": [("MMR-1", 8, 12, None), ("MMR-2", 18, 24, "28d")],
    "JE-L": [("JE-L-1", 8, 12, None), ("JE-L-2", 24, 36, "12m")],
    "HepA-L": [("HepA-L-1", 18, 24, None)],
}
LIVE = {"BCG-1", "MMR-1", "MMR-2", "JE-L-1", "JE-L-2", "HepA-L-1"}


def after(day, interval):
    if interval is None:
        return None
    n = int(interval[:-1])
    return day + n * DAY if interval.endswith("d") else months(day, n)


def plan(born, series, given=None):
    """The days of a series whose first doses were given on these days, by place."""
    given = given or {}
    previous, rows = None, []
    for dose, least, complete, interval in series:
        due = later(months(born, least), after(previous, interval) if previous else None)
        if dose == "HepB-1":
            overdue = born + 2 * DAY
        else:
            overdue = months(born, complete) if complete else None
        if overdue is not None and overdue <= due:
            overdue = due + 30 * DAY
        latest = months(born, 48) if dose == "BCG-1" else None
        rows.append((dose, due, overdue, latest))
        previous = given.get(dose, due)
    return rows


def on_time(born, series):
    return {dose: due for dose, due, _, _ in plan(born, series)}


def doses(history):
    return "; ".join(f"{day} IMMUNISATION VACCINE_DOSE={dose}" for dose, day in history)


def immunisation():
    sheet = Sheet("IMM", "IMMUNISATION")
    # Born so that every dose of the plan to 24 months falls under the edition of 2026, and one whose
    # later doses do.
    for born in map(d, ["2026-06-30", "2026-08-31", "2027-10-15", "2028-02-29"]):
        for name, series in SERIES_2026.items():
            days = on_time(born, series)
            for at, (dose, due, overdue, latest) in enumerate(plan(born, series)):
                before = [(x[0], days[x[0]]) for x in series[:at]]
                dates = dict(earliest=due, due=due, overdue=overdue, latest=latest)
                tests = [due - DAY, due]
                tests += [overdue - DAY, overdue] if overdue else [due + 400 * DAY]
                tests += [latest - DAY, latest] if latest else []
                for today in tests:
                    if today < born or (before and today <= before[-1][1]):
                        continue
                    sheet.add(f"{NIP_2026} {dose}", born, today, dose, history=doses(before),
                              status=status(due, overdue, latest, today), **dates)
                sheet.add(f"{NIP_2026} {dose}", born, due + DAY, dose,
                          history=doses(before + [(dose, due)]), status="DONE", done=due)

    born = d("2026-06-20")
    # A dose too early by a day is given again, no sooner than the least interval (28 days where the
    # source gives none [P]); the series is not begun anew.
    for name, series in SERIES_2026.items():
        days = on_time(born, series)
        for at, (dose, least, _, interval) in enumerate(series):
            if least == 0:
                continue
            before = [(x[0], days[x[0]]) for x in series[:at]]
            early = days[dose] - DAY
            if before and early <= before[-1][1]:
                continue
            if months(born, least) != days[dose]:
                continue  # its day is the interval's, tried below
            source = f"{NIP_2026} {dose} 最小年龄"
            today = early + 1 * DAY
            history = doses(before + [(dose, early)])
            again = later(months(born, least), after(early, interval or "28d"))
            sheet.add(source, born, again, dose, history=history, due=again, status="DUE")
            sheet.add(source, born, again - DAY, dose, history=history, due=again,
                      status="UPCOMING")
            # The same dose on the day itself counts.
            sheet.add(source, born, today, dose, history=doses(before + [(dose, days[dose])]),
                      status="DONE", done=days[dose])
    # The interval after the one before.
    for series, first, second, least_days in [
        ("HepB", "HepB-1", "HepB-2", 28), ("DTaP", "DTaP-1", "DTaP-2", 28),
        ("Polio", "IPV-1", "IPV-2", 28), ("Polio", "IPV-2", "bOPV-3", 28),
        ("MMR", "MMR-1", "MMR-2", 28),
    ]:
        source = f"{NIP_2026} {second} 与前一剂间隔"
        items = SERIES_2026[series]
        days = on_time(born, items)
        at = [x[0] for x in items].index(second)
        late = days[second] - 3 * DAY  # the one before, late
        before = [(x[0], days[x[0]]) for x in items[:at - 1]] + [(first, late)]
        due = late + least_days * DAY
        overdue = {x[0]: x for x in plan(born, items, dict(before))}[second][2]
        for today, expected in [(due - DAY, "UPCOMING"), (due, "DUE")]:
            sheet.add(source, born, today, second, history=doses(before), due=due, earliest=due,
                      overdue=overdue, status=expected)
        sheet.add(source, born, due, second, history=doses(before + [(second, due)]),
                  status="DONE", done=due)
        short = due - DAY
        if short >= months(born, items[at][1]):
            sheet.add(source, born, due, second, history=doses(before + [(second, short)]),
                      due=short + least_days * DAY, status="UPCOMING")

    # Never vaccinated, at an age: what the plan says of every dose.
    for age in [1, 2, 5, 8, 13, 19, 26, 40, 50, 73]:
        today = months(born, age)
        for name, series in SERIES_2026.items():
            for dose, due, overdue, latest in plan(born, series):
                sheet.add(f"{NIP_2026} {dose} 补种", born, today, dose, due=due, overdue=overdue,
                          latest=latest, status=status(due, overdue, latest, today))

    # Japanese encephalitis and hepatitis A: the kind that was begun is followed.
    eight, eighteen, two = months(born, 8), months(born, 18), months(born, 24)
    begun = [("JE-I-1", eight)]
    sheet.add(f"{NIP_2026} 乙脑灭活疫苗", born, eight + 7 * DAY, "JE-I-2", history=doses(begun),
              due=eight + 7 * DAY, status="DUE")
    sheet.add(f"{NIP_2026} 乙脑灭活疫苗", born, eight + 6 * DAY, "JE-I-2", history=doses(begun),
              due=eight + 7 * DAY, status="UPCOMING")
    for item in ["JE-L-1", "JE-L-2"]:
        sheet.add(f"{NIP_2026} 乙脑减毒或灭活任选", born, eight + 8 * DAY, item,
                  history=doses(begun), status="NOT_APPLICABLE")
    for item in ["JE-I-1", "JE-I-2", "JE-I-3", "JE-I-4", "HepA-I-1", "HepA-I-2"]:
        sheet.add(f"{NIP_2026} 未开始者按减毒活疫苗", born, eighteen, item, status="NOT_APPLICABLE")
    begun = [("HepA-I-1", eighteen)]
    sheet.add(f"{NIP_2026} 甲肝灭活疫苗", born, two, "HepA-I-2", history=doses(begun), due=two,
              overdue=months(born, 36), status="DUE")
    sheet.add(f"{NIP_2026} 甲肝灭活疫苗", born, months(born, 36), "HepA-I-2",
              history=doses(begun), due=two, overdue=months(born, 36), status="OVERDUE")
    sheet.add(f"{NIP_2026} 甲肝减毒或灭活任选", born, two, "HepA-L-1", history=doses(begun),
              status="NOT_APPLICABLE")
    complete = [("JE-I-1", eight), ("JE-I-2", eight + 7 * DAY), ("JE-I-3", two)]
    sheet.add(f"{NIP_2026} 乙脑灭活疫苗", born, two, "JE-I-3", history=doses(complete),
              status="DONE", done=two)
    sheet.add(f"{NIP_2026} 乙脑灭活疫苗", born, months(born, 72), "JE-I-4",
              history=doses(complete), due=months(born, 72), overdue=months(born, 84),
              status="DUE")

    # Two injected live vaccines: the same day, or 28 days apart.
    source = f"{NIP_2026} 两种注射类减毒活疫苗间隔不少于28天"
    given = [("MMR-1", eight + 5 * DAY)]
    free = eight + 33 * DAY
    sheet.add(source, born, free - DAY, "JE-L-1", history=doses(given), due=free,
              status="UPCOMING")
    sheet.add(source, born, free, "JE-L-1", history=doses(given), due=free, status="DUE")
    sheet.add(source, born, eight + DAY, "JE-L-1",
              history=doses([("MMR-1", eight), ("JE-L-1", eight)]), status="DONE", done=eight)

    # Contraindicated, and cleared again.
    day = months(born, 7)
    source = f"{NIP_2026} 禁忌"
    for item in ["MMR-1", "MMR-2"]:
        for today in [day, eight, months(born, 30)]:
            sheet.add(source, born, today, item,
                      history=f"{day} OUTPATIENT VACCINE_CONTRAINDICATED=MMR",
                      status="CONTRAINDICATED")
    sheet.add(source, born, eight + DAY, "MMR-1",
              history=f"{day} OUTPATIENT VACCINE_CONTRAINDICATED=MMR; {eight} OUTPATIENT VACCINE_CLEARED=MMR",
              due=eight, status="DUE")
    sheet.add(source, born, eight, "JE-L-1",
              history=f"{day} OUTPATIENT VACCINE_CONTRAINDICATED=MMR", due=eight, status="DUE")

    # DTaP moved to 2, 4, 6 months on 2025-01-01; a dose is judged by the edition of its day.
    source = f"{NIP_2021} 百白破 3、4、5 月龄；2025-01-01 起 2、4、6 月龄"
    born = d("2024-03-10")
    old = [("DTaP-1", months(born, 3)), ("DTaP-2", months(born, 4)), ("DTaP-3", months(born, 5))]
    for at, (dose, day) in enumerate(old):
        sheet.add(source, born, d("2024-12-01"), dose, history=doses(old[:at + 1]), status="DONE",
                  done=day)
        sheet.add(source, born, d("2026-11-25"), dose, history=doses(old[:at + 1]), status="DONE",
                  done=day)
    early = [("DTaP-1", months(born, 2))]
    sheet.add(source, born, d("2024-06-12"), "DTaP-1", history=doses(early), due=months(born, 3),
              status="DUE")
    born = d("2024-11-05")
    new = [("DTaP-1", months(born, 2)), ("DTaP-2", months(born, 4)), ("DTaP-3", months(born, 6))]
    for at, (dose, day) in enumerate(new):
        sheet.add(source, born, d("2026-11-25"), dose, history=doses(new[:at + 1]), status="DONE",
                  done=day)
    five = [("DTaP-1", months(born, 2)), ("DTaP-2", months(born, 4)), ("DTaP-3", months(born, 5))]
    sheet.add(source, born, d("2025-05-06"), "DTaP-3", history=doses(five), due=months(born, 6),
              status="DUE")
    # Six years old before 2025: DT; after: the fifth DTaP.
    born = d("2018-09-20")
    four = [("DTaP-1", months(born, 3)), ("DTaP-2", months(born, 4)), ("DTaP-3", months(born, 5)),
            ("DTaP-4", months(born, 18))]
    six = months(born, 72)
    sheet.add(f"{NIP_2021} 6 周岁白破", born, d("2024-10-01"), "DT-1", history=doses(four), due=six,
              status="DUE")
    sheet.add(f"{NIP_2021} 6 周岁白破", born, d("2024-10-02"), "DT-1",
              history=doses(four + [("DT-1", d("2024-10-01"))]), status="DONE",
              done="2024-10-01")
    sheet.add(f"{NIP_2026} 百白破 6 周岁", born, d("2025-02-01"), "DTaP-5", history=doses(four),
              due=six, overdue=months(born, 84), status="DUE")
    # 流脑 A 群第 2 剂: to be complete before 18 months under the edition of 2021, 24 under 2026.
    born = d("2024-05-20")
    one = [("MPSV-A-1", months(born, 6))]
    sheet.add(f"{NIP_2021} 流脑A第2剂 <18月龄", born, d("2025-12-01"), "MPSV-A-2",
              history=doses(one), overdue=months(born, 18), status="OVERDUE")
    born = d("2025-03-20")
    one = [("MPSV-A-1", months(born, 6))]
    sheet.add(f"{NIP_2026} 流脑A第2剂 <24月龄", born, d("2026-11-25"), "MPSV-A-2",
              history=doses(one), overdue=months(born, 24), status="DUE")
    return sheet.write("immunisation.csv")


# --- in care ------------------------------------------------------------------------------------

def in_care():
    sheet = Sheet("CARE", "ENTRY_CHECK")
    born, first = d("2024-06-15"), d("2026-09-01")
    earliest = months(first, -3)
    source = f"{CARE} 入园（所）健康检查"
    care = f"{first}.."
    dates = dict(earliest=earliest, due=earliest, overdue=first)
    for today in [earliest - DAY, earliest, first - DAY, first, first + 60 * DAY]:
        sheet.add(source, born, today, "ENTRY", care=care,
                  status=status(earliest, first, None, today), **dates)
    for day, counts in [(earliest, True), (first, True), (first + 3 * DAY, True),
                        (earliest - DAY, False)]:
        today = first + 5 * DAY
        sheet.add(source, born, today, "ENTRY", care=care, history=f"{day} ENTRY",
                  status="DONE" if counts else "OVERDUE", done=day if counts else "")
    for visit in ["V24", "PERIODIC", "OTHER"]:
        sheet.add(source, born, first, "ENTRY", care=care, history=f"{first - DAY} {visit}",
                  status="OVERDUE", **dates)
    sheet.add(source, born, first, "ENTRY", status="NOT_APPLICABLE")
    # A transfer certificate stands for three months.
    source = f"{CARE} 转园（所）健康证明有效期 3 个月"
    before = "2025-09-01..2026-08-15"
    for day, counts in [(first - 10 * DAY, True), (months(first, -3) - DAY, False)]:
        sheet.add(source, born, first, "ENTRY", care=f"{before} {care}", history=f"{day} TRANSFER",
                  status="DONE" if counts else "OVERDUE", done=day if counts else "")
    sheet.add(f"{source}: 首次入园不适用", born, first, "ENTRY", care=care,
              history=f"{first - 10 * DAY} TRANSFER", status="OVERDUE")
    # Away for three months or more: examined again before the return.
    source = f"{CARE} 离园（所）3 个月以上重新体检"
    entry = f"{first - 20 * DAY} ENTRY"
    for away, back, needed in [("2026-10-01", "2026-12-31", True), ("2026-10-01", "2027-01-15", True),
                               ("2026-10-01", "2026-12-30", False), ("2026-10-01", "2026-11-01", False)]:
        absence = f"{away}..{back}"
        today = d(back) + DAY
        if needed:
            sheet.add(source, born, today, "ENTRY_RETURN", care=care, absences=absence,
                      history=entry, earliest=away, due=back, overdue=today, status="OVERDUE")
            sheet.add(source, born, back, "ENTRY_RETURN", care=care, absences=absence,
                      history=entry, earliest=away, due=back, overdue=today, status="DUE")
            sheet.add(source, born, today, "ENTRY_RETURN", care=care, absences=absence,
                      history=f"{entry}; {back} ENTRY", status="DONE", done=back)
        sheet.add(source, born, today, "ENTRY", care=care, absences=absence, history=entry,
                  status="DONE", done=first - 20 * DAY)
    count = sheet.write("entry_check.csv")

    sheet = Sheet("PER", "PERIODIC")
    born, first = d("2025-01-10"), d("2026-03-02")
    care = f"{first}.."
    for item, what, every, source in [
        ("PERIODIC", "PERIODIC", 6, "定期健康检查: 1-3 岁每年 2 次，间隔 6 个月"),
        ("HB_YEARLY", "PERIODIC HAEMOGLOBIN=120", 12, "所有儿童每年 1 次血红蛋白"),
        ("HEARING_YEARLY", "PERIODIC HEARING=PASS", 12, "1-3 岁每年 1 次听力"),
    ]:
        for last in [None, d("2026-04-20"), d("2026-05-31")]:
            due = months(later(first, last), every)
            history = f"{last} {what}" if last else ""
            overdue = due + 30 * DAY
            for today in [due - DAY, due, overdue - DAY, overdue]:
                sheet.add(f"{CARE} {source}", born, today, item, care=care, history=history,
                          due=due, overdue=overdue, status=status(due, overdue, None, today))
    born, first = d("2021-02-10"), d("2025-03-03")
    care = f"{first}.."
    for item, what, source in [
        ("PERIODIC", "PERIODIC", "定期健康检查: 3 岁以上每年 1 次"),
        ("VISION_YEARLY", "PERIODIC VISION_LEFT=5.0 VISION_RIGHT=5.0", "4 岁以上每年 1 次视力"),
        ("HB_YEARLY", "V48 HAEMOGLOBIN=118", "所有儿童每年 1 次血红蛋白"),
    ]:
        for last in [None, d("2025-06-18")]:
            due = months(later(first, last), 12)
            history = f"{last} {what}" if last else ""
            overdue = due + 30 * DAY
            for today in [due - DAY, due, overdue - DAY, overdue]:
                sheet.add(f"{CARE} {source}", born, today, item, care=care, history=history,
                          due=due, overdue=overdue, status=status(due, overdue, None, today))
    for item in ["PERIODIC", "HB_YEARLY", "HEARING_YEARLY", "VISION_YEARLY"]:
        sheet.add(f"{CARE} 定期健康检查: 在园儿童", born, d("2025-06-01"), item,
                  status="NOT_APPLICABLE")
    return count + sheet.write("periodic.csv")


def two_facilities():
    """A child in the care of two facilities: each asks at its own door, by its own days."""
    at = COLUMNS.index("item")
    sheet = Sheet("TWO", "ENTRY_CHECK", COLUMNS[:at] + ["facility"] + COLUMNS[at:])
    born, first, second = d("2024-06-15"), d("2026-03-02"), d("2026-09-01")
    care = f"a:{first}.. b:{second}.."
    entry, moved = f"{first - 5 * DAY} ENTRY", f"{CARE} 入园（所）健康检查: 每个园（所）各按自己的入园日"
    # The first one's check is too old for the second one's door.
    earliest = months(second, -3)
    for today in [second - DAY, second]:
        sheet.add(moved, born, today, "ENTRY", facility="a", care=care, history=entry, status="DONE",
                  done=first - 5 * DAY)
        sheet.add(moved, born, today, "ENTRY", facility="b", care=care, history=entry,
                  earliest=earliest, due=earliest, overdue=second,
                  status=status(earliest, second, None, today))
    # One check in both windows opens both doors; late for the first, and counted.
    both = f"{second - 10 * DAY} ENTRY"
    for facility in "ab":
        sheet.add(moved, born, second, "ENTRY", facility=facility, care=care, history=both,
                  status="DONE", done=second - 10 * DAY)
    # The second one's care ends: nothing is asked for it any more.
    over = f"a:{first}.. b:{second}..{second + 30 * DAY}"
    today = second + 31 * DAY
    sheet.add(moved, born, today, "ENTRY", facility="a", care=over, history=entry, status="DONE")
    sheet.add(moved, born, today, "ENTRY", facility="b", care=over, history=entry,
              status="NOT_APPLICABLE")
    # From one into the other: the certificate of the old one is the new one's business.
    source = f"{CARE} 转园（所）健康证明有效期 3 个月"
    into = f"a:{first}..{second - 15 * DAY} b:{second}.."
    history = f"{entry}; {second - 10 * DAY} TRANSFER"
    sheet.add(source, born, second, "ENTRY", facility="b", care=into, history=history,
              status="DONE", done=second - 10 * DAY)
    # Away from one of them for three months: the other one's door stays open.
    source = f"{CARE} 离园（所）3 个月以上重新体检: 离开哪个园（所），由哪个园（所）查验"
    history = f"{entry}; {second - 5 * DAY} ENTRY"
    for left, other in ["ab", "ba"]:
        away, back = second + 9 * DAY, months(second + 9 * DAY, 3)
        absence = f"{left}:{away}..{back - DAY}"
        for today in [back - DAY, back]:
            sheet.add(source, born, today, "ENTRY_RETURN", facility=left, care=care,
                      absences=absence, history=history, earliest=away, due=back - DAY, overdue=back,
                      status="DUE" if today < back else "OVERDUE")
            sheet.add(source, born, today, "ENTRY_RETURN", facility=other, care=care,
                      absences=absence, history=history, status="NOT_APPLICABLE")
            sheet.add(source, born, today, "ENTRY", facility=other, care=care, absences=absence,
                      history=history, status="DONE")
    return sheet.write("two_facilities.csv")


if __name__ == "__main__":
    total = visits() + guidance() + immunisation() + in_care() + two_facilities()
    print(total, "cases")
