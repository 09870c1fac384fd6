#!/usr/bin/env python3
"""Makes the small sample hospital testdata/synthea: 30 invented patients in the layout of Synthea's CSV export.

Usage: make_synthea.py [FOLDER]     (default: the folder synthea beside this file)
Deterministic: the same bytes on every machine. Nobody in it exists. Codes are those of testdata/vocabulary.
Planted defects are listed in DEFECTS below; the script writes where they ended up to defects.csv.
"""
import csv
import datetime
import hashlib
import io
import pathlib
import sys
import uuid


class Dice:
    """Numbers from SHA-256 of a label: no dependence on a library's generator."""

    def __init__(self, label):
        self.label, self.n = label, 0

    def number(self, low, high):
        self.n += 1
        digest = hashlib.sha256(f"{self.label}/{self.n}".encode()).digest()
        return low + int.from_bytes(digest[:8], "big") % (high - low + 1)

    def pick(self, items):
        return items[self.number(0, len(items) - 1)]

    def chance(self, percent):
        return self.number(1, 100) <= percent

    def money(self, low, high):
        return f"{self.number(low * 100, high * 100) / 100:.2f}"


def identifier(*parts):
    return str(uuid.UUID(bytes=hashlib.sha256("/".join(map(str, parts)).encode()).digest()[:16]))


HEADERS = {
    "patients": "Id,BIRTHDATE,DEATHDATE,SSN,DRIVERS,PASSPORT,PREFIX,FIRST,LAST,SUFFIX,MAIDEN,MARITAL,RACE,ETHNICITY,GENDER,BIRTHPLACE,"
                "ADDRESS,CITY,STATE,COUNTY,ZIP,LAT,LON,HEALTHCARE_EXPENSES,HEALTHCARE_COVERAGE",
    "organizations": "Id,NAME,ADDRESS,CITY,STATE,ZIP,LAT,LON,PHONE,REVENUE,UTILIZATION",
    "providers": "Id,ORGANIZATION,NAME,GENDER,SPECIALITY,ADDRESS,CITY,STATE,ZIP,LAT,LON,UTILIZATION",
    "payers": "Id,NAME,ADDRESS,CITY,STATE_HEADQUARTERED,ZIP,PHONE,AMOUNT_COVERED,AMOUNT_UNCOVERED,REVENUE,UNIQUE_CUSTOMERS,QOLS_AVG,MEMBER_MONTHS",
    "payer_transitions": "PATIENT,MEMBERID,START_YEAR,END_YEAR,PAYER,SECONDARY_PAYER,OWNERSHIP,OWNERNAME",
    "encounters": "Id,START,STOP,PATIENT,ORGANIZATION,PROVIDER,PAYER,ENCOUNTERCLASS,CODE,DESCRIPTION,BASE_ENCOUNTER_COST,TOTAL_CLAIM_COST,"
                  "PAYER_COVERAGE,REASONCODE,REASONDESCRIPTION",
    "conditions": "START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION",
    "medications": "START,STOP,PATIENT,PAYER,ENCOUNTER,CODE,DESCRIPTION,BASE_COST,PAYER_COVERAGE,DISPENSES,TOTALCOST,REASONCODE,REASONDESCRIPTION",
    "observations": "DATE,PATIENT,ENCOUNTER,CATEGORY,CODE,DESCRIPTION,VALUE,UNITS,TYPE",
    "procedures": "START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION,BASE_COST,REASONCODE,REASONDESCRIPTION",
    "immunizations": "DATE,PATIENT,ENCOUNTER,CODE,DESCRIPTION,BASE_COST",
    "allergies": "START,STOP,PATIENT,ENCOUNTER,CODE,SYSTEM,DESCRIPTION,TYPE,CATEGORY,REACTION1,DESCRIPTION1,SEVERITY1,REACTION2,DESCRIPTION2,SEVERITY2",
    "careplans": "Id,START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION,REASONCODE,REASONDESCRIPTION",
    "devices": "START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION,UDI",
    "supplies": "DATE,PATIENT,ENCOUNTER,CODE,DESCRIPTION,QUANTITY",
    "imaging_studies": "Id,DATE,PATIENT,ENCOUNTER,SERIES_UID,BODYSITE_CODE,BODYSITE_DESCRIPTION,MODALITY_CODE,MODALITY_DESCRIPTION,INSTANCE_UID,"
                       "SOP_CODE,SOP_DESCRIPTION,PROCEDURE_CODE",
    "claims": "Id,PATIENTID,PROVIDERID,PRIMARYPATIENTINSURANCEID,DIAGNOSIS1,APPOINTMENTID,SERVICEDATE,STATUS1,OUTSTANDING1,HEALTHCARECLAIMTYPEID1",
    "claims_transactions": "ID,CLAIMID,CHARGEID,PATIENTID,TYPE,AMOUNT,METHOD,FROMDATE,TODATE,PLACEOFSERVICE,PROCEDURECODE,NOTES,PAYMENTS,"
                           "APPOINTMENTID,PROVIDERID",
}

