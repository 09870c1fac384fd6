#!/usr/bin/env python3
"""Makes an invented Korean hospital in every form Korean hospitals export: nobody in it exists.

Usage: make_korea.py FOLDER [PATIENTS] [none|few|many]     (default 300 patients; the same arguments give the same bytes on
every machine, but for the SQLite file, which carries its library's version)

few (default) plants single broken rows that quarantine, counts or profile must show; none plants nothing; many breaks in addition what the
criteria packs look at, in so many rows that the criteria named in defects.csv (found_by `score`) must fail and no other.

  vendor-a/   warehouse tables of fictitious vendor A: CP949, `|`, short upper-case names       mapping korea/vendor-a
  vendor-b/   the same tables of fictitious vendor B: UTF-8 with a mark, Korean names           mapping korea/vendor-b
  claims/     claims of 2025-03 as a SAM file (CP949, CRLF) and the hospital's index            mapping korea/hira-claim
  fhir/       the same patients, visits and diagnoses as KR Core FHIR                           mapping korea/kr-core
  kcda/       exchange documents of the first 48 patients (make_kcda.py)                       mapping korea/k-cda, korea/k-cda-hospital
  sql/        vendor B's tables in a SQLite file, and its queries                               mapping korea/vendor-b
  hira/ nsc/  research tables                                                                    mappings korea/hira-tables, korea/nhis-nsc
  defects.csv what was planted, where, and by what it must be found

Registration numbers in it are wrong in their check digit on purpose, so that they can be no living person's.
"""
import csv
import datetime
import hashlib
import io
import json
import pathlib
import re
import sqlite3
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MAPS = ROOT / "mappings" / "korea"
MONTH = (2025, 3)


class Dice:
    """Numbers from SHA-256 of a label: no dependence on a library's generator."""

    def __init__(self, label):
        self.label, self.n = label, 0

    def number(self, low, high):
        self.n += 1
        return low + int.from_bytes(hashlib.sha256(f"{self.label}/{self.n}".encode()).digest()[:8], "big") % (high - low + 1)

    def pick(self, items):
        return items[self.number(0, len(items) - 1)]

    def chance(self, percent):
        return self.number(1, 100) <= percent


FAMILY = "김 이 박 최 정 강 조 윤 장 임 한 오 서 신 권 황 안 송 류 홍".split()
# Syllables of CP949 beyond EUC-KR among them (똠, 펲, 쀍, 믜, 뷁).
GIVEN = "서연 민준 지우 하은 도윤 예준 시우 수아 지호 다은 똠방 펲시 쀍뷁 믜진 은서 현우 지안 유진 태윤 나윤".split()
DISTRICTS = [("11110", "서울특별시 종로구"), ("11680", "서울특별시 강남구"), ("26350", "부산광역시 해운대구"), ("41135", "경기도 성남시 분당구"), ("50110", "제주특별자치도 제주시")]
DEPARTMENTS = [("IM", "내과", "01"), ("GS", "외과", "04"), ("OS", "정형외과", "05"), ("EM", "응급의학과", "24"), ("FM", "가정의학과", "23"), ("PED", "소아청소년과", "11")]
HIRA = {code: hira for code, _, hira in DEPARTMENTS}
LICENCE = {code: str(90001 + n) for n, (code, _, _) in enumerate(DEPARTMENTS)}
DOCTORS = {"IM": "김가상", "GS": "이가공", "OS": "박상상", "EM": "최허구", "FM": "정모의", "PED": "강예시"}
DIAGNOSES = ["I10", "E11.9", "E78.5", "J20.9", "J02.9", "D64.9", "J32.9", "S93.4", "R09.0", "I25.1", "K63.5", "Z00.0"]
# EDI code, KD body check is made, main ingredient, ATC, unit.
DRUGS = [("648900030", "107601ATB", "C08CA01"), ("648900280", "111504ATB", "C10AA05"), ("652101570", "136901ATB", "B01AC04"), ("655500690", "227801ATB", "C10AA01"),
         ("642001330", "184501ATB", "C09AA03"), ("641100270", "111001ATE", "B01AC06")]
# local code, unit, reference, low, high, decimals
LABS = [("L3011", "g/dL", "12.0 ~ 16.0", 90, 170, 1), ("L3012", "10^3/uL", "4.0 ~ 10.0", 30, 140, 1), ("L4021", "mg/dL", "70 ~ 110", 65, 220, 0), ("L4023", "mg/dL", "0.5 ~ 1.2", 4, 25, 1),
        ("L4025", "U/L", "0 ~ 40", 5, 90, 0), ("L4034", "%", "4.0 ~ 6.0", 40, 110, 1)]
TEXT_RESULTS = [("L5001", "Negative(-)", "", ""), ("L4041", "<0.5", "mg/dL", "<0.5"), ("L7001", "1+", "", "Negative"), ("L6001", "7.38 ~ 7.46", "", "7.38 ~ 7.46"), ("L5001", "음성(-)", "", "")]
LOINC = {"L3011": "718-7", "L3012": "6690-2", "L4021": "2339-0", "L4023": "38483-4", "L4025": "1742-6", "L4034": "4548-4"}
MATERIAL = "J5083001"  # a material (치료재료): a letter and seven digits (the form is that of the codes in open conversions of HIRA's list; this code is invented: hypothesis)
ORDERS = [("KK010", "PX-IM"), ("E7660", "PX-COLO"), ("", "PX-IM"), ("AA154", "")]


def ean13(body):
    total = sum(int(d) * (1 if i % 2 == 0 else 3) for i, d in enumerate(body))
    return body + str((10 - total % 10) % 10)


def registration(birth, female, foreigner, order):
    century = 0 if birth.year < 2000 else 2
    g = (5 if foreigner else 1) + century + (1 if female else 0)
    body = birth.strftime("%y%m%d") + str(g) + f"{order:05d}"
    weights = [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]
    check = (11 - sum(int(d) * w for d, w in zip(body, weights)) % 11) % 10
    return body + str((check + 5) % 10)  # wrong on purpose


def aliases(vendor):
    """Canonical name -> name in the file, and file name, by kind, out of the vendor's own dialect."""
    out, kind = {}, None
    for line in (MAPS / vendor / "dialect.map").read_text(encoding="utf-8").splitlines():
        if m := re.match(r'\s*file (\w+) "([^"]+)"', line):
            kind = m[1]
            out[kind] = (m[2].replace("*", "_202503" if vendor == "vendor-b" else ""), {})
        elif (m := re.match(r'\s*alias "([^"]+)" -> (\w+)', line)) and kind:
            out[kind][1][m[2]] = m[1]
    return out


