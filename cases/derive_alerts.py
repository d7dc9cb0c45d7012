"""Derives the published cases of alerts from the sources' limits and the standards' tables.

A second reading of the sources: the limits stand here as the sources give them, the classes are
worked out with decimals, and nothing is taken from the program's code. The standards' figures are
read from the tables that ship with the project. Run `python3 cases/derive_alerts.py`.
"""

import csv
import datetime as dt
import pathlib
from decimal import Decimal as D

from derive_schedules import DAY, HERE, d, months

DATA = HERE.parent / "src" / "clinical" / "data"
COLUMNS = ("case about born sex gestation_days care standard altitude_m history today subject "
           "reader alerts fitness source").split()

ANAEMIA = "儿童营养性疾病管理技术规范（2012）"
WST = "WS/T 423-2022"
CARE = "托儿所幼儿园卫生保健管理办法（卫生部 教育部令第76号） 第十六条、第十八条"


class Sheet:
    def __init__(self, prefix):
        self.prefix, self.rows = prefix, []

    def add(self, about, source, born, today, history, alerts, sex="M", **more):
        row = dict.fromkeys(COLUMNS, "")
        row.update(about=about, source=source, born=str(born), today=str(today), sex=sex,
                   history=history, alerts=" ".join(sorted(alerts)) or "none",
                   **{k: str(v) for k, v in more.items()})
        row["case"] = f"{self.prefix}-{len(self.rows) + 1:04d}"
        self.rows.append(row)

    def write(self, name):
        # Who reads matters only where several institutions speak.
        columns = [c for c in COLUMNS if c != "reader" or any(r["reader"] for r in self.rows)]
        with open(HERE / name, "w", newline="", encoding="utf-8") as out:
            table = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n")
            table.writeheader()
            table.writerows(self.rows)
        return len(self.rows)


def one_day(sheet, about, source, born, day, graver, milder, alerts, **more):
    """Two results of one day, written in either order; a better one of a later day settles it."""
    source = f"{source}: 同日两次结果"
    one, other = f"{day} OTHER {graver}", f"{day} OTHER {milder}"
    sheet.add(about, source, born, day, f"{one}; {other}", alerts, **more)
    sheet.add(about, source, born, day, f"{other}; {one}", alerts, **more)


# --- anaemia ------------------------------------------------------------------------------------

def anaemia():
    """110 g/L from 6 months to under 6 years, 120 from 6 years, 145 newborn, 90 at 1-4 months, 100
    at 4-6 months; grades <60, 60-89 of what lies below 110; the lower limit of the standard rises 4%
    per 1000 m. Under 6 months the sources have limits and no grades: a newborn below 90 is a matter
    of the same day, an infant from 60 to 89 one of a week [P]."""
    sheet = Sheet("HB")
    born = d("2024-03-10")

    def grade(age, value, altitude):
        rise = D(1) + D("0.04") * altitude / 1000
        if age < 1 and value < 90:
            return ["ANAEMIA_NEWBORN_SEVERE"]
        if value < 60:
            return ["ANAEMIA_SEVERE"]
        if value < 90:
            return ["ANAEMIA_MODERATE" if age >= 6 else "ANAEMIA_UNDER_6_MONTHS"]
        if 6 <= age < 72 and value < 110 * rise:
            return ["ANAEMIA_MILD"]
        if age >= 72 and value < 120 * rise:
            return ["ANAEMIA_MILD_FROM_6_YEARS"]
        if age < 1 and value < 145:
            return ["ANAEMIA_NEWBORN"]
        if 4 <= age < 6 and value < 100:
            return ["ANAEMIA_4_TO_6_MONTHS"]
        return []

    values = "59.9 60 89.9 90 99.9 100 109.9 110 114.3 114.4 115.7 115.8 119.9 120 124.7 124.8 144.9 145".split()
    for age in [0, 2, 4, 5, 6, 8, 18, 30, 48, 60, 71, 72, 83]:
        day = months(born, age) + (7 * DAY if age == 0 else 0 * DAY)
        for altitude in [None, 1000, 1300]:
            for value in values:
                if altitude and D(value) < 100:
                    continue  # the grades do not move with altitude; tried at sea level
                sheet.add("NUTRITION/ANAEMIA", f"{ANAEMIA} 贫血诊断与分度", born, day,
                          f"{day} OTHER HAEMOGLOBIN={value}", grade(age, D(value), altitude or 0),
                          altitude_m=altitude or "")
    # The latest value counts, in whatever order the records are written.
    a, b = months(born, 8), months(born, 9)
    for history, expected in [
        (f"{a} V08 HAEMOGLOBIN=104; {b} OTHER HAEMOGLOBIN=112", []),
        (f"{b} OTHER HAEMOGLOBIN=112; {a} V08 HAEMOGLOBIN=104", []),
        (f"{a} V08 HAEMOGLOBIN=112; {b} OTHER HAEMOGLOBIN=88", ["ANAEMIA_MODERATE"]),
    ]:
        sheet.add("NUTRITION/ANAEMIA", f"{ANAEMIA} 复查", born, b, history, expected)
    # A visit up to two weeks early counts for its age, so its limits are that age's [P].
    for visit, age, value, expected in [
        ("V06", 6, 105, ["ANAEMIA_MILD"]), ("V06", 6, 89, ["ANAEMIA_MODERATE"]),
        ("V06", 6, 110, []), ("V72", 72, 115, ["ANAEMIA_MILD_FROM_6_YEARS"]),
        ("V72", 72, 120, []),
    ]:
        for early in (1, 10, 14):
            day = months(born, age) - early * DAY
            sheet.add("NUTRITION/ANAEMIA", f"{ANAEMIA} 贫血诊断与分度; {visit}", born, day,
                      f"{day} {visit} HAEMOGLOBIN={value}", expected)
    for age, value in [(6, 105), (72, 115)]:
        day = months(born, age) - 20 * DAY
        sheet.add("NUTRITION/ANAEMIA", f"{ANAEMIA} 贫血诊断与分度", born, day,
                  f"{day} OTHER HAEMOGLOBIN={value}", [])
    # Red meat and liver are no food for a child with phenylketonuria, iron no medicine for one with
    # thalassaemia: the specialist decides, whoever knows of the illness [P]. Others are as ever.
    day = months(born, 30)
    for value, rule in [(85, "ANAEMIA_MODERATE"), (100, "ANAEMIA_MILD"), (55, "ANAEMIA_SEVERE")]:
        for code in ["PKU", "THALASSAEMIA", "CHD", "ECZEMA"]:
            ill = "CHD=PRESENT" if code == "CHD" else f"CONDITION={code}"
            advised = code in ("PKU", "THALASSAEMIA") and value >= 60
            known = f"{months(born, 20)} OUTPATIENT {ill}; {day} OTHER HAEMOGLOBIN={value}"
            sheet.add("NUTRITION/ANAEMIA", f"{ANAEMIA} 贫血诊断与分度; 饮食与补铁由专科医生决定者",
                      born, day, known, [rule + "_AS_ADVISED" if advised else rule])
            sheet.add("NUTRITION/ANAEMIA", f"{ANAEMIA} 贫血诊断与分度; 已排除", born, day,
                      f"{known}; {months(born, 25)} OUTPATIENT CONDITION_RULED_OUT={code}", [rule])
    day = months(born, 72)
    sheet.add("NUTRITION/ANAEMIA", f"{ANAEMIA} 贫血诊断与分度; 饮食与补铁由专科医生决定者", born, day,
              f"{day} OTHER HAEMOGLOBIN=115 CONDITION=THALASSAEMIA",
              ["ANAEMIA_MILD_FROM_6_YEARS_AS_ADVISED"])
    # Two values of one day: nobody knows the later, so the lower one is looked after [P].
    for graver, milder, expected in [("52", "118", ["ANAEMIA_SEVERE"]), ("52", "95", ["ANAEMIA_SEVERE"]),
                                     ("88", "112", ["ANAEMIA_MODERATE"])]:
        one_day(sheet, "NUTRITION/ANAEMIA", f"{ANAEMIA} 贫血诊断与分度", born, b,
                f"HAEMOGLOBIN={graver}", f"HAEMOGLOBIN={milder}", expected)
    return sheet.write("anaemia.csv")