FAMILY = ["김", "이", "박", "최", "정", "강", "Carter", "Nguyen", "O'Neil", "Garcia"]
GIVEN = ["서연", "민준", "지우", "하은", "도윤", "Ada", "Ben", "Clara", "Duc", "Elena"]
CITIES = [("Boston", "Massachusetts", "Suffolk County", "02115"), ("Lowell", "Massachusetts", "Middlesex County", ""),
          ("서울특별시", "", "강남구", "06236"), ("부산광역시", "", "해운대구", "48094")]
CONDITIONS = [("59621000", "고혈압 Hypertension"), ("444814009", "Viral sinusitis (disorder)"), ("44054006", "Type 2 diabetes mellitus"),
              ("195662009", "Acute viral pharyngitis (disorder)"), ("10509002", "Acute bronchitis (disorder)"), ("271737000", "Anemia (disorder)"),
              ("160903007", "Full-time employment (finding)"), ("73595000", "Stress (finding)"), ("15777000", "Prediabetes"),
              ("55822004", "Hyperlipidemia"), ("44465007", "Sprain of ankle"), ("10939881000119104", "Unhealthy alcohol drinking behavior (finding)")]
DRUGS = [("314076", "lisinopril 10 MG Oral Tablet", "59621000", "Hypertension"), ("310798", "Hydrochlorothiazide 25 MG Oral Tablet", "59621000", "Hypertension"),
         ("259255", "atorvastatin 80 MG Oral Tablet", "55822004", "Hyperlipidemia"), ("313782", "Acetaminophen 325 MG Oral Tablet", "", ""),
         ("197361", "Amlodipine 5 MG Oral Tablet", "59621000", "Hypertension"), ("10831", "Sulfamethoxazole / Trimethoprim", "", "")]
ENCOUNTERS = [("wellness", "162673000", "General examination of patient (procedure)"), ("ambulatory", "185345009", "Encounter for symptom"),
              ("outpatient", "185349003", "Encounter for 'check-up'"), ("emergency", "50849002", "Emergency room admission (procedure)"),
              ("urgentcare", "702927004", "Urgent care clinic (procedure)"), ("inpatient", "183452005", "Encounter Inpatient")]
VITALS = [("8302-2", "Body Height", "cm", 140, 195), ("29463-7", "Body Weight", "kg", 45, 110), ("8480-6", "Systolic Blood Pressure", "mm[Hg]", 95, 165),
          ("8462-4", "Diastolic Blood Pressure", "mm[Hg]", 55, 100), ("8867-4", "Heart rate", "/min", 55, 100)]
LABS = [("2339-0", "Glucose", "mg/dL", 65, 180), ("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", "%", 4, 9), ("2093-3", "Total Cholesterol", "mg/dL", 120, 280),
        ("33914-3", "Glomerular filtration rate/1.73 sq M.predicted", "mL/min", 50, 110), ("1742-6", "Alanine aminotransferase", "U/L", 5, 60)]