TABLES = {
    "institutions": "YKIHO_NO INST_NM INST_TP",
    "patients": "PT_NO PT_NM RRN SEX BIRTH_DT DEATH_DT NATIONALITY DISTRICT_CD DISTRICT_NM DEATH_CD", "insurance": "PT_NO INSUP_TP START_DT END_DT",
    "departments": "DEPT_CD DEPT_NM HIRA_DEPT_CD", "doctors": "DOCTOR_NO DOCTOR_NM LICENCE_NO DEPT_CD HIRA_DEPT_CD",
    "encounters": "ENC_NO PT_NO ENC_TP IN_DT OUT_DT DEPT_CD DOCTOR_NO CANCEL_YN", "diagnoses": "PT_NO ENC_NO DX_CD DX_TP DX_DT",
    "orders": "ORD_NO PT_NO ENC_NO ORD_DT EDI_CD LOCAL_CD QTY CANCEL_YN REG_ID REG_DT", "drugs": "ORD_NO PT_NO ENC_NO ORD_DT EDI_CD KD_CD INGR_CD ONCE_DOSE DOSE_UNIT TIMES DAYS SIG CANCEL_YN REG_ID REG_DT",
    "administrations": "ADM_NO ORD_NO PT_NO ENC_NO EDI_CD KD_CD ADM_DT QTY DOSE_UNIT",
    "labs": "LAB_NO PT_NO ENC_NO LAB_CD RESULT UNIT REF RESULT_DT", "vitals": "PT_NO ENC_NO VS_CD VS_VAL VS_DT", "surgeries": "SURG_NO PT_NO ENC_NO EDI_CD START_DT END_DT",
    "allergies": "PT_NO ENC_NO ALLERGY_NO AGENT_CD SEVERITY ALLERGY_DT", "notes": "NOTE_NO PT_NO ENC_NO NOTE_TP NOTE_DT DOCTOR_NO NOTE_TEXT SIGN_ID SIGN_DT",
    "pathology": "PATH_NO PT_NO ENC_NO SITE SPECIMEN_DT", "cancers": "CANCER_NO PT_NO ENC_NO DX_CD DX_DT STAGE",
}