# --- growth by WS/T 423 ---------------------------------------------------------------------------

def wst_table():
    rows = {}
    with open(DATA / "wst423_2022_sd.csv", encoding="utf-8") as text:
        for row in csv.reader(line for line in text if not line.startswith("#")):
            if row[0] != "indicator":
                rows[row[0], row[1], int(row[2])] = [int(x) for x in row[3:]]
    return rows


def growth_wst():
    """Table 3: below -3 SD severe, from -3 to below -2 SD; overweight from +1, obese from +2, severely
    from +3; a lower bound belongs to its band."""
    sheet, table = Sheet("WST"), wst_table()
    born = d("2020-01-10")

    def low(value, row, severe, mild):
        return [severe] if value < row[0] else [mild] if value < row[1] else []

    for sex in "MF":
        for age in [1, 3, 6, 9, 12, 18, 24, 36, 48, 60, 72]:
            day = months(born, age)
            row = table["wfa", sex, age]
            for value in {row[0] - 100, row[0], row[1] - 100, row[1], row[3]}:
                sheet.add("GROWTH/GROWTH_WEIGHT", f"{WST} 表3 年龄别体重", born, day,
                          f"{day} OTHER WEIGHT={value}",
                          low(value, row, "GROWTH_WEIGHT_SEVERE_UNDERWEIGHT",
                              "GROWTH_WEIGHT_UNDERWEIGHT"), sex=sex, standard="WST423")
            row = table["lhfa", sex, age]
            for value in {row[0] - 1, row[0], row[1] - 1, row[1], row[3]}:
                sheet.add("GROWTH/GROWTH_STATURE", f"{WST} 表3 年龄别身长（身高）", born, day,
                          f"{day} OTHER LENGTH_HEIGHT={value}",
                          low(value, row, "GROWTH_STATURE_SEVERE_STUNTING",
                              "GROWTH_STATURE_STUNTING"), sex=sex, standard="WST423")
            if age <= 36:
                row = table["hcfa", sex, age]
                for value in {row[1] - 1, row[1], row[5] - 1, row[5]}:
                    expected = (["GROWTH_HEAD_LOWER"] if value < row[1] else
                                ["GROWTH_HEAD_UPPER"] if value >= row[5] else [])
                    sheet.add("GROWTH/GROWTH_HEAD", f"{WST} 表2 年龄别头围", born, day,
                              f"{day} OTHER HEAD_CIRCUMFERENCE={value}", expected, sex=sex,
                              standard="WST423")

    grades = ["SEVERE_WASTING", "WASTING", None, "OVERWEIGHT", "OBESITY", "SEVERE_OBESITY"]
    levels = {"SEVERE_WASTING": 3, "WASTING": 2, "SEVERE_OBESITY": 3, "OBESITY": 2, "OVERWEIGHT": 1}

    def band(value, row):
        below = sum(value >= cut for cut in (row[0], row[1], row[4], row[5], row[6]))
        return grades[below]

    for sex in "MF":
        for age, kind in [(3, "wfl"), (9, "wfl"), (18, "wfl"), (30, "wfh"), (48, "wfh"), (66, "wfh")]:
            day = months(born, age)
            stature = round(table["lhfa", sex, age][3] / 10) if ("lhfa", sex, age) in table else None
            if stature is None or (kind, sex, stature) not in table:
                continue
            row, bmi_row = table[kind, sex, stature], table["bfa", sex, age]
            for value in {cut + step for cut in (row[0], row[1], row[4], row[5], row[6])
                          for step in (-100, 0)}:
                bmi = D(value) / 1000 / (D(stature) / 100) ** 2
                if any(abs(bmi - D(cut) / 10) < D("0.15") for cut in bmi_row):
                    continue  # too near to a limit of the other indicator to stand for one
                of_stature, of_bmi = band(value, row), band(bmi * 10, bmi_row)
                of_stature_rule = of_stature and f"GROWTH_WFL_{of_stature}"
                of_bmi_rule = of_bmi and f"GROWTH_BMI_{of_bmi}"
                expected = of_stature_rule
                if of_bmi and levels[of_bmi] > levels.get(of_stature, 0):
                    expected = of_bmi_rule
                sheet.add("GROWTH/GROWTH_PROPORTION", f"{WST} 表3 身长（身高）别体重、年龄别BMI",
                          born, day, f"{day} OTHER WEIGHT={value} LENGTH_HEIGHT={stature * 10}",
                          [expected] if expected else [], sex=sex, standard="WST423")
    return sheet.write("growth_wst423.csv")


def growth_who():
    """WHO 2006: stunted and underweight below -2, severely below -3."""
    sheet = Sheet("WHO")
    born = d("2022-01-10")

    def lms(name, sex):
        with open(DATA / f"who2006_{name}.csv", encoding="utf-8") as text:
            rows = csv.reader(line for line in text if not line.startswith("#"))
            return {int(r[1]): (D(r[2]) / 10000, D(r[3]) / 10000, D(r[4]) / 100000)
                    for r in rows if r[0] == sex}

    def z(value, row, restricted):
        l, m, s = (float(x) for x in row)
        value = float(value)
        score = ((value / m) ** l - 1) / (l * s)
        if restricted and score < -3:
            at = lambda k: m * (1 + l * s * k) ** (1 / l)
            score = -3 + (value - at(-3)) / (at(-2) - at(-3))
        return score

    for sex in "MF":
        for name, code, unit, step, severe, mild, family in [
            ("wfa", "WEIGHT", 1000, D("0.1"), "WHO_WEIGHT_SEVERE_UNDERWEIGHT",
             "WHO_WEIGHT_UNDERWEIGHT", "GROWTH_WEIGHT"),
            ("lhfa", "LENGTH_HEIGHT", 10, D("0.1"), "WHO_STATURE_SEVERE_STUNTING",
             "WHO_STATURE_STUNTING", "GROWTH_STATURE"),
        ]:
            table = lms(name, sex)
            for age in [1, 6, 12, 20, 26, 36, 48, 58]:
                day = months(born, age)
                row = table[(day - born).days]
                l, m, s = row
                seen = set()
                for limit in (-3, -2):
                    cut = D(float(m) * (1 + float(l) * float(s) * limit) ** (1 / float(l)))
                    near = cut.quantize(D("0.1"))
                    for value in (near - step, near, near + step):
                        score = z(value, row, name == "wfa")
                        if min(abs(score + 3), abs(score + 2)) < 0.01 or value in seen:
                            continue
                        seen.add(value)
                        expected = [severe] if score < -3 else [mild] if score < -2 else []
                        amount = int(value * unit)
                        sheet.add(f"GROWTH/{family}", f"WHO Child Growth Standards 2006 {name}",
                                  born, day, f"{day} OTHER {code}={amount}", expected, sex=sex,
                                  standard="WHO")
    return sheet.write("growth_who.csv")


# --- senses, signs, conditions --------------------------------------------------------------------