ANSWERS = [("72166-2", "Tobacco smoking status", ["Never smoker", "Former smoker"]), ("71802-3", "Housing status", ["I have housing", "I do not have housing"]),
           ("93030-5", "Has lack of transportation kept you from medical appointments, meetings, work, or from getting things needed for daily living", ["No", "Yes"]),
           ("67875-5", "Employment status - current", ["Full-time work", "Unemployed (finding)"]), ("56799-0", "What address do you live at?", ["1 Sample Lane"])]
PROCEDURES = [("430193006", "Medication Reconciliation (procedure)"), ("710824005", "Assessment of health and social care needs (procedure)"),
              ("171207006", "Depression screening (procedure)"), ("73761001", "Colonoscopy"), ("180256009", "Subcutaneous immunotherapy")]
VACCINES = [("140", "Influenza  seasonal  injectable  preservative free"), ("113", "Td (adult) preservative free"), ("03", "MMR")]
ALLERGENS = [("84489001", "SNOMED-CT", "Mold (organism)", "environment"), ("762952008", "SNOMED-CT", "Peanut (substance)", "food"),
             ("1191", "RxNorm", "Aspirin", "medication"), ("7984", "RxNorm", "Penicillin V", "medication")]
PAYERS = [("Medicare", "MD"), ("국민건강보험공단", ""), ("Humana", "KY"), ("NO_INSURANCE", "")]