class Hospital:
    def __init__(self, patients):
        self.rows = {name: [] for name in TABLES}
        self.people, self.visits = {}, []
        self.make(patients)

    def add(self, table, **fields):
        self.rows[table].append(fields)

    def make(self, patients):
        self.add("institutions", YKIHO_NO="11100001", INST_NM="가상종합병원", INST_TP="11")
        for code, name, hira in DEPARTMENTS:
            self.add("departments", DEPT_CD=code, DEPT_NM=name, HIRA_DEPT_CD=hira)
            self.add("doctors", DOCTOR_NO="D" + code, DOCTOR_NM=DOCTORS[code], LICENCE_NO=LICENCE[code], DEPT_CD=code, HIRA_DEPT_CD=hira)
        for i in range(patients):
            self.patient(i)

    def patient(self, i):
        dice = Dice(f"patient/{i}")
        female, foreigner = dice.chance(52), dice.chance(4)
        birth = datetime.date(1935, 1, 1) + datetime.timedelta(days=dice.number(0, 31000))
        no = f"{10000000 + i * 7}"
        district = dice.pick(DISTRICTS)
        died = datetime.date(2025, 6, 1) + datetime.timedelta(days=dice.number(0, 200)) if dice.chance(3) else None
        name = dice.pick(FAMILY) + dice.pick(GIVEN)
        person = dict(no=no, name=name, female=female, foreigner=foreigner, birth=birth, rrn=registration(birth, female, foreigner, i), died=died)
        self.people[no] = person
        self.add("patients", PT_NO=no, PT_NM=name, RRN=person["rrn"], SEX="F" if female else "M", BIRTH_DT=birth, DEATH_DT=died, NATIONALITY="F" if foreigner else "N",
                 DISTRICT_CD=district[0], DISTRICT_NM=district[1], DEATH_CD="I25.1" if died else "")
        insurance = dice.pick(["4", "4", "4", "5", "7"])
        person["insurance"] = insurance
        self.add("insurance", PT_NO=no, INSUP_TP=insurance, START_DT=max(birth, datetime.date(2010, 1, 1)), END_DT=died or datetime.date(2026, 12, 31))
        cancer = female and birth.year < 1990 and Dice(f"cancer/{i}").chance(15)
        for v in range(dice.number(1, 3)):
            self.visit(dice, person, i, v, ["C50.9"] if cancer and v == 0 else [])
        if cancer:
            self.cancer(Dice(f"cancer visits/{i}"), person, i)
        self.measured(Dice(f"measured/{i}"), self.visits[-1])
        # Most patients without an allergy say so.
        if not any(row["PT_NO"] == no for row in self.rows["allergies"]) and Dice(f"allergy/{i}").chance(95):
            self.add("allergies", PT_NO=no, ENC_NO=f"E{i:05d}0", ALLERGY_NO=f"N{no}", AGENT_CD="NKA", SEVERITY="", ALLERGY_DT=self.visits[-1]["start"].date())

    def cancer(self, dice, person, i):
        """Breast cancer found the year before: operation, pathology, results, registry (K-CURE)."""
        day = datetime.date(2024, dice.number(1, 6), dice.number(1, 28))
        self.visit(dice, person, i, 9, ["C50.9"], day)
        visit, pt = self.visits[-1], dict(PT_NO=person["no"], ENC_NO=f"E{i:05d}9")
        if not visit["labs"]:
            self.add("labs", LAB_NO=f"S{visit['no']}8", **pt, LAB_CD="L3011", RESULT="12.9", UNIT="g/dL", REF="12.0 ~ 16.0", RESULT_DT=visit["start"] + datetime.timedelta(minutes=95))
        if not any(row["ENC_NO"] == visit["no"] for row in self.rows["pathology"]):
            self.add("pathology", PATH_NO=f"H{visit['no']}", **pt, SITE="유방", SPECIMEN_DT=visit["start"] + datetime.timedelta(hours=3))
        self.add("orders", ORD_NO=f"P{visit['no']}8", **pt, ORD_DT=visit["start"] + datetime.timedelta(minutes=16), EDI_CD="KK010", LOCAL_CD="", QTY="1", CANCEL_YN="N",
                 REG_ID="D" + visit["dept"], REG_DT=visit["start"] + datetime.timedelta(minutes=16))
        self.add("cancers", CANCER_NO=f"C{person['no']}", **pt, DX_CD="C50.9", DX_DT=day, STAGE=dice.pick(["IA", "IIA", "IIB", "IIIA"]))

    def measured(self, dice, visit):
        """What a nurse measures once a visit beside blood pressure and pulse."""
        pt = dict(PT_NO=visit["person"]["no"], ENC_NO=visit["no"])
        for code, low, high, scale in [("HT", 1450, 1850, 10), ("WT", 420, 950, 10), ("BT", 361, 378, 10), ("RR", 12, 22, 1), ("SPO2", 94, 100, 1)]:
            value = dice.number(low, high)
            self.add("vitals", **pt, VS_CD=code, VS_VAL=f"{value / 10:.1f}" if scale == 10 else str(value), VS_DT=visit["start"] + datetime.timedelta(minutes=6))

    def visit(self, dice, person, i, v, more=(), on=None):
        if on is not None:
            day = on
        elif v == 0:
            day = datetime.date(*MONTH, dice.number(1, 24))
        else:
            day = max(person["birth"], datetime.date(2017, 1, 1)) + datetime.timedelta(days=dice.number(0, 2600))
            day = min(day, datetime.date(2025, 5, 20))
        start = datetime.datetime(day.year, day.month, day.day, dice.number(8, 17), dice.number(0, 59))
        kind = dice.pick(["O", "O", "O", "I", "E"])
        days = dice.number(2, 6) if kind == "I" else 1
        end = start + datetime.timedelta(days=days - 1, minutes=40 if kind != "I" else -30)
        dept = dice.pick(DEPARTMENTS)[0] if kind != "E" else "EM"
        no = f"E{i:05d}{v}"
        codes = sorted({dice.pick(DIAGNOSES) for _ in range(dice.number(1, 3))}, key=DIAGNOSES.index)
        codes += [code for code in more if code not in codes]
        visit = dict(no=no, person=person, kind=kind, start=start, end=end, days=days, dept=dept, codes=codes)
        self.visits.append(visit)
        pt = dict(PT_NO=person["no"], ENC_NO=no)
        self.add("encounters", **pt, ENC_TP=kind, IN_DT=start, OUT_DT=end, DEPT_CD=dept, DOCTOR_NO="D" + dept, CANCEL_YN="N")
        for n, code in enumerate(codes):
            self.add("diagnoses", **pt, DX_CD=code.replace(".", "") if dice.chance(50) else code, DX_TP="1" if n == 0 else "2", DX_DT=start.date())
        visit["drugs"], visit["labs"] = [], []
        for n in range(dice.number(0, 2)):
            edi, ingredient, _ = dice.pick(DRUGS)
            use_kd = dice.chance(30)
            drug = dict(ORD_NO=f"R{no}{n}", **pt, ORD_DT=start + datetime.timedelta(minutes=20), EDI_CD="" if use_kd else edi, KD_CD=ean13("880" + edi) if use_kd else "",
                        INGR_CD=ingredient, ONCE_DOSE="1", DOSE_UNIT="정", TIMES=str(dice.number(1, 3)), DAYS=str(dice.number(3, 30)), SIG="식후 30분", CANCEL_YN="N",
                        REG_ID="D" + dept, REG_DT=start + datetime.timedelta(minutes=20))
            self.add("drugs", **drug)
            visit["drugs"].append((drug, edi))
            if kind == "I":
                self.add("administrations", ADM_NO=f"G{no}{n}", ORD_NO=drug["ORD_NO"], **pt, EDI_CD=drug["EDI_CD"], KD_CD=drug["KD_CD"], ADM_DT=start + datetime.timedelta(minutes=80), QTY="1", DOSE_UNIT="정")
        for n in range(dice.number(0, 3)):
            code, unit, ref, low, high, decimals = dice.pick(LABS)
            value = dice.number(low, high)
            lab = dict(LAB_NO=f"S{no}{n}", **pt, LAB_CD=code, RESULT=f"{value / 10:.1f}" if decimals else str(value), UNIT=unit, REF=ref, RESULT_DT=start + datetime.timedelta(minutes=70 + n))
            self.add("labs", **lab)
            visit["labs"].append(lab)
        if dice.chance(40):
            code, value, unit, ref = dice.pick(TEXT_RESULTS)
            self.add("labs", LAB_NO=f"S{no}9", **pt, LAB_CD=code, RESULT=value, UNIT=unit, REF=ref, RESULT_DT=start + datetime.timedelta(minutes=90))
        for n, (code, low, high) in enumerate([("SBP", 95, 170), ("DBP", 55, 100), ("PR", 55, 110)]):
            self.add("vitals", **pt, VS_CD=code, VS_VAL=str(dice.number(low, high)), VS_DT=start + datetime.timedelta(minutes=5))
        if dice.chance(50):
            edi, local = dice.pick(ORDERS)
            self.add("orders", ORD_NO=f"P{no}", **pt, ORD_DT=start + datetime.timedelta(minutes=15), EDI_CD=edi, LOCAL_CD=local, QTY="1", CANCEL_YN="N",
                     REG_ID="D" + dept, REG_DT=start + datetime.timedelta(minutes=15))
        if kind == "I" and dice.chance(60):
            self.add("surgeries", SURG_NO=f"O{no}", **pt, EDI_CD="Q2861", START_DT=start + datetime.timedelta(hours=2), END_DT=start + datetime.timedelta(hours=4))
            self.add("pathology", PATH_NO=f"H{no}", **pt, SITE="충수", SPECIMEN_DT=start + datetime.timedelta(hours=4))
            self.add("orders", ORD_NO=f"M{no}", **pt, ORD_DT=start + datetime.timedelta(hours=2), EDI_CD=MATERIAL, LOCAL_CD="", QTY="1", CANCEL_YN="N",
                     REG_ID="D" + dept, REG_DT=start + datetime.timedelta(hours=2))
            visit["material"] = True
        if dice.chance(10):
            self.add("allergies", **pt, ALLERGY_NO=f"A{no}", AGENT_CD="641100270", SEVERITY="중등도", ALLERGY_DT=start.date())
        self.add("notes", NOTE_NO=f"N{no}", **pt, NOTE_TP="경과기록", NOTE_DT=start + datetime.timedelta(minutes=30), DOCTOR_NO="D" + dept, NOTE_TEXT=f"{person['name']} 님 경과 양호",
                 SIGN_ID="D" + dept, SIGN_DT=start + datetime.timedelta(minutes=34))


class Vendor:
    """Writes the hospital's tables as one vendor does."""

    def __init__(self, name):
        self.name, self.files = name, aliases(name)
        self.korean = name == "vendor-b"

    def cell(self, kind, field, value):
        if value is None:
            return ""
        if isinstance(value, datetime.datetime):
            return value.strftime("%Y.%m.%d %H:%M") if self.korean else value.strftime("%Y%m%d%H%M%S")
        if isinstance(value, datetime.date):
            return f"{value.year}년 {value.month}월 {value.day}일" if self.korean and field == "DX_DT" else value.strftime("%Y.%m.%d" if self.korean else "%Y%m%d")
        if field == "RRN" and value:
            return value[:6] + "-" + value[6:] if self.korean else value[:6] + "-" + value[6] + "******"
        if self.korean:
            words = {"SEX": {"M": "남", "F": "여"}, "ENC_TP": {"O": "외래", "I": "입원", "E": "응급"}, "DX_TP": {"1": "주", "2": "부", "3": "배제"}, "NATIONALITY": {"N": "내국인", "F": "외국인"},
                     "LOCAL_CD": {"PX-IM": "처-근주", "PX-COLO": "처-대장"}}
            value = words.get(field, {}).get(value, value)
            if field == "LAB_CD":
                value = value.replace("L", "검")
        return value

    def table(self, kind, rows):
        file, names = self.files[kind]
        fields = [f for f in TABLES[kind].split() if f in names]
        header = [names[f] for f in fields]
        return file, [header] + [[self.cell(kind, f, row.get(f)) for f in fields] for row in rows]

    def write(self, folder, hospital, extra):
        folder.mkdir(parents=True, exist_ok=True)
        for kind, rows in hospital.rows.items():
            file, lines = self.table(kind, rows + extra.get(kind, []))
            if self.korean:
                out = io.StringIO()
                csv.writer(out, lineterminator="\r\n").writerows(lines)
                (folder / file).write_bytes("\ufeff".encode() + out.getvalue().encode("utf-8"))
            else:
                (folder / file).write_bytes("".join("|".join(line) + "\n" for line in lines).encode("cp949"))