def senses():
    sheet = Sheet("SEN")
    born = d("2020-05-04")
    service = "国家基本公共卫生服务规范（第三版） 0～6岁儿童健康管理: 听力"
    for visit, age in [("V06", 6), ("V12", 12), ("V24", 24), ("V36", 36)]:
        day, again = months(born, age), months(born, age + 1)
        fail, passed = f"{day} {visit} HEARING=FAIL", f"{again} OTHER HEARING=PASS"
        sheet.add("HEARING/HEARING_FAIL", service, born, day, fail, ["HEARING_FAIL"])
        sheet.add("HEARING/HEARING_FAIL", service, born, day, f"{day} {visit} HEARING=PASS", [])
        sheet.add("HEARING/HEARING_FAIL", service, born, again, f"{fail}; {passed}", [])
        sheet.add("HEARING/HEARING_FAIL", service, born, again, f"{passed}; {fail}", [])
        sheet.add("HEARING/HEARING_FAIL", service, born, again,
                  f"{day} {visit} HEARING=PASS; {again} OTHER HEARING=FAIL", ["HEARING_FAIL"])
    eyes = "0～6岁儿童眼保健及视力检查服务规范（试行）2021: 4 岁 ≤4.8, 5 岁及以上 ≤4.9, 相差两行"
    for age in [47, 48, 54, 59, 60, 66, 72, 83]:
        day = months(born, age)
        for left, right in [("5.0", "5.0"), ("4.9", "5.0"), ("4.8", "4.9"), ("5.0", "4.8"),
                            ("4.9", "4.9"), ("4.7", "5.1"), ("5.1", "4.9")]:
            limit = None if age < 48 else D("4.8") if age < 60 else D("4.9")
            low = limit is not None and min(D(left), D(right)) <= limit
            rule = "VISION_LOW_4_YEARS" if age < 60 else "VISION_LOW_5_YEARS"
            history = f"{day} OTHER VISION_LEFT={left} VISION_RIGHT={right}"
            sheet.add("VISION/VISION_LOW", eyes, born, day, history, [rule] if low else [])
            apart = age >= 48 and abs(D(left) - D(right)) >= D("0.2")
            sheet.add("VISION/VISION_DIFFERENCE", eyes, born, day, history,
                      ["VISION_EYES_DIFFER"] if apart else [])
    # A visit up to two weeks early counts for its age, so its limits are that age's [P].
    for visit, age, value, rule in [("V48", 48, "4.8", "VISION_LOW_4_YEARS"),
                                    ("V60", 60, "4.9", "VISION_LOW_5_YEARS")]:
        for early, expected in [(1, [rule]), (10, [rule]), (14, [rule]), (20, [])]:
            day = months(born, age) - early * DAY
            kind = visit if early <= 14 else "OTHER"
            history = f"{day} {kind} VISION_LEFT={value} VISION_RIGHT={value}"
            sheet.add("VISION/VISION_LOW", eyes, born, day, history, expected)
    day = months(born, 48) - 10 * DAY
    sheet.add("VISION/VISION_DIFFERENCE", eyes, born, day,
              f"{day} V48 VISION_LEFT=5.0 VISION_RIGHT=5.2", ["VISION_EYES_DIFFER"])
    newborn = "新生儿听力筛查: 42 天复筛, 3 个月内诊断"
    failed = f"{born + DAY} V00 NEWBORN_HEARING_SCREEN=FAIL"
    again = f"{failed}; {born + 42 * DAY} OTHER NEWBORN_HEARING_RESCREEN=FAIL"
    about = "HEARING/NEWBORN_HEARING"
    heard, found = months(born, 6), months(born, 8)
    for history, today, expected in [
        (failed, born + 41 * DAY, ["NEWBORN_HEARING_FAIL"]),
        (failed, born + 42 * DAY, ["NEWBORN_HEARING_FAIL_42_DAYS"]),
        (failed, months(born, 3), ["NEWBORN_HEARING_FAIL_3_MONTHS"]),
        (again, born + 42 * DAY, ["NEWBORN_HEARING_RESCREEN_FAIL"]),
        (again, months(born, 3), ["NEWBORN_HEARING_RESCREEN_FAIL_3_MONTHS"]),
        (again, months(born, 12) - DAY, ["NEWBORN_HEARING_RESCREEN_FAIL_3_MONTHS"]),
        # Years later it is no matter of the same week any more [P] …
        (again, months(born, 12), ["NEWBORN_HEARING_RESCREEN_FAIL_12_MONTHS"]),
        (again, months(born, 60), ["NEWBORN_HEARING_RESCREEN_FAIL_12_MONTHS"]),
        # … and a child that hears at its visit is no urgent one, though no test has settled it [P].
        (f"{again}; {heard} V06 HEARING=PASS", heard, ["NEWBORN_HEARING_RESCREEN_FAIL_HEARD"]),
        (f"{failed}; {heard} V06 HEARING=PASS", heard, ["NEWBORN_HEARING_FAIL_HEARD"]),
        (f"{again}; {found} OTHER HEARING_DIAGNOSIS=LOSS", found, []),
        (f"{again}; {found} OTHER HEARING_DIAGNOSIS=NORMAL", found, []),
        (f"{failed}; {born + 42 * DAY} OTHER NEWBORN_HEARING_RESCREEN=PASS", found, []),
    ]:
        sheet.add(about, newborn, born, today, history, expected)
    sheet.add("HEARING/HEARING_FAIL", service, born, found,
              f"{heard} V06 HEARING=FAIL; {found} OTHER HEARING_DIAGNOSIS=LOSS", [])
    # Before four the source has no limit: far below what such a child sees is tested again [P].
    for age in [30, 42]:
        day = months(born, age)
        for value, low in [("4.0", True), ("4.4", True), ("4.5", False), ("4.8", False)]:
            sheet.add("VISION/VISION_LOW", f"{eyes}; 4岁前复查", born, day,
                      f"{day} OTHER VISION_LEFT={value} VISION_RIGHT=4.9",
                      ["VISION_LOW_UNDER_4_YEARS"] if low else [])
    # A newborn is screened once. What a form of later repeats of it is no new result: the re-screen,
    # or the diagnosis, that came after the screen has settled it.
    passed = f"{failed}; {born + 42 * DAY} OTHER NEWBORN_HEARING_RESCREEN=PASS"
    normal = f"{again}; {months(born, 2)} OTHER HEARING_DIAGNOSIS=NORMAL"
    quoted = months(born, 3)
    for history, today, expected in [
        (f"{passed}; {quoted} V03 NEWBORN_HEARING_SCREEN=FAIL", quoted, []),
        (f"{passed}; {quoted} V03 NEWBORN_HEARING_SCREEN=FAIL", months(born, 7), []),
        (f"{normal}; {quoted} V03 NEWBORN_HEARING_RESCREEN=FAIL", quoted, []),
        (f"{normal}; {quoted} V03 NEWBORN_HEARING_SCREEN=FAIL", quoted, []),
        (f"{failed}; {quoted} V03 NEWBORN_HEARING_SCREEN=FAIL", quoted,
         ["NEWBORN_HEARING_FAIL_3_MONTHS"]),
        (f"{again}; {quoted} V03 NEWBORN_HEARING_SCREEN=FAIL", quoted,
         ["NEWBORN_HEARING_RESCREEN_FAIL_3_MONTHS"]),
    ]:
        sheet.add(about, f"{newborn}: 体检表重复登记初筛", born, today, history, expected)
    # A visit's test is done again and again: one that fails after a normal diagnosis is new.
    sheet.add("HEARING/HEARING_FAIL", service, born, months(born, 24),
              f"{heard} V06 HEARING=FAIL; {found} OTHER HEARING_DIAGNOSIS=NORMAL; "
              f"{months(born, 24)} V24 HEARING=FAIL", ["HEARING_FAIL"])
    one_day(sheet, "HEARING/HEARING_FAIL", service, born, heard, "HEARING=FAIL", "HEARING=PASS",
            ["HEARING_FAIL"])
    day = months(born, 54)
    one_day(sheet, "VISION/VISION_LOW", eyes, born, day, "VISION_LEFT=4.6 VISION_RIGHT=5.0",
            "VISION_LEFT=5.0 VISION_RIGHT=5.0", ["VISION_LOW_4_YEARS"])
    one_day(sheet, "VISION/VISION_DIFFERENCE", eyes, born, day, "VISION_LEFT=4.8 VISION_RIGHT=5.0",
            "VISION_LEFT=5.0 VISION_RIGHT=5.0", ["VISION_EYES_DIFFER"])
    return sheet.write("senses.csv")