class Hospital:
    def __init__(self):
        self.rows = {name: [] for name in HEADERS}
        self.organizations, self.providers, self.payers = [], [], []

    def add(self, name, *fields):
        assert len(fields) == HEADERS[name].count(",") + 1, (name, len(fields))
        self.rows[name].append(list(fields))

    def places(self):
        names = ["새봄내과의원", "MERCY HOSPITAL, INC.", 'CLINIC "AT THE BRIDGE"', "해오름 종합병원"]
        for i, name in enumerate(names):
            key = identifier("organization", i)
            city = CITIES[(i + 2) % 4]
            self.organizations.append(key)
            self.add("organizations", key, name, f"{i + 1} Sample Road", city[0], "MA" if city[1] else "", city[3] or "01854-1234", f"{42 + i / 10:.4f}",
                     f"{-71 - i / 10:.4f}", "", "0.0", "10")
            for j, specialty in enumerate(["GENERAL PRACTICE", "INTERNAL MEDICINE", "PHYSICAL THERAPY"][:2 + i % 2]):
                doctor = identifier("provider", i, j)
                self.providers.append((doctor, key))
                self.add("providers", doctor, key, f"Dr {FAMILY[i + j]} {GIVEN[j]}", "FM"[(i + j) % 2], specialty, "", city[0], "MA" if city[1] else "", "", "", "", "5")
        for name, state in PAYERS:
            key = identifier("payer", name)
            self.payers.append(key)
            self.add("payers", key, name, "", "", state, "", "", "0.00", "0.00", "0.00", "0", "NaN", "0")

    def patient(self, n):
        dice, key = Dice(f"patient/{n}"), identifier("patient", n)
        birth = datetime.date(1940 + dice.number(0, 75), dice.number(1, 12), dice.number(1, 28))
        city = CITIES[n % 4]
        korean = not city[1]
        dead = n in (7, 19)
        last = datetime.date(2023, dice.number(1, 12), dice.number(1, 28))
        race = "asian" if korean else dice.pick(["white", "black", "native", "hawaiian", "other"])
        given, family = dice.pick(GIVEN[:5] if korean else GIVEN[5:]), dice.pick(FAMILY[:6] if korean else FAMILY[6:])
        self.add("patients", key, birth, last if dead else "", f"999-00-{n:04d}", "", "", "", given, family, "", "", "M" if n % 3 else "",
                 race, "hispanic" if n % 9 == 4 else "nonhispanic", "FM"[n % 2], f"{city[0]}  {city[1] or '대한민국'}", f"{n} Sample Street, Apt {n % 5}",
                 *city[:4], f"{42 + n / 100:.6f}", f"{-71 - n / 100:.6f}", dice.money(100, 9000), dice.money(0, 500))
        years = sorted({dice.number(2014, 2022) for _ in range(dice.number(3, 6))})
        for year in years:
            start = datetime.datetime(year, dice.number(1, 12), dice.number(1, 28), dice.number(7, 17), dice.number(0, 59), dice.number(0, 59))
            self.encounter(dice, n, key, year, max(start, datetime.datetime.combine(birth, start.time())))
        if dead:
            self.encounter(dice, n, key, "death", datetime.datetime.combine(last + datetime.timedelta(7), datetime.time(9, 0)))
        for i, year in enumerate(years):
            payer = self.payers[(n + i) % 4]
            uninsured = (n + i) % 4 == 3
            self.add("payer_transitions", key, "" if uninsured else identifier("member", n, i), f"{year}-01-01T00:00:00Z", f"{year + 1}-01-01T00:00:00Z", payer,
                     self.payers[0] if n == 3 and not uninsured else "", "" if uninsured else "Self", "" if uninsured else f"{given} {family}")

    def encounter(self, dice, n, patient, label, start):
        key, z = identifier("encounter", n, label), lambda t: t.strftime("%Y-%m-%dT%H:%M:%SZ")
        kind, code, text = ("wellness", "308646001", "Death Certification") if label == "death" else dice.pick(ENCOUNTERS)
        stop = start + (datetime.timedelta(days=dice.number(1, 6)) if kind == "inpatient" else datetime.timedelta(minutes=15 * dice.number(1, 8)))
        doctor, organization = dice.pick(self.providers)
        payer, total = dice.pick(self.payers), dice.money(80, 900)
        diagnosis = dice.pick(CONDITIONS)
        self.add("encounters", key, z(start), z(stop), patient, organization, doctor, payer, kind, code, text, "77.49", total, "0.00", *diagnosis)
        self.claim(dice, key, patient, doctor, organization, payer, z(start), z(stop), total, "1", code, diagnosis[0], text)
        if label == "death":
            return
        day = start.date()
        self.add("conditions", day, "" if dice.chance(40) else day + datetime.timedelta(dice.number(1, 60)), patient, key, *diagnosis)
        for drug in [dice.pick(DRUGS)] if dice.chance(50) else []:
            open_end, fills = dice.chance(30), dice.number(1, 12)
            price = dice.number(100, 9000) / 100
            cost = f"{price * fills:.2f}"
            self.add("medications", z(start), "" if open_end else z(start + datetime.timedelta(30 * fills)), patient, payer, key, drug[0], drug[1], f"{price:.2f}",
                     "0.00", fills, cost, *drug[2:])
            self.claim(dice, key, patient, doctor, organization, payer, z(start), z(stop), cost, "2", drug[0], diagnosis[0], drug[1])
        for code, text, unit, low, high in VITALS[:dice.number(2, 5)] + [dice.pick(LABS)]:
            category = "vital-signs" if (code, text, unit, low, high) in VITALS else "laboratory"
            self.add("observations", z(start), patient, key, category, code, text, f"{dice.number(low * 10, high * 10) / 10}", unit, "numeric")
        if dice.chance(40):
            code, text, values = dice.pick(ANSWERS)
            self.add("observations", z(start), patient, key, "survey", code, text, dice.pick(values), "", "text")
        if dice.chance(60):
            code, text = dice.pick(PROCEDURES)
            self.add("procedures", z(start), z(start + datetime.timedelta(minutes=dice.number(5, 50))), patient, key, code, text, dice.money(100, 900), "", "")
        if dice.chance(30):
            self.add("immunizations", z(start), patient, key, *dice.pick(VACCINES), "140.52")
        if dice.chance(12):
            code, system, text, category = dice.pick(ALLERGENS)
            reaction = ["271737000", "Anemia (disorder)", "MILD"] if dice.chance(50) else ["", "", ""]
            self.add("allergies", day, "", patient, key, code, system, text, dice.pick(["allergy", "intolerance"]), category, *reaction, "", "", "")
        if dice.chance(15):
            text = "Lifestyle education regarding hypertension\n(두 번째 줄: 저염식, \"걷기\")" if dice.chance(50) else "Self-care interventions (procedure)"
            self.add("careplans", identifier("plan", n, label), day, "", patient, key, "443402002" if "\n" in text else "384758001", text, "59621000", "Hypertension")
        if n % 10 == 2 and dice.chance(60):
            self.add("devices", z(start), "", patient, key, "705643001", "Coronary artery stent (physical object)", f"(01)0000000000{n:04d}(21){dice.number(1000, 9999)}")
            self.add("supplies", day, patient, key, "713779008", "Nitrile examination/treatment glove  non-powdered  sterile (physical object)", dice.number(1, 24))
        if n % 7 == 1 and dice.chance(50):
            self.add("imaging_studies", identifier("image", n, label), z(start), patient, key, f"1.2.840.99999999.{n}.1", "51185008", "Chest", "DX", "Digital Radiography",
                     f"1.2.840.99999999.{n}.1.1", "1.2.840.10008.5.1.4.1.1.1.1", "Digital X-Ray Image Storage", "399208008")
            self.add("procedures", z(start), z(start + datetime.timedelta(minutes=20)), patient, key, "399208008", "Chest X-ray", "300.00", "", "")

    def claim(self, dice, encounter, patient, doctor, organization, payer, start, stop, amount, kind, code, diagnosis, note):
        key = identifier("claim", encounter, kind, code)
        self.add("claims", key, patient, doctor, payer, diagnosis, encounter, start, "CLOSED", "0", kind)
        for i, (what, method) in enumerate([("CHARGE", ""), ("PAYMENT", dice.pick(["COPAY", "CASH", "ECHECK"]))]):
            self.add("claims_transactions", identifier(key, i), key, i + 1, patient, what, amount if i == 0 else "", method, start, stop, organization, code,
                     note + ("\n(second line of the note)" if dice.chance(10) else ""), "" if i == 0 else amount, encounter, doctor)