def database(folder, vendor, tables):
    """The vendor's tables in SQLite under their Korean names, and a file of queries whose names are the record kinds of the mapping."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "hospital.sqlite"
    path.unlink(missing_ok=True)
    db = sqlite3.connect(path)
    quoted = lambda name: '"' + name.replace('"', '""') + '"'
    queries = ["-- connect: sqlite hospital.sqlite"]
    for kind, (file, lines) in tables.items():
        name = file.removesuffix(".csv").removesuffix("_202503").strip("_")
        db.execute(f"create table {quoted(name)} ({', '.join(quoted(column) + ' text' for column in lines[0])})")
        db.executemany(f"insert into {quoted(name)} values ({', '.join('?' * len(lines[0]))})", lines[1:])
        queries.append(f"-- query: {kind}\nselect * from {quoted(name)} order by rowid;")
    db.commit()
    db.close()
    (folder / "hospital.sql").write_text("\n".join(queries) + "\n", encoding="utf-8")


def layout():
    out = {}
    with open(MAPS / "hira-claim" / "layouts" / "087.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            out.setdefault(row["record"], []).append((row["field"], int(row["start"]), int(row["bytes"]), row["type"], row["value"]))
    return out


def sam_line(fields, values):
    length = max(start + size - 1 for _, start, size, _, _ in fields)
    line = bytearray(b" " * length)
    for name, start, size, kind, value in fields:
        if kind == "tag":
            text = value.split("|")[0].encode()
        elif kind.startswith("number"):
            scale = int(kind[7:] or 0)
            text = f"{round(float(values.get(name, 0)) * 10 ** scale):0{size}d}".encode()
        else:
            text = str(values.get(name, "")).encode("cp949")
        assert len(text) <= size, (name, size)
        line[start - 1:start - 1 + len(text)] = text
    return bytes(line)


def claims(hospital):
    fields = layout()
    month = [v for v in hospital.visits if (v["start"].year, v["start"].month) == MONTH]
    claim = "2025030001"
    lines = [sam_line(fields["claim_form"], dict(CLAIM_FORM_VER="087", SPEC_FORM_VER="087", CLAIM_NO=claim, FORM_NO="GI01", YKIHO="11100001", INSUP_TP_CD="4", CARE_YM="202503",
                                                  SPEC_COUNT=len(month), TOTAL_1=len(month) * 30000, CLAIM_DT="20250410", CLAIMANT="표준병원", WRITER="김청구", WRITER_BIRTH="19800101"))]
    index = ["CLAIM_NO|SPEC_SNO|PT_NO|ENC_NO"]
    for n, visit in enumerate(month, 1):
        person, key = visit["person"], dict(CLAIM_NO=claim, SPEC_SNO=f"{n:05d}")
        day = visit["start"].strftime("%Y%m%d")
        index.append(f"{claim}|{n:05d}|{person['no']}|{visit['no']}")
        form = "GI02" if visit["kind"] == "I" else "GI03"
        lines.append(sam_line(fields["general"], dict(key, FORM_NO=form, YKIHO="11100001", FIRST_ADMISSION_DT=day if form == "GI02" else "", HOUSEHOLDER=person["name"], CERTIFICATE_NO=f"7{person['no']}",
                                                      PATIENT_NAME=person["name"], RRN=person["rrn"], CARE_DAYS=visit["days"], VISIT_DAYS=visit["days"], RESULT_TP="1", TOTAL_1=30000, SELF_BURDEN=9000, CLAIM_AMT=21000)))
        for k, code in enumerate(visit["codes"]):
            lines.append(sam_line(fields["disease"], dict(key, SICK_TY_CD="1" if k == 0 else "2", SICK_CD=code.replace(".", ""), DGSBJT_CD=HIRA[visit["dept"]], CARE_START_DT=day, LICENCE_TP="1", LICENCE_NO=LICENCE[visit["dept"]])))
        lines.append(sam_line(fields["treatment"], dict(key, CLAUSE_CD="01", ITEM_CD="01", LINE_NO=1, CODE_TP="1", CODE="AA154", UNIT_PRICE=12000.5, DAILY_COUNT=1, TOTAL_DAYS=1, ONCE_DOSE=1, AMOUNT=12000)))
        if visit.get("material"):
            lines.append(sam_line(fields["treatment"], dict(key, CLAUSE_CD="T", ITEM_CD="01", LINE_NO=2, CODE_TP="8", CODE=MATERIAL, UNIT_PRICE=80000, DAILY_COUNT=1, TOTAL_DAYS=1, ONCE_DOSE=1, AMOUNT=80000)))
        for k, (drug, edi) in enumerate(visit["drugs"]):
            lines.append(sam_line(fields["prescription"], dict(key, PRESCRIPTION_NO=f"20250{n:05d}", PRESCRIPTION_DAYS=drug["DAYS"], LINE_NO=k + 1, CODE_TP="3", CODE=edi, ONCE_DOSE=1, DAILY_TIMES=drug["TIMES"],
                                                               TOTAL_DAYS=drug["DAYS"])))
        if n % 10 == 0:
            lines.append(sam_line(fields["special"], dict(key, UNIT_TP="1", SPECIAL_TP="MS001", SPECIAL="원내투약일수 3일")))
    return lines, index, month


def claim_defects(lines, plant):
    """Appends lines that a reader must refuse; the last visits stay whole."""
    fields = layout()
    key = dict(CLAIM_NO="2025030001", SPEC_SNO="90001")
    general = dict(key, FORM_NO="GI03", CERTIFICATE_NO="9", PATIENT_NAME="홍길동", RRN="8001012000000", VISIT_DAYS=1)

    def add(line, code, about, found="quarantine"):
        lines.append(line)
        plant("claims/202503.sam", len(lines), found, code, about)

    add(sam_line(fields["disease"], dict(key, SICK_TY_CD="1", SICK_CD="I10"))[:-4], "R182", "a line four bytes short")
    add(sam_line(fields["disease"], dict(key, SICK_TY_CD="1", SICK_CD="I10")) + b" ", "R183", "a line one byte too long")
    bad = bytearray(sam_line(fields["general"], dict(general, PATIENT_NAME="가" * 10)))
    start = next(s for n, s, *_ in fields["general"] if n == "PATIENT_NAME") - 1
    bad[start:start + 20] = b" " + ("가" * 10).encode("cp949")[:19]
    bad[start + 20:start + 21] = b"\xa1"
    add(bytes(bad), "R184", "a name cut inside its last character")
    add(b"2025030001" + b"90001" + b"Z" + b" " * 60, "R180", "a record of no kind")
    add(sam_line(fields["disease"], dict(key, SPEC_SNO="90002", SICK_TY_CD="1", SICK_CD="I10", CARE_START_DT="20250310")), "C016", "a diagnosis whose statement is missing")
    add(sam_line(fields["general"], dict(general, SPEC_SNO="90003", RRN="8002302000000")), "C080", "a registration number of 30 February")
    add(sam_line(fields["disease"], dict(key, SPEC_SNO="00001", SICK_TY_CD="3", SICK_CD="C509", CARE_START_DT="20250310")), "ruled out: not a diagnosis of the patient", "a ruled-out diagnosis", "filter")
    # As many special records under the letter D as some documents say: told from prescriptions by their length.
    line = bytearray(sam_line(fields["special"], dict(key, SPEC_SNO="00001", UNIT_TP="1", SPECIAL_TP="MX999", SPECIAL="기타 내역")))
    line[15:16] = b"D"
    lines.append(bytes(line))


def score_defects(hospital, plant):
    """Breaks what criteria look at, in whole shares of the rows. `plant(table, rows, criteria, about)` notes how many rows and which criteria must fail."""
    rows = hospital.rows

    def spoil(table, share, criteria, about, change, only=lambda row: True):
        chosen = [row for n, row in enumerate(filter(only, rows[table])) if Dice(f"spoil/{table}/{about}/{n}").chance(share)]
        for row in chosen:
            change(row)
        plant(table, len(chosen), criteria, about)

    spoil("patients", 8, "kr-emr-2025/KF-01 kr-cdi-2/patient-gender my-healthway-1/patient-gender", "patients without a sex and without a registration number", lambda r: r.update(SEX="", RRN=""))
    spoil("patients", 6, "kr-emr-2025/KF-01-rrn", "patients whose sex disagrees with their registration number", lambda r: r.update(SEX="M" if r["SEX"] == "F" else "F"), lambda r: r["RRN"])
    spoil("institutions", 100, "kr-emr-2025/KI-01 kr-cdi-2/organization-identifier my-healthway-1/organization-identifier", "an institution number of 7 digits", lambda r: r.update(YKIHO_NO="1110001"))
    spoil("doctors", 50, "kr-emr-2025/KI-01-licence kr-cdi-2/practitioner-licence my-healthway-1/practitioner-licence", "licence numbers that are a word", lambda r: r.update(LICENCE_NO="미확인"))
    spoil("encounters", 12, "kr-emr-2025/KF-03-department", "visits without a department", lambda r: r.update(DEPT_CD=""))
    spoil("encounters", 15, "kr-emr-2025/KI-11 my-healthway-1/condition-recorder", "visits without a responsible doctor", lambda r: r.update(DOCTOR_NO=""))
    spoil("encounters", 4, "kr-emr-2025/KF-03-times", "visits that end the day before they begin", lambda r: r.update(OUT_DT=r["IN_DT"] - datetime.timedelta(days=1)), lambda r: r["ENC_TP"] == "O")
    spoil("cancers", 50, "k-cure/diagnosis-stage k-cure/treatment-episode", "cancers without a stage", lambda r: r.update(STAGE=""))
    spoil("patients", 70, "k-cure/followup-death", "deaths without a cause", lambda r: r.update(DEATH_CD=""), lambda r: r["DEATH_CD"])
    spoil("insurance", 6, "kr-emr-2025/KF-04-code", "an insurance type that does not exist", lambda r: r.update(INSUP_TP="8"))
    spoil("diagnoses", 20, "kr-emr-2025/KF-05 kr-emr-2025/KF-05-claim kr-emr-2025/KI-02-valid kr-emr-2025/KI-07-condition_occurrence kr-cdi-2/condition-code-kcd my-healthway-1/condition-category kr-cda/codes-kcd", "diagnoses under a word of the house instead of a KCD code",
          lambda r: r.update(DX_CD="감기" if r["DX_TP"] == "1" else "통증"))
    spoil("drugs", 30, "kr-emr-2025/KF-06-days kr-emr-2025/KF-06-dose kr-emr-2025/KI-08 kr-cdi-2/request-days kr-cdi-2/request-dose my-healthway-1/medication-days my-healthway-1/medication-dose", "prescriptions without days", lambda r: r.update(DAYS=""))
    spoil("drugs", 30, "kr-emr-2025/KF-06-sig kr-cdi-2/request-directions my-healthway-1/medication-text", "prescriptions without directions", lambda r: r.update(SIG=""))
    spoil("drugs", 20, "kr-emr-2025/KI-03-ingredient kr-emr-2025/KF-06-route kr-cdi-2/medication-ingredient my-healthway-1/medication-route", "prescriptions without a main ingredient", lambda r: r.update(INGR_CD=""))
    spoil("drugs", 20, "kr-emr-2025/KS-08", "prescriptions that nobody entered", lambda r: r.update(REG_ID=""))
    spoil("drugs", 2, "kr-emr-2025/KS-01-drug_exposure-sig privacy/P-01-phone-drug_exposure-sig", "directions that hold a telephone number (a registration number would be masked)", lambda r: r.update(SIG="보호자 010-0000-" + r["PT_NO"][-4:]), lambda r: r["SIG"])
    spoil("administrations", 100, "kr-emr-2025/KF-07", "administration records that were not exported", lambda r: None)
    rows["administrations"].clear()
    spoil("labs", 40, "kr-emr-2025/KF-08-unit kr-cdi-2/lab-unit my-healthway-1/laboratory-unit", "results without their unit", lambda r: r.update(UNIT=""))
    spoil("labs", 60, "kr-emr-2025/KF-08-range kr-cdi-2/lab-range", "results without a reference range", lambda r: r.update(REF=""))
    spoil("labs", 50, "kr-emr-2025/KI-05 kr-emr-2025/KI-07-measurement kr-emr-2025/KI-10", "results under a code that the list of local tests does not hold", lambda r: r.update(LAB_CD="L9" + r["LAB_CD"][2:]))
    spoil("vitals", 10, "kr-emr-2025/KF-12", "vital signs under a name nobody knows", lambda r: r.update(VS_CD="X" + r["VS_CD"]))
    spoil("allergies", 100, "kr-emr-2025/KF-09", "nobody asked about allergies", lambda r: None, lambda r: r["AGENT_CD"] == "NKA")
    rows["allergies"][:] = [r for r in rows["allergies"] if r["AGENT_CD"] != "NKA"]
    spoil("notes", 10, "kr-emr-2025/KF-11 my-healthway-1/note-meta", "notes without author", lambda r: r.update(DOCTOR_NO=""))
    spoil("notes", 20, "kr-emr-2025/KS-09", "notes signed before they were written", lambda r: r.update(SIGN_DT=r["NOTE_DT"] - datetime.timedelta(minutes=5)))


def second_person(hospital):
    """Two more records of one patient number: somebody of the other sex, then the patient again, who therefore stands."""
    right = next(row for row in hospital.rows["patients"] if row["RRN"] and row["SEX"] == ("F" if hospital.people[row["PT_NO"]]["female"] else "M"))
    person = hospital.people[right["PT_NO"]]
    other = registration(person["birth"], not person["female"], person["foreigner"], int(right["RRN"][7:12]))
    return dict(right, SEX="M" if right["SEX"] == "F" else "F", RRN=other), dict(right)


def hospital_defects(hospital, plant_a, plant_b):
    """Rows behind the clean ones. `plant(kind, code, about, found)` notes the line by counting; the same rows stand in both vendors' files."""
    extra = {name: [] for name in TABLES}

    def add(kind, found, code, about, **fields):
        extra[kind].append(fields)
        for plant in (plant_a, plant_b):
            plant(kind, len(extra[kind]), found, code, about)

    pt, at = dict(PT_NO="10000000", ENC_NO="E000000"), datetime.datetime(2025, 3, 3, 9, 0)
    add("patients", "quarantine", "C080", "a registration number of 30 February and no other birth date", PT_NO="90000001", RRN="8002302******", SEX="F", NATIONALITY="N")
    wrong, right = second_person(hospital)
    add("patients", "quarantine", "C110", "somebody else under the number of a patient", **wrong)
    plant_a("patients", len(extra["patients"]), "score", "kr-emr-2025/KF-02-conflict", "somebody else under the number of a patient")
    extra["patients"].append(right)
    add("encounters", "quarantine", "C050", "a visit of a patient nobody delivered", ENC_NO="E900000", PT_NO="90000009", ENC_TP="O", IN_DT=at, OUT_DT=at, CANCEL_YN="N")
    add("encounters", "filter", "cancelled before it took place", "a cancelled visit", ENC_NO="E900001", PT_NO="10000000", ENC_TP="O", IN_DT=at, OUT_DT=at, CANCEL_YN="Y")
    add("diagnoses", "filter", "ruled out: not a diagnosis of the patient", "a ruled-out diagnosis", **pt, DX_CD="C509", DX_TP="3", DX_DT=at.date())
    add("diagnoses", "grade", "unknown Q999", "a code in no edition", **pt, DX_CD="Q999", DX_TP="2", DX_DT=at.date())
    add("diagnoses", "grade", "truncated E11.90", "a code deeper than OMOP carries", **pt, DX_CD="E11.90", DX_TP="2", DX_DT=datetime.date(2018, 5, 2))
    add("diagnoses", "grade", "edition I46.9", "a code that only ICD-10 has here", **pt, DX_CD="I46.9", DX_TP="2", DX_DT=datetime.date(2018, 5, 2))
    add("diagnoses", "grade", "normalised k35.8", "a code in lower case", **pt, DX_CD="k35.8", DX_TP="2", DX_DT=datetime.date(2018, 5, 2))
    add("diagnoses", "quarantine", "C010", "a day that does not exist", **pt, DX_CD="J20.9", DX_TP="2", DX_DT="20250230")
    add("labs", "quarantine", "C010", "a time that does not exist", LAB_NO="S900001", **pt, LAB_CD="L3011", RESULT="13.1", UNIT="g/dL", REF="", RESULT_DT="20250303256100")
    add("labs", "duplicate", "labs", "a result delivered twice", LAB_NO="S900002", **pt, LAB_CD="L3011", RESULT="13.1", UNIT="g/dL", REF="", RESULT_DT=at)
    extra["labs"].append(dict(extra["labs"][-1]))
    add("drugs", "grade", "unknown 8806489000301", "a standard code with a wrong check digit", ORD_NO="R900001", **pt, ORD_DT=at, KD_CD="8806489000301", ONCE_DOSE="1", TIMES="3", DAYS="5", CANCEL_YN="N")
    add("drugs", "quarantine", "C012", "days that are no number", ORD_NO="R900002", **pt, ORD_DT=at, EDI_CD="648900030", ONCE_DOSE="1", TIMES="3", DAYS="오일", CANCEL_YN="N")
    add("drugs", "filter", "cancelled", "a cancelled prescription", ORD_NO="R900003", **pt, ORD_DT=at, EDI_CD="648900030", ONCE_DOSE="1", TIMES="3", DAYS="5", CANCEL_YN="Y")
    return extra