def newborn():
    """Yellow within the first day, to the limbs or to hands and feet, or after two weeks: all are told
    to a doctor [k]. Records hold days, so the day after birth counts as the first [P]."""
    sheet = Sheet("NEW")
    born = d("2026-03-12")
    source = "国家基本公共卫生服务规范（第三版） 新生儿家庭访视: 黄疸"
    rules = {"FACE": None, "TRUNK": None, "LIMBS": "JAUNDICE_LIMBS",
             "PALMS_SOLES": "JAUNDICE_PALMS_SOLES"}
    for age, visit in [(0, "OTHER"), (1, "OTHER"), (2, "V00"), (14, "V00"), (15, "V00"), (27, "V00"),
                       (28, "V01"), (30, "V01"), (45, "V01"), (60, "V01")]:
        day = born + age * DAY
        for code, severe in rules.items():
            rule = ("JAUNDICE_FIRST_DAY" if age < 2 else severe or
                    ("JAUNDICE_PROLONGED" if age >= 15 else None))
            sheet.add("EXAMINATION/JAUNDICE", source, born, day, f"{day} {visit} JAUNDICE={code}",
                      [rule] if rule else [])
        sheet.add("EXAMINATION/JAUNDICE", source, born, day, f"{day} {visit} JAUNDICE=NONE", [])
    # A yellow face without a word of how far it reaches: in the first two weeks a doctor looks on the
    # same day; where the reach is stated it decides. Later it is prolonged, and in a toddler it is no
    # newborn's [k] [P].
    complexion = "国家基本公共卫生服务规范（第三版） 健康检查记录表: 面色"
    for age in [0, 1, 5, 14, 15, 20, 27, 28, 60, 200]:
        day = born + age * DAY
        rule = "COMPLEXION_JAUNDICED" if age >= 15 else "COMPLEXION_JAUNDICED_NEWBORN"
        sheet.add("EXAMINATION/JAUNDICE", complexion, born, day,
                  f"{day} OTHER COMPLEXION=JAUNDICED", [rule])
        sheet.add("EXAMINATION/JAUNDICE", complexion, born, day, f"{day} OTHER COMPLEXION=ROSY", [])
    for age in [12, 13, 30, 60, 83]:
        day = months(born, age)
        sheet.add("EXAMINATION/JAUNDICE", complexion, born, day,
                  f"{day} OTHER COMPLEXION=JAUNDICED", ["COMPLEXION_JAUNDICED_FROM_12_MONTHS"])
    day = born + 5 * DAY
    sheet.add("EXAMINATION/JAUNDICE", complexion, born, day,
              f"{day} V00 COMPLEXION=JAUNDICED JAUNDICE=FACE", [])
    sheet.add("EXAMINATION/JAUNDICE", complexion, born, day,
              f"{day} V00 COMPLEXION=JAUNDICED JAUNDICE=LIMBS", ["JAUNDICE_LIMBS"])
    for day in [born + 3 * DAY, months(born, 3), months(born, 40)]:
        sheet.add("EXAMINATION/COMPLEXION_OTHER", f"{complexion}: 其他（青紫、发灰）", born, day,
                  f"{day} OTHER COMPLEXION=OTHER", ["COMPLEXION_OTHER"])
        sheet.add("EXAMINATION/COMPLEXION_OTHER", f"{complexion}: 其他（青紫、发灰）", born, day,
                  f"{day} OTHER COMPLEXION=PALE", [])
    # 38 degrees in the first three months is of the same day [k]; later 39 is told to the guardian [P].
    for age, values in [(28, {"37.9": [], "38.0": ["FEVER_UNDER_3_MONTHS"], "39.5": ["FEVER_UNDER_3_MONTHS"]}),
                        (80, {"37.9": [], "38.0": ["FEVER_UNDER_3_MONTHS"]}),
                        (100, {"38.9": [], "39.0": ["FEVER_HIGH"]}),
                        (900, {"38.9": [], "40.1": ["FEVER_HIGH"]})]:
        day = born + age * DAY
        for value, rules_of in values.items():
            sheet.add("EXAMINATION/FEVER", "体温: 满月至3月龄 38.0℃; 其后 39.0℃", born, day,
                      f"{day} OTHER TEMPERATURE={value}", rules_of)
    for grams, rule in [(1499, "BIRTH_WEIGHT_VERY_LOW"), (1500, "BIRTH_WEIGHT_UNDER_2000"),
                        (1999, "BIRTH_WEIGHT_UNDER_2000"), (2000, "BIRTH_WEIGHT_LOW"),
                        (2499, "BIRTH_WEIGHT_LOW"), (2500, None)]:
        day = born + 7 * DAY
        sheet.add("EXAMINATION/BIRTH_WEIGHT_LOW", "早产儿视网膜病变筛查: <2000 克生后4～6周查眼底 (转述资料)",
                  born, day, f"{day} V00 BIRTH_WEIGHT={grams}", [rule] if rule else [])
        late = rule.replace("UNDER_2000", "LOW") if rule else None
        sheet.add("EXAMINATION/BIRTH_WEIGHT_LOW", "低出生体重: 增加访视", born, months(born, 6),
                  f"{day} V00 BIRTH_WEIGHT={grams}", [late] if late else [])
    # Suspected until it is answered, whoever answers: ruled out, a later negative screen, a diagnosis
    # (even one that is ruled out itself). From one year on the result is looked for, not the child [P].
    screen = "国家基本公共卫生服务规范（第三版） 新生儿疾病筛查: 可疑者召回"
    ill = {"PKU": "PKU", "CH": "HYPOTHYROIDISM", "CAH": "ADRENAL_INSUFFICIENCY"}
    seen, later, year = born + 10 * DAY, born + 40 * DAY, months(born, 12)
    for code, condition in ill.items():
        rule, about = f"NEWBORN_SCREEN_{code}", f"EXAMINATION/NEWBORN_SCREEN_{code}"
        found = f"{seen} V00 NEWBORN_DISEASE_SCREEN={code}"
        for history, today, expected in [
            (found, seen, [rule]),
            (found, year - DAY, [rule]),
            (found, year, [f"{rule}_FROM_12_MONTHS"]),
            (f"{months(born, 13)} OTHER NEWBORN_DISEASE_SCREEN={code}", months(born, 13),
             [f"{rule}_FROM_12_MONTHS"]),
            (f"{found}; {later} OTHER NEWBORN_DISEASE_RULED_OUT={code}", later, []),
            # A negative result names no disease: it may be of another panel.
            (f"{found}; {later} OTHER NEWBORN_DISEASE_SCREEN=NEGATIVE", later, [rule]),
            (f"{later} OTHER NEWBORN_DISEASE_SCREEN={code}; {seen} V00 NEWBORN_DISEASE_SCREEN=NEGATIVE",
             later, [rule]),
            (f"{found}; {seen} OTHER NEWBORN_DISEASE_SCREEN=NEGATIVE", seen, [rule]),
            (f"{found}; {later} OUTPATIENT CONDITION={condition}", later, []),
            (f"{found}; {later} OUTPATIENT CONDITION={condition}; "
             f"{year} OUTPATIENT CONDITION_RULED_OUT={condition}", year, []),
            (f"{found}; {later} OUTPATIENT CONDITION_RULED_OUT={condition}", later, []),
            (f"{found}; {later} OUTPATIENT CONDITION=ECZEMA", later, [rule]),
        ]:
            sheet.add(about, screen, born, today, history, expected)
    return sheet.write("newborn.csv")


def development():
    """Any one of the 44 signs at its age; regression at any age; 44 signs by age and number."""
    sheet = Sheet("DEV")
    born = d("2019-02-11")
    source = "儿童心理行为发育问题预警征象筛查表"
    ages = [3, 6, 8, 12, 18, 24, 30, 36, 48, 60, 72]
    for age in ages:
        day = months(born, age)
        for sign in range(1, 5):
            sheet.add("DEVELOPMENT", f"{source} {age} 月龄 第{sign}条", born, day,
                      f"{day} OTHER DEVELOPMENT_SIGN={age}-{sign}", [f"DEVELOPMENT_{age}_{sign}"])
        sheet.add("DEVELOPMENT", f"{source} {age} 月龄: 无", born, day,
                  f"{day} OTHER DEVELOPMENT_SIGN=NONE", [])
        sheet.add("DEVELOPMENT", f"{source}: 任何年龄倒退或丧失", born, day,
                  f"{day} OTHER DEVELOPMENT_SIGN=REGRESSION", ["DEVELOPMENT_REGRESSION"])
    # Each positive sign is one: a second one of the same form is not told by the first.
    for age in ages:
        day = months(born, age)
        signs = " ".join(f"DEVELOPMENT_SIGN={age}-{sign}" for sign in range(1, 5))
        sheet.add("DEVELOPMENT", f"{source} {age} 月龄: 四条均阳性", born, day, f"{day} OTHER {signs}",
                  [f"DEVELOPMENT_{age}_{sign}" for sign in range(1, 5)])
    return sheet.write("development.csv")