def text_of(name, row):
    """One line of CSV as bytes. Quotes only where needed, as Synthea does."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(row)
    return out.getvalue().encode()


# Planted defects: kind, file, row it is made from, and how. Two of each kind.
def changed(column, value):
    def change(name, row):
        row = list(row)
        row[HEADERS[name].split(",").index(column)] = value
        return text_of(name, row)
    return change


def shorter(name, row):
    return text_of(name, row[:-2])


def longer(name, row):
    return text_of(name, [*row, "left over"])


def undecodable(name, row):
    description = HEADERS[name].split(",").index("DESCRIPTION")
    row = [*row[:description], "@@", *row[description + 1:]]
    return text_of(name, row).replace(b"@@", b"broken \xff\xfe bytes")


NOBODY = "00000000-0000-4000-8000-000000000000"
DEFECTS = [
    ("bad date", "conditions", 11, changed("START", "2021-13-45")),
    ("bad date", "observations", 21, changed("DATE", "yesterday")),
    ("unknown patient", "medications", 5, changed("PATIENT", NOBODY)),
    ("unknown patient", "procedures", 9, changed("PATIENT", NOBODY)),
    ("unknown code", "conditions", 31, changed("CODE", "999999999")),
    ("unknown code", "medications", 15, changed("CODE", "99999999")),
    ("ragged row", "observations", 41, shorter),
    ("ragged row", "conditions", 51, longer),
    ("undecodable bytes", "procedures", 19, undecodable),
    ("undecodable bytes", "conditions", 61, undecodable),
]


def build():
    """File name -> bytes."""
    hospital = Hospital()
    hospital.places()
    for n in range(1, 31):
        hospital.patient(n)
    files, defects = {}, ["file,line,kind\n"]
    for name, header in HEADERS.items():
        data = (b"\xef\xbb\xbf" if name == "providers" else b"") + header.encode() + b"\n"
        planted = {at: (kind, make) for kind, where, at, make in DEFECTS if where == name}
        for i, row in enumerate(hospital.rows[name]):
            if i in planted:  # an extra row: the sound one stays
                kind, make = planted[i]
                defects.append(f"{name}.csv,{data.count(10) + 1},{kind}\n")
                data += make(name, row)
            data += text_of(name, row)
        files[name + ".csv"] = data
    files["defects.csv"] = "".join(defects).encode()
    return files


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "synthea"
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in build().items():
        (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