def raw_defects(folder, plant):
    """What only bytes can say, at the end of vendor A's files."""
    path = folder / "ODORDT.DAT"
    data = path.read_bytes()
    row = b"P900001|10000000|E000000|20250303090000|KK010||1|N|DIM|20250303090000"
    path.write_bytes(data + row.replace(b"KK010", b"KK\xff10") + b"\n" + row.replace(b"P900001", b"P900002") + b"|extra|\n")
    lines = data.count(b"\n")
    plant("vendor-a/ODORDT.DAT", lines + 1, "quarantine", "R011", "a byte that is no CP949")
    plant("vendor-a/ODORDT.DAT", lines + 2, "quarantine", "R015", "a row with more fields than the header")


def garbled_note(folder, plant):
    """A file that somebody read as Latin-1 and wrote as UTF-8 before it came here."""
    path = folder / "기록_202503.csv"
    text = path.read_bytes().decode("utf-8-sig")
    header, _, rest = text.partition("\r\n")
    first, _, others = rest.partition("\r\n")
    cells = first.split(",")
    cells[header.split(",").index("기록내용")] = "홍길동 경과".encode("cp949").decode("latin-1")
    path.write_bytes(("\ufeff" + header + "\r\n" + ",".join(cells) + "\r\n" + others).encode("utf-8"))
    plant("vendor-b/기록_202503.csv", 2, "note", "read in a wrong encoding", "a text that was read as Latin-1 before")