def rickets():
    sheet = Sheet("RIC")
    born = d("2023-04-12")
    source = "国家基本公共卫生服务规范（第三版） 可疑佝偻病体征 CV04.10.022"
    offered = {3: ["02"], 6: ["05", "07", "08", "09", "02", "03"],
               8: ["05", "07", "08", "09", "02", "03"],
               12: ["05", "07", "08", "09", "10", "11"], 18: ["05", "07", "08", "09", "10", "11"],
               24: ["05", "07", "08", "09", "10", "11"]}
    names = {"02": "CRANIOTABES", "03": "FRONTAL_BOSSING", "05": "ROSARY", "07": "HARRISON_GROOVE",
             "08": "PIGEON_CHEST", "09": "WRIST_WIDENING", "10": "BOW_LEGS", "11": "KNOCK_KNEES"}
    for age, signs in offered.items():
        day, again = months(born, age), months(born, age) + 40 * DAY
        for sign in signs:
            found = f"{day} OTHER RICKETS_SIGN={sign}"
            sheet.add("RICKETS", f"{source} {sign}", born, day, found, [f"RICKETS_{names[sign]}"])
            sheet.add("RICKETS", f"{source} {sign}: 复查无", born, again,
                      f"{found}; {again} OTHER RICKETS_SIGN=01", [])
        sheet.add("RICKETS", f"{source} 01 无", born, day, f"{day} OTHER RICKETS_SIGN=01", [])
    return sheet.write("rickets.csv")


def conditions():
    sheet = Sheet("CON")
    born = d("2023-09-01")
    form = "托儿所幼儿园卫生保健工作规范（2012） 儿童入园（所）健康检查表"
    one, two, three = d("2025-03-03"), d("2025-09-03"), d("2026-03-03")
    for kind, rule in [("FOOD", "ALLERGY_FOOD"), ("DRUG", "ALLERGY_DRUG"), ("OTHER", "ALLERGY_OTHER")]:
        for what in ["花生", "牛奶蛋白", "青霉素"]:
            known = f"{one} ENTRY ALLERGY={kind}:{what}"
            about, source = "ALLERGY/ALLERGY", f"{form} 过敏史"
            expected = [f"{rule}:{what}"]
            sheet.add(about, source, born, one, known, expected, subject="each")
            # A form's default does not end an allergy; only what rules this substance out does.
            sheet.add(about, source, born, two, f"{known}; {two} OTHER ALLERGY=NONE", expected,
                      subject="each")
            sheet.add(about, source, born, two, f"{known}; {two} OTHER ALLERGY=RULED_OUT:{what}",
                      [], subject="each")
            sheet.add(about, source, born, two, f"{known}; {two} OTHER ALLERGY=RULED_OUT:鸡蛋",
                      expected, subject="each")
            sheet.add(about, source, born, three,
                      f"{known}; {two} OTHER ALLERGY=RULED_OUT:{what}; {three} OTHER ALLERGY={kind}:{what}",
                      expected, subject="each")
            sheet.add(about, source, born, two, f"{known}; {two} OTHER ALLERGY=FOOD:虾",
                      sorted(expected + ["ALLERGY_FOOD:虾"]), subject="each")
    for code in ["CHD", "EPILEPSY", "FEBRILE_SEIZURE", "ASTHMA"]:
        known = f"{one} ENTRY {code}=PRESENT"
        about, source = f"CONDITION/{code}", f"{form} 既往病史"
        sheet.add(about, source, born, one, known, [code])
        sheet.add(about, source, born, one, f"{one} ENTRY {code}=ABSENT", [])
        # What one doctor found another's empty form does not take back; ruling it out does.
        sheet.add(about, source, born, two, f"{known}; {two} OTHER WEIGHT=11000", [code])
        sheet.add(about, source, born, three, f"{known}; {two} OTHER {code}=ABSENT", [code])
        sheet.add(about, source, born, three,
                  f"{known}; {two} OTHER CONDITION_RULED_OUT={code}", [])
    for code in ["DIABETES", "HAEMOPHILIA", "IMMUNE_DEFICIENCY", "ASPLENIA", "G6PD_DEFICIENCY",
                 "PKU", "HYPOTHYROIDISM", "CEREBRAL_PALSY", "INGUINAL_HERNIA", "TRACHEOSTOMY",
                 "NEPHROTIC_SYNDROME", "ARRHYTHMIA"]:
        known = f"{one} OUTPATIENT CONDITION={code}"
        about = f"CONDITION/{code}"
        sheet.add(about, f"{form} 既往病史: 其他", born, two, known, [code])
        sheet.add(about, f"{form} 既往病史: 其他", born, two,
                  f"{known}; {two} OUTPATIENT CONDITION_RULED_OUT={code}", [])
        sheet.add(about, f"{form} 既往病史: 其他", born, two, f"{two} OTHER WEIGHT=11000", [])
    # A history in words is asked after; what it says only a doctor can read. Many forms say "none".
    about, source = "CONDITION/CONDITION_OTHER", f"{form} 既往病史: 其他（文字）"
    for text, expected in [("肠套叠术后", ["CONDITION_OTHER"]), ("早产", ["CONDITION_OTHER"]),
                           ("无", []), ("没有", []), ("无。", []), ("/", [])]:
        sheet.add(about, source, born, two, f"{one} ENTRY CONDITION_OTHER={text}", expected)
    known = f"{one} ENTRY CONDITION_OTHER=肠套叠术后"
    sheet.add(about, source, born, two, f"{known}; {two} OTHER WEIGHT=11000", ["CONDITION_OTHER"])
    sheet.add(about, source, born, one + 364 * DAY, known, ["CONDITION_OTHER"])
    sheet.add(about, source, born, one + 365 * DAY, known, [])
    # A pen that is kept is used, whatever the child is allergic to.
    for kind in ["FOOD", "DRUG", "INSECT", "LATEX", "OTHER"]:
        sheet.add("ALLERGY/ALLERGY", f"{form} 过敏史; 机构备药", born, two,
                  f"{one} ENTRY ALLERGY={kind}:某物 ADRENALINE_PEN=Y",
                  [f"ALLERGY_{kind}_PEN:某物"], subject="each")
    # Live vaccines of a child with nephrotic syndrome are a doctor's decision [k].
    for code, rule in [("IMMUNE_DEFICIENCY", "IMMUNISATION_LIVE_ASSESS_FIRST"),
                       ("NEPHROTIC_SYNDROME", "IMMUNISATION_LIVE_ASSESS_FIRST_NEPHROTIC")]:
        history = f"{one} OUTPATIENT CONDITION={code}; {one} IMMUNISATION VACCINE_DOSE=HepB-3"
        about = "IMMUNISATION/IMMUNISATION_LIVE_ASSESS_FIRST"
        sheet.add(about, f"{form} 既往病史; 减毒活疫苗先由医生评估", born, two, history, [rule])
        sheet.add("IMMUNISATION/IMMUNISATION_MMR", f"{form} 既往病史; 减毒活疫苗先由医生评估", born,
                  two, history, [])
    # "Deferred" ends with a later conclusion; a later form without one asks for it.
    about, source = "ENTRY_CHECK/ENTRY_DEFERRED", f"{form} 医生意见"
    deferred = f"{one} ENTRY ENTRY_CONCLUSION=DEFERRED"
    for history, expected, fitness in [
        (deferred, ["ENTRY_DEFERRED"], "UNFIT"),
        (f"{deferred}; {two} ENTRY ENTRY_CONCLUSION=FIT", [], ""),
        (f"{deferred}; {two} ENTRY WEIGHT=11000", ["ENTRY_DEFERRED_CHECKED_AGAIN"], "CONDITIONAL"),
        (f"{deferred}; {two} TRANSFER WEIGHT=11000", ["ENTRY_DEFERRED_CHECKED_AGAIN"], "CONDITIONAL"),
        (f"{deferred}; {two} OUTPATIENT WEIGHT=11000", ["ENTRY_DEFERRED"], "UNFIT"),
        (f"{deferred}; {one} ENTRY WEIGHT=11000", ["ENTRY_DEFERRED"], "UNFIT"),
        # What comes within two weeks is a part of the same check.
        (f"{deferred}; {one + DAY} ENTRY WEIGHT=11000", ["ENTRY_DEFERRED"], "UNFIT"),
        (f"{deferred}; {two} ENTRY ENTRY_CONCLUSION=DEFERRED", ["ENTRY_DEFERRED"], "UNFIT"),
    ]:
        sheet.add(about, source, born, two, history, expected, fitness=fitness)
    return sheet.write("conditions.csv")


# disease: counts as (finding, days)
ISOLATION = {
    "HFMD": [("ONSET_DATE", 14), ("SYMPTOMS_GONE_DATE", 0)],
    "VARICELLA": [("ONSET_DATE", 14), ("SYMPTOMS_GONE_DATE", 0)],
    "MUMPS": [("ONSET_DATE", 9)],
    "INFLUENZA": [("SYMPTOMS_GONE_DATE", 2)],
    "MEASLES": [("RASH_DATE", 5)],
    "RUBELLA": [("RASH_DATE", 5)],
    "SCARLET_FEVER": [("TREATMENT_DATE", 7)],
    "MENINGOCOCCAL": [("ONSET_DATE", 7), ("SYMPTOMS_GONE_DATE", 3)],
    "DYSENTERY": [("SYMPTOMS_GONE_DATE", 7)],
    "NOROVIRUS": [("SYMPTOMS_GONE_DATE", 3)],
    "HERPANGINA": [("ONSET_DATE", 14), ("SYMPTOMS_GONE_DATE", 0)],
}


def infectious():
    """Isolation to the day that fulfils every count; then until the certificate of return."""
    sheet = Sheet("INF")
    born, onset = d("2023-02-14"), d("2026-05-04")
    for disease, counts in ISOLATION.items():
        about = f"INFECTIOUS/INFECTIOUS_{disease}"
        source = f"{CARE}; 默认隔离期表 {disease}"
        running, over = [f"{disease}_ISOLATION"], [f"{disease}_RETURN"]
        for gone in [onset + 3 * DAY, onset + 10 * DAY, onset + 16 * DAY]:
            seen = onset + DAY
            days = {"SYMPTOMS_GONE_DATE": gone}
            first = [f"{name}={onset}" for name, _ in counts if name != "SYMPTOMS_GONE_DATE"]
            free = max(days.get(name, onset) + n * DAY for name, n in counts)
            history = f"{seen} OUTPATIENT INFECTIOUS_DISEASE={disease} {' '.join(first)}".strip()
            if any(name == "SYMPTOMS_GONE_DATE" for name, _ in counts):
                history += f"; {gone} OUTPATIENT INFECTIOUS_DISEASE={disease} {' '.join(first)} SYMPTOMS_GONE_DATE={gone}".replace("  ", " ")
            elif gone != onset + 3 * DAY:
                continue
            start = max(gone, seen)
            if free - DAY >= start:
                sheet.add(about, source, born, free - DAY, history, running, fitness="UNFIT")
            if free >= start:
                sheet.add(about, source, born, free, history, over, fitness="UNFIT")
            back = max(free, start) + DAY
            sheet.add(about, source, born, back,
                      f"{history}; {back} OUTPATIENT RETURN_CERTIFICATE={disease}", [],
                      fitness="FIT")
        if any(name == "SYMPTOMS_GONE_DATE" for name, _ in counts):
            history = f"{onset} OUTPATIENT INFECTIOUS_DISEASE={disease} ONSET_DATE={onset}"
            sheet.add(about, f"{source}: 症状未消失", born, onset + 30 * DAY, history, running,
                      fitness="UNFIT")
    # Who falls ill again after recovery is a case again: isolated from the day of the new diagnosis,
    # whatever the first illness left on record, with a certificate between the two or without.
    again = onset + 25 * DAY
    for disease, counts in ISOLATION.items():
        about = f"INFECTIOUS/INFECTIOUS_{disease}"
        source = f"{CARE}; 默认隔离期表 {disease}: 痊愈后再次患病"
        running, over = [f"{disease}_ISOLATION"], [f"{disease}_RETURN"]
        named = {name for name, _ in counts} - {"SYMPTOMS_GONE_DATE"}
        dates = " ".join(sorted(f"{name}={onset}" for name in named))
        first = f"{onset} OUTPATIENT INFECTIOUS_DISEASE={disease} {dates}".strip()
        recovered = onset + 3 * DAY
        first += f"; {recovered} OUTPATIENT SYMPTOMS_GONE_DATE={recovered}"
        certificate = f"; {again - 5 * DAY} OUTPATIENT RETURN_CERTIFICATE={disease}"
        for between in ["", certificate]:
            second = f"{first}{between}; {again} OUTPATIENT INFECTIOUS_DISEASE={disease}"
            sheet.add(about, source, born, again, second, running, fitness="UNFIT")
            sheet.add(about, source, born, again + DAY, second, running, fitness="UNFIT")
            well = again + 2 * DAY
            free = max((well if name == "SYMPTOMS_GONE_DATE" else again) + n * DAY
                       for name, n in counts)
            whole = f"{second}; {well} OUTPATIENT SYMPTOMS_GONE_DATE={well}"
            sheet.add(about, source, born, max(free, well), whole, over, fitness="UNFIT")
    # The complication is of the illness: pneumonia two years ago is not this measles'.
    about, source = "INFECTIOUS/INFECTIOUS_MEASLES", f"{CARE}; 默认隔离期表 麻疹: 并发肺炎"
    long_ago = onset - 700 * DAY
    old = f"{long_ago} OUTPATIENT INFECTIOUS_DISEASE=MEASLES RASH_DATE={long_ago} WITH_PNEUMONIA=Y"
    new = f"{onset} OUTPATIENT INFECTIOUS_DISEASE=MEASLES RASH_DATE={onset}"
    sheet.add(about, source, born, onset + 5 * DAY, f"{old}; {new}", ["MEASLES_RETURN"], fitness="UNFIT")
    sheet.add(about, source, born, onset + 9 * DAY, f"{new} WITH_PNEUMONIA=Y",
              ["MEASLES_PNEUMONIA_ISOLATION"], fitness="UNFIT")
    certificates(sheet, born, onset)
    # Contacts for whom the illness is grave go to a doctor on the same day and stay away until he has
    # written (the certificate of return); then they are watched like others [k] [P].
    contact = d("2026-05-04")
    risk = f"{d('2025-03-03')} OUTPATIENT CONDITION="
    for disease, family, length, codes in [
        ("VARICELLA", "CONTACT_VARICELLA_IMMUNE_DEFICIENCY", 21,
         {"IMMUNE_DEFICIENCY": "CONTACT_VARICELLA_IMMUNE_DEFICIENCY",
          "NEPHROTIC_SYNDROME": "CONTACT_VARICELLA_NEPHROTIC"}),
        ("MEASLES", "CONTACT_MEASLES_IMMUNE_DEFICIENCY", 21,
         {"IMMUNE_DEFICIENCY": "CONTACT_MEASLES_IMMUNE_DEFICIENCY"}),
        ("MENINGOCOCCAL", "CONTACT_MENINGOCOCCAL_HIGH_RISK", 7,
         {"ASPLENIA": "CONTACT_MENINGOCOCCAL_ASPLENIA",
          "IMMUNE_DEFICIENCY": "CONTACT_MENINGOCOCCAL_IMMUNE_DEFICIENCY"}),
    ]:
        about = f"INFECTIOUS/{family}"
        source = f"接触者医学观察 {length} 天; 重症高危者当日就医"
        met = f"{contact} OUTPATIENT INFECTIOUS_CONTACT={disease} CONTACT_DATE={contact}"
        for code, rule in codes.items():
            known = f"{risk}{code}; {met}"
            seen = f"{known}; {contact + 2 * DAY} OUTPATIENT RETURN_CERTIFICATE={disease}"
            for history, today, expected, fitness in [
                (known, contact, [rule], "UNFIT"),
                (known, contact + (length - 1) * DAY, [rule], "UNFIT"),
                (known, contact + length * DAY, [], "FIT"),
                (seen, contact + 2 * DAY, [f"{rule}_SEEN"], "CONDITIONAL"),
                (seen, contact + length * DAY, [], "FIT"),
                # The doctor writes on the day of the contact; the contact is written down again later.
                (f"{known} RETURN_CERTIFICATE={disease}", contact, [f"{rule}_SEEN"], "CONDITIONAL"),
                (f"{seen}; {contact + 4 * DAY} OUTPATIENT INFECTIOUS_CONTACT={disease} CONTACT_DATE={contact}",
                 contact + 4 * DAY, [f"{rule}_SEEN"], "CONDITIONAL"),
                # Another contact after the doctor's word is another question.
                (f"{seen}; {contact + 4 * DAY} OUTPATIENT INFECTIOUS_CONTACT={disease} "
                 f"CONTACT_DATE={contact + 3 * DAY}", contact + 4 * DAY, [rule], "UNFIT"),
            ]:
                sheet.add(about, source, born, today, history, expected, fitness=fitness)
        sheet.add(about, source, born, contact, met, [])
        sheet.add(about, source, born, contact, f"{risk}ECZEMA; {met}", [])
    return sheet.write("infectious.csv")