def fhir(hospital, folder, plant):
    folder.mkdir(parents=True, exist_ok=True)
    iso = lambda t: t.strftime("%Y-%m-%dT%H:%M:%S+09:00")
    kcd = "http://www.hl7korea.or.kr/CodeSystem/kostat-kcd-8"
    out = {"Patient": [], "Encounter": [], "Condition": [], "Observation": [], "MedicationRequest": [], "Immunization": [], "ImagingStudy": [], "Consent": []}
    for p in hospital.people.values():
        row = {"resourceType": "Patient", "id": "p" + p["no"], "identifier": [
            {"type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]}, "system": "http://example.org/patients", "value": p["no"]},
            {"type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "NNKOR"}]}, "system": "urn:oid:1.2.410.100001.1", "value": p["rrn"]}],
            "name": [{"text": p["name"]}], "gender": "female" if p["female"] else "male", "birthDate": p["birth"].isoformat()}
        if p["died"]:
            row["deceasedDateTime"] = p["died"].isoformat()
        out["Patient"].append(row)
        first = next(v for v in hospital.visits if v["person"] is p)
        dice, patient = Dice(f"fhir/{p['no']}"), {"reference": "Patient/p" + p["no"]}
        if dice.chance(30):
            out["Immunization"].append({"resourceType": "Immunization", "id": "i" + p["no"], "status": "completed", "patient": patient, "occurrenceDateTime": iso(first["start"]), "encounter": {"reference": "Encounter/v" + first["no"]},
                                        "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": dice.pick(["140", "141", "33"])}]}})
        if dice.chance(15):
            uid = f"1.2.410.100110.10.11100001.{p['no']}"
            out["ImagingStudy"].append({"resourceType": "ImagingStudy", "id": "s" + p["no"], "status": "available", "subject": patient, "started": f"2025-03-{dice.number(1, 28):02d}T10:00:00+09:00",
                                        "identifier": [{"system": "urn:dicom:uid", "value": "urn:oid:" + uid}, {"type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "ACSN"}]}, "value": "A" + p["no"]}],
                                        "series": [{"uid": uid + ".1", "modality": {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "DX"}}]})
        if dice.chance(25):
            out["Consent"].append({"resourceType": "Consent", "id": "a" + p["no"], "status": "active", "patient": patient, "dateTime": "2025-03-01",
                                   "policyRule": {"coding": [{"system": "urn:ietf:rfc:3986", "code": "1.2.410.100110.40.2.2.2." + dice.pick(["2", "3"])}]}})
    for v in hospital.visits:
        subject = {"reference": "Patient/p" + v["person"]["no"]}
        out["Encounter"].append({"resourceType": "Encounter", "id": "v" + v["no"], "identifier": [{"system": "http://example.org/visits", "value": v["no"]}], "status": "finished",
                                 "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": {"O": "AMB", "I": "IMP", "E": "EMER"}[v["kind"]]}, "subject": subject,
                                 "extension": [{"url": "http://www.hl7korea.or.kr/fhir/krcore/StructureDefinition/krcore-insuranceTypes", "valueCodeableConcept": {"coding": [
                                     {"system": "http://www.hl7korea.or.kr/CodeSystem/hira-insurance-types", "code": v["person"]["insurance"]}]}}],
                                 "period": {"start": iso(v["start"]), "end": iso(v["end"])}})
        encounter = {"reference": "Encounter/v" + v["no"]}
        for code in v["codes"]:
            out["Condition"].append({"resourceType": "Condition", "id": f"c{v['no']}{code.replace('.', '')}", "clinicalStatus": {"coding": [{"code": "active"}]}, "subject": subject, "encounter": encounter,
                                     "category": [{"coding": [{"code": "encounter-diagnosis"}]}], "code": {"coding": [{"system": kcd, "code": code}]}, "recordedDate": v["start"].date().isoformat()})
        for lab in v["labs"]:
            out["Observation"].append({"resourceType": "Observation", "id": "o" + lab["LAB_NO"], "status": "final", "category": [{"coding": [{"code": "laboratory"}]}], "subject": subject, "encounter": encounter,
                                       "code": {"coding": [{"system": "http://loinc.org", "code": LOINC[lab["LAB_CD"]]}]}, "effectiveDateTime": iso(lab["RESULT_DT"]), "issued": iso(lab["RESULT_DT"]),
                                       "valueQuantity": {"value": float(lab["RESULT"]), "unit": lab["UNIT"]}})
        for drug, edi in v["drugs"]:
            out["MedicationRequest"].append({"resourceType": "MedicationRequest", "id": "m" + drug["ORD_NO"], "status": "completed", "intent": "order", "subject": subject, "encounter": encounter,
                                             "medicationCodeableConcept": {"coding": [{"system": "http://www.hl7korea.or.kr/CodeSystem/hira-edi-medication", "code": edi}]}, "authoredOn": iso(drug["ORD_DT"])})

    def add(kind, found, code, about, row):
        out[kind].append(dict({"resourceType": kind, "subject": {"reference": "Patient/p10000000"}}, **row))
        plant(f"fhir/{kind}.ndjson", len(out[kind]), found, code, about)

    coded = {"code": {"coding": [{"system": kcd, "code": "J20.9"}]}}
    if plant is not None:
        add("Condition", "quarantine", "C010", "a day that does not exist", {"id": "bad1", **coded, "recordedDate": "2025-02-30"})
        add("Condition", "filter", "entered in error", "entered in error", {"id": "bad2", **coded, "recordedDate": "2025-03-03", "verificationStatus": {"coding": [{"code": "entered-in-error"}]}})
    for kind, rows in out.items():
        (folder / f"{kind}.ndjson").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def write_csv(path, header, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(header.split())
        out.writerows(rows)


def research(hospital, folder, month, plant):
    t200, t300, t400, t530 = [], [], [], []
    gy20, gy30, gy40, gy60, jk, gj = [], [], [], [], [], []
    for n, v in enumerate(month, 1):
        p, key, day, until = v["person"], f"K{n:06d}", v["start"].strftime("%Y%m%d"), (v["start"] + datetime.timedelta(days=v["days"] - 1)).strftime("%Y%m%d")
        sex, form = "2" if p["female"] else "1", "021" if v["kind"] == "I" else "031"
        t200.append([key, "J" + p["no"], "Y1", "4", sex, 2025 - p["birth"].year, day, until, form, "1", HIRA[v["dept"]]])
        gy20.append([p["no"], key, "Y1", day, "02" if v["kind"] == "I" else "03", "11" if v["kind"] == "E" else "", v["days"], v["days"], 30000, 9000, 21000, HIRA[v["dept"]]])
        for k, code in enumerate(v["codes"], 1):
            t400.append([key, k, "1" if k == 1 else "2", code.replace(".", "")])
            gy40.append([key, k, code.replace(".", "")])
        t300.append([key, 1, "AA154", "", 1, 1, 1])
        gy30.append([key, 1, "01", "01", "AA154", 1, 1, 1, 12000, 12000])
        if v.get("material"):
            t300.append([key, 2, MATERIAL, "", 1, 1, 1])
            gy30.append([key, 2, "T", "01", MATERIAL, 1, 1, 1, 80000, 80000])
        for k, (drug, edi) in enumerate(v["drugs"], 1):
            t530.append([key, f"G{n}", k, edi, drug["INGR_CD"], 1, drug["TIMES"], drug["DAYS"]])
            gy60.append([key, k, drug["INGR_CD"], 1, drug["TIMES"], drug["DAYS"]])
    for p in hospital.people.values():
        group = lambda year: 0 if year == p["birth"].year else max(1, (year - p["birth"].year) // 5 + 1)
        for year in (2024, 2025):
            died = p["died"].strftime("%Y%m") if p["died"] and year == 2025 else ""
            jk.append([year, p["no"], "2" if p["female"] else "1", group(year), died, "I20-I25" if died else "", "5"])
    for i, p in enumerate(list(hospital.people.values())[::5]):
        gj.append([2024, p["no"], 165, 62, 84, 122, 78, 95, 190, 120, 55, 110, 13.5, 1, 1, 2 if i % 3 else 1, 6, 0.9, 22, 24, 30])
    if plant is not None:
        t400.append(["K000001", 9, "3", "C509"])
        plant("hira/T400.csv", len(t400) + 1, "filter", "ruled out: not a diagnosis of the patient", "a ruled-out diagnosis")
        t400.append(["K999999", 1, "1", "I10"])
        plant("hira/T400.csv", len(t400) + 1, "quarantine", "C015", "a diagnosis whose statement is missing")
        gy60.append(["K000001", 99, "107601ATB", "", "x", 0])  # what is 0 or no number counts as 1: no defect of the row
        gy40.append(["K999999", 1, "I10"])
        plant("nsc/GY40.csv", len(gy40) + 1, "quarantine", "C015", "a diagnosis whose claim is missing")
        jk.append([2025, "99999999", "1", 9, "202513", "", "5"])
        plant("nsc/JK.csv", len(jk) + 1, "quarantine", "C010", "a death in month 13")
    hira, nsc = folder / "hira", folder / "nsc"
    write_csv(hira / "T200.csv", "SPEC_ID_SNO JID YID INSUP_TP_CD SEX_TP_CD PAT_AGE RECU_FR_DD RECU_TO_DD FOM_TP_CD DGRSLT_TP_CD DGSBJT_CD", t200)
    write_csv(hira / "T300.csv", "SPEC_ID_SNO LN_NO DIV_CD GNL_CD FQ1_MDCT_QTY DY1_MDCT_QTY TOT_INJC_DDCNT_EXEC_FQ", t300)
    write_csv(hira / "T400.csv", "SPEC_ID_SNO SICK_SNO SICK_TY_CD SICK_CD", t400)
    write_csv(hira / "T530.csv", "SPEC_ID_SNO PRSCP_GRANT_NO LN_NO DIV_CD GNL_CD FQ1_MDCT_QTY DY1_MDCT_QTY TOT_INJC_DDCNT_EXEC_FQ", t530)
    write_csv(hira / "YKIHO.csv", "YID CL_CD", [["Y1", "11"]])
    write_csv(nsc / "JK.csv", "STND_Y PERSON_ID SEX AGE_GROUP DTH_YM DTH_CODE1 IPSN_TYPE_CD", jk)
    write_csv(nsc / "GY20.csv", "PERSON_ID KEY_SEQ YKIHO_ID RECU_FR_DT FORM_CD IN_PAT_CORS_TYPE RECN VSCN DMD_TRAMT DMD_SBRDN_AMT DMD_JBRDN_AMT MCARE_SUBJ_CD", gy20)
    write_csv(nsc / "GY30.csv", "KEY_SEQ SEQ_NO CLAUSE_CD ITEM_CD DIV_CD DD_MQTY_EXEC_FREQ MDCN_EXEC_FREQ DD_MQTY_FREQ AMT UN_COST", gy30)
    write_csv(nsc / "GY40.csv", "KEY_SEQ SEQ_NO SICK_SYM", gy40)
    write_csv(nsc / "GY60.csv", "KEY_SEQ SEQ_NO GNL_NM_CD DD_MQTY_FREQ DD_EXEC_FREQ MDCN_EXEC_FREQ", gy60)
    write_csv(nsc / "GJ.csv", "HCHK_YEAR PERSON_ID HEIGHT WEIGHT WAIST BP_HIGH BP_LWST BLDS TOT_CHOLE TRIGLYCERIDE HDL_CHOLE LDL_CHOLE HMG GLY_CD OLIG_OCCU_CD OLIG_PROTE_CD OLIG_PH CREATININE SGOT_AST SGPT_ALT GAMMA_GTP", gj)
    write_csv(nsc / "YK.csv", "YKIHO_ID ORG_TYPE", [["Y1", "11"]])


def main():
    folder = pathlib.Path(sys.argv[1])
    hospital = Hospital(int(sys.argv[2]) if len(sys.argv) > 2 else 300)
    amount = sys.argv[3] if len(sys.argv) > 3 else "few"
    defects = []

    def plant(file, line, found, code, about):
        defects.append([file, line, found, code, about])

    a, b = Vendor("vendor-a"), Vendor("vendor-b")

    def planter(vendor):
        return lambda kind, n, found, code, about: plant(f"{vendor.name}/{vendor.files[kind][0]}", len(hospital.rows[kind]) + 1 + n, found, code, about)

    lines, index, month = claims(hospital)
    fhir(hospital, folder / "fhir", plant if amount != "none" else None)
    research(hospital, folder, month, plant if amount != "none" else None)
    if amount == "many":  # in the warehouse alone: claims and FHIR were made from what the hospital should have written
        score_defects(hospital, lambda table, count, criteria, about: plant(f"vendor-a/{a.files[table][0]}", count, "score", criteria, about))
    extra = hospital_defects(hospital, planter(a), planter(b)) if amount != "none" else {}
    for vendor in (a, b):
        vendor.write(folder / vendor.name, hospital, extra)
    if amount != "none":
        raw_defects(folder / "vendor-a", plant)
        garbled_note(folder / "vendor-b", plant)
        claim_defects(lines, plant)
    database(folder / "sql", b, {kind: b.table(kind, rows) for kind, rows in hospital.rows.items()})
    import make_kcda  # which itself asks this file for the hospital
    make_kcda.write(make_kcda.make_korea.Hospital(min(len(hospital.people), 48)), folder / "kcda")
    (folder / "claims").mkdir(parents=True, exist_ok=True)
    (folder / "claims" / "202503.sam").write_bytes(b"".join(line + b"\r\n" for line in lines))
    (folder / "claims" / "claim_index.csv").write_text("\n".join(index) + "\n", encoding="cp949")
    with open(folder / "defects.csv", "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["file", "line", "found_by", "code", "about"])
        out.writerows(defects)
    print(len(hospital.people), "patients", len(hospital.visits), "visits", len(defects), "defects")


if __name__ == "__main__":
    main()