def certificates(sheet, born, onset):
    """第十六条: the child returns when it has recovered and a medical institution certifies so. A
    certificate names the disease it is about, so naming it is no new case; nor is whoever tells later
    of an illness that it ended. What begins after it is a new case."""
    seen, gone, day = onset + 15 * DAY, onset + 8 * DAY, onset + 14 * DAY
    kind = "OUTPATIENT"
    for disease, counts in ISOLATION.items():
        about = f"INFECTIOUS/INFECTIOUS_{disease}"
        source = f"{CARE}; 默认隔离期表 {disease}"
        running = [f"{disease}_ISOLATION"]
        begins = next((n for n, _ in counts if n != "SYMPTOMS_GONE_DATE"), "ONSET_DATE")
        ill = f"{kind} INFECTIOUS_DISEASE={disease}"
        began, over = f" {begins}={onset}", f" SYMPTOMS_GONE_DATE={gone}"
        first = f"{onset} {ill}{began}"
        certificate = f"RETURN_CERTIFICATE={disease}"
        free = {"alerts": [], "fitness": "FIT"}
        kept = {"alerts": running, "fitness": "UNFIT"}

        def add(what, today, history, outcome):
            sheet.add(about, f"{source}: {what}", born, today, history, **outcome)

        what = "返园证明同日重复诊断"
        for told in ["", over, began, began + over]:
            add(what, seen, f"{first}; {seen} {ill}{told} {certificate}", free)
            add(what, seen, f"{first}; {seen} {ill}{told}; {seen} {kind} {certificate}", free)
            add(what, seen, f"{first}; {seen} {kind} {certificate}; {seen} {ill}{told}", free)
        # One paper that tells the whole illness and its end.
        add(what, seen, f"{seen} {ill}{began}{over} {certificate}", free)
        what, note = "返园证明之后补报", day + 4 * DAY
        for told in [began, over, began + over]:
            add(what, note + DAY, f"{first}; {day} {kind} {certificate}; {note} {ill}{told}", free)
        what = "返园证明之后再次患病"
        for told in ["", f" {begins}={note}"]:
            add(what, note, f"{first}; {day} {kind} {certificate}; {note} {ill}{told}", kept)
        # Which the later quotation of the old one does not hide.
        add(what, note + DAY, f"{first}; {day} {kind} {certificate}; {note} {ill}; "
            f"{note + DAY} {ill}{began}", kept)
    source = f"{CARE}; 默认隔离期表 水痘: 症状消失日期未写病名"
    both = (f"{onset} {kind} INFECTIOUS_DISEASE=VARICELLA ONSET_DATE={onset}; "
            f"{onset + 9 * DAY} {kind} INFECTIOUS_DISEASE=INFLUENZA")
    well = f"{onset + 13 * DAY} {kind} SYMPTOMS_GONE_DATE={onset + 13 * DAY}"
    # Two illnesses and one day of recovery: nobody says that the vesicles have crusted.
    sheet.add("INFECTIOUS", source, born, onset + 20 * DAY, f"{both}; {well}",
              ["VARICELLA_ISOLATION", "INFLUENZA_RETURN"], fitness="UNFIT")
    # 接触者观察21天, from the last contact; one that nobody dated is of the day it was told.
    for disease in ["VARICELLA", "MUMPS"]:
        about, source = f"INFECTIOUS/CONTACT_{disease}", f"{CARE}; 接触者观察21天, 末次接触日起"
        met = f"{onset} {kind} INFECTIOUS_CONTACT={disease}"
        dated, again = f"{met} CONTACT_DATE={onset}", onset + 17 * DAY
        second = f"{dated}; {again} {kind} INFECTIOUS_CONTACT={disease}"
        for history, last in [(dated, onset), (second, again),
                              (f"{second} CONTACT_DATE={again - 2 * DAY}", again - 2 * DAY)]:
            watch = {"alerts": [f"CONTACT_{disease}"], "fitness": "CONDITIONAL"}
            sheet.add(about, source, born, last + 20 * DAY, history, **watch)
            sheet.add(about, source, born, last + 21 * DAY, history, [], fitness="FIT")


def institutions():
    """Several institutions and a reader who may read some of them. What a facility may know of a
    child needs an agreement with the institution that says so (PIPL art. 29 with the data clause): so
    a second institution's record changes nothing for whoever may read only the first."""
    sheet = Sheet("INS")
    born, onset = d("2023-02-14"), d("2026-05-04")

    def add(about, source, today, history, told, **more):
        for reader, alerts in told.items():
            sheet.add(about, source, born, today, history, alerts, reader=reader, **more)

    for disease, counts in ISOLATION.items():
        about = f"INFECTIOUS/INFECTIOUS_{disease}"
        source = f"{CARE}; 默认隔离期表 {disease}: 两家机构分别登记"
        running, over = [f"{disease}_ISOLATION"], [f"{disease}_RETURN"]

        def record(at, day, gone):
            dates = {name: day for name, _ in counts}
            if "SYMPTOMS_GONE_DATE" in dates:
                dates["SYMPTOMS_GONE_DATE"] = gone
            dates = " ".join(f"{name}={on}" for name, on in sorted(dates.items()))
            return f"{gone}@{at} OUTPATIENT INFECTIOUS_DISEASE={disease} {dates}"

        def free(day, gone):
            return max((gone if name == "SYMPTOMS_GONE_DATE" else day) + n * DAY
                       for name, n in counts)

        # B saw the child four days later and counts from another day.
        late = onset + 4 * DAY
        history = f"{record('a', onset, onset + DAY)}; {record('b', late, late + DAY)}"
        of_a, of_b = free(onset, onset + DAY), free(late, late + DAY)
        for today in [late + DAY, of_a - DAY, of_a, of_b - DAY, of_b]:
            if today <= late:
                continue
            a = over if today >= of_a else running
            b = over if today >= of_b else running
            add(about, source, today, history, {"a": a, "b": b, "a b": a + b}, fitness="UNFIT")
        done = f"{history}; {of_b + DAY}@c OUTPATIENT RETURN_CERTIFICATE={disease}"
        add(about, f"{source}; 返园证明", of_b + DAY, done, {"a": [], "b": [], "a b": []})
        # Both say the same: one alert, for either.
        same = f"{record('a', onset, late)}; {record('b', onset, late)}"
        today = free(onset, late)
        if today >= late:
            add(about, f"{source}, 内容相同", today, same, {"a": over, "b": over, "a b": over})

    one, two, today = d("2025-03-03"), d("2025-09-03"), d("2026-03-03")
    form = "托儿所幼儿园卫生保健工作规范（2012） 儿童入园（所）健康检查表"
    about, source = "ALLERGY/ALLERGY", f"{form} 过敏史; 机构备药"
    peanut = "ALLERGY=FOOD:花生"
    pen, plain = ["ALLERGY_FOOD_PEN"], ["ALLERGY_FOOD"]
    for history, told in [
        # B repeats the allergy, knows of no pen, or says there is none: A's word stands.
        (f"{one}@a ENTRY {peanut} ADRENALINE_PEN=Y; {two}@b OTHER {peanut}",
         {"a": pen, "b": plain, "a b": plain + pen}),
        (f"{one}@a ENTRY {peanut} ADRENALINE_PEN=Y; {two}@b OTHER ADRENALINE_PEN=N",
         {"a": pen, "b": [], "a b": pen}),
        (f"{one}@a ENTRY {peanut} ADRENALINE_PEN=Y; {two}@b OTHER {peanut} ADRENALINE_PEN=Y",
         {"a": pen, "b": pen, "a b": pen}),
        (f"{one}@a ENTRY {peanut} ADRENALINE_PEN=Y; {two}@a OTHER ADRENALINE_PEN=N",
         {"a": plain}),
        # Ruled out by any institution, on a later day, it is over for all.
        (f"{one}@a ENTRY {peanut}; {two}@b OTHER ALLERGY=RULED_OUT:花生", {"a": [], "b": []}),
        (f"{two}@a ENTRY {peanut}; {two}@b OTHER ALLERGY=RULED_OUT:花生", {"a": plain, "b": []}),
        (f"{two}@b ENTRY {peanut}; {two}@a OTHER ALLERGY=RULED_OUT:花生", {"b": plain, "a": []}),
    ]:
        add(about, source, today, history, told)
    for code, medicine, rule in [("ASTHMA", "INHALER", "ASTHMA_WITH_INHALER"),
                                 ("EPILEPSY", "SEIZURE_MEDICINE", "EPILEPSY_WITH_MEDICINE")]:
        history = f"{one}@a ENTRY {code}=PRESENT {medicine}=Y; {two}@b OTHER {code}=PRESENT"
        add(f"CONDITION/{code}", f"{form} 既往病史; 机构备药", today, history,
            {"a": [rule], "b": [code], "a b": [code, rule]})

    # A specialist knows of the weak immune system, the township centre of the contact.
    about, source = "INFECTIOUS", f"{CARE}; 水痘接触者观察21天; 免疫功能低下者当日就医"
    contact = f"{onset}@a OUTPATIENT INFECTIOUS_CONTACT=VARICELLA"
    weak = f"{two}@b OUTPATIENT CONDITION=IMMUNE_DEFICIENCY"
    watch, urgent = ["CONTACT_VARICELLA"], ["CONTACT_VARICELLA_IMMUNE_DEFICIENCY"]
    add(about, source, onset + DAY, f"{contact}; {weak}",
        {"a": watch, "b": [], "a b": watch + urgent})
    add(about, source, onset + DAY, f"{contact} CONDITION=IMMUNE_DEFICIENCY; {weak}",
        {"a": urgent, "b": [], "a b": urgent})
    # The illness that another institution found does not end the watch for whoever can't know it.
    ill = f"{onset + 10 * DAY}@b OUTPATIENT INFECTIOUS_DISEASE=VARICELLA"
    add(about, source, onset + 11 * DAY, f"{contact}; {ill}",
        {"a": watch, "b": ["VARICELLA_ISOLATION"]})
    return sheet.write("institutions.csv")


def overdue():
    sheet = Sheet("OVR")
    born = d("2025-01-10")
    care = "2026-09-01.."
    entry = "托儿所幼儿园卫生保健工作规范（2012） 入园（所）健康检查"
    for history, today, expected in [
        ("", "2026-08-31", ["ENTRY_CHECK_DUE"]),
        ("", "2026-09-01", ["ENTRY_CHECK_MISSING"]),
        ("2026-08-20 ENTRY", "2026-09-01", []),
        ("2026-05-31 ENTRY", "2026-09-01", ["ENTRY_CHECK_MISSING"]),
        ("2026-06-01 ENTRY", "2026-09-01", []),
    ]:
        sheet.add("ENTRY_CHECK/ENTRY_CHECK", entry, born, today, history, expected, care=care)
    sheet.add("ENTRY_CHECK/ENTRY_CHECK", entry, born, "2026-09-01", "", [])
    nip = "国家免疫规划疫苗儿童免疫程序及说明（2026年版）国疾控卫免发〔2026〕16号"
    born = d("2026-06-30")
    first = f"{born} IMMUNISATION VACCINE_DOSE=HepB-1; {months(born, 1)} IMMUNISATION VACCINE_DOSE=HepB-2"
    for today, expected in [(months(born, 12) - DAY, []),
                            (months(born, 12), ["IMMUNISATION_OVERDUE_HEPB"])]:
        sheet.add("IMMUNISATION/IMMUNISATION_HEPB", f"{nip} 乙肝3", born, today, first, expected)
    # Nothing is said of a child whose doses are not sent here.
    sheet.add("IMMUNISATION/IMMUNISATION_HEPB", f"{nip} 乙肝3", born, months(born, 13),
              f"{months(born, 8)} V08 WEIGHT=8800", [])
    service = "国家基本公共卫生服务规范（第三版） 0～6岁儿童健康管理"
    for visit, age in [("V03", 3), ("V06", 6), ("V08", 8), ("V12", 12), ("V18", 18), ("V24", 24),
                       ("V30", 30), ("V36", 36), ("V48", 48), ("V60", 60), ("V72", 72)]:
        due = months(born, age)
        late = due + 30 * DAY
        about = "CHECK_UP_DUE/CHECK_UP"
        sheet.add(about, f"{service} {visit}", born, late, "",
                  [f"CHECK_UP_OVERDUE_{visit}:{visit}"], subject="each")
        sheet.add(about, f"{service} {visit}", born, late, f"{due + 5 * DAY} {visit} WEIGHT=9000",
                  [], subject="each")
    # The home visit and the check of the first month have four weeks each: late after 14 days.
    for visit, due, rest in [("V00", born, "BIRTH_WEIGHT=3200"), ("V01", born + 28 * DAY, "WEIGHT=4200")]:
        late, about = due + 14 * DAY, "CHECK_UP_DUE/CHECK_UP"
        sheet.add(about, f"{service} {visit}", born, late, "",
                  [f"CHECK_UP_OVERDUE_{visit}:{visit}"], subject="each")
        sheet.add(about, f"{service} {visit}", born, late - DAY, "",
                  [f"CHECK_UP_DUE:{visit}"], subject="each")
        sheet.add(about, f"{service} {visit}", born, late, f"{due + 5 * DAY} {visit} {rest}",
                  [], subject="each")
    # The hospital of birth reports its two and no later ones: it is no register of doses [P].
    at_birth = f"{born} IMMUNISATION VACCINE_DOSE=HepB-1 VACCINE_DOSE=BCG-1"
    for later, expected in [("", []), (f"; {born + 27 * DAY} IMMUNISATION VACCINE_DOSE=HepB-2", []),
                            (f"; {born + 28 * DAY} IMMUNISATION VACCINE_DOSE=HepB-2",
                             ["IMMUNISATION_OVERDUE_HEPB"])]:
        sheet.add("IMMUNISATION/IMMUNISATION_HEPB", f"{nip} 乙肝3; 只有产科的记录", born,
                  months(born, 13), at_birth + later, expected)
    form = "儿童入园（所）健康检查表: 医生意见（暂缓入园）"
    one_day(sheet, "ENTRY_CHECK/ENTRY_DEFERRED", form, born, months(born, 20),
            "ENTRY_CONCLUSION=DEFERRED", "ENTRY_CONCLUSION=FIT", ["ENTRY_DEFERRED"], fitness="UNFIT")
    return sheet.write("overdue.csv")


if __name__ == "__main__":
    total = (anaemia() + growth_wst() + growth_who() + senses() + development() + rickets()
             + newborn() + conditions() + infectious() + institutions() + overdue())
    print(total, "cases")
