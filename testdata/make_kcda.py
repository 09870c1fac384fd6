#!/usr/bin/env python3
"""Exchange documents (진료정보교류, K-CDA) of the invented hospital of make_korea.py: all six document types, consents and withdrawals, as two
fictitious products write them. Usage: make_kcda.py FOLDER [PATIENTS]. One document a patient; file names say type and product.

Product A keeps to the templates: coded sections, a concern act around a problem, EDI with ATC beside it, panels, UTF-8.
Product B is older: EUC-KR, statements without acts around them, KOSTOM first and KCD as a translation, KD codes of 13 digits, results as text
with the reference as "low ~ high", sections told by a table with empty entries, times without offset.

The OIDs and required parts come from one public library (see mappings/korea/k-cda/README.md); no real document was at hand.
"""
import datetime
import pathlib
import sys
from xml.sax.saxutils import escape, quoteattr

import make_korea

OID = "1.2.410.100110.40.2."
TYPES = [("referral", "1.1", "진료의뢰서"), ("transfer", "1.2", "진료회송서"), ("reply", "1.3", "진료회신서"), ("summary", "1.4", "진료기록요약지"),
         ("imaging", "1.5", "영상의학판독소견서"), ("move", "1.6", "전원소견서"), ("consent", "2.1.1", "진료정보교류 동의서"), ("withdrawal", "2.1.2", "진료정보교류 동의 철회서")]
KCD, EDI, KD, KOSTOM, LOINC, ATC = OID + "3.2", OID + "3.3", OID + "3.4", OID + "3.1", "2.16.840.1.113883.6.1", "2.16.840.1.113883.6.73"
HOSPITAL, OTHER = "11100001", "31200002"
VITALS = {"SBP": ("8480-6", "mm[Hg]", "수축기혈압"), "DBP": ("8462-4", "mm[Hg]", "이완기혈압"), "PR": ("8867-4", "/min", "맥박"), "BT": ("8310-5", "Cel", "체온"),
          "HT": ("8302-2", "cm", "키"), "WT": ("29463-7", "kg", "체중"), "RR": ("9279-1", "/min", "호흡"), "SPO2": ("2708-6", "%", "산소포화도")}


def code(tag, value, system, name="", inner="", attributes=""):
    return f"<{tag}{attributes} code={quoteattr(value)} codeSystem=\"{system}\"" + (f" displayName={quoteattr(name)}" if name else "") + (f">{inner}</{tag}>" if inner else "/>")


def section(loinc, title, text, entries):
    return (f'<component><section><code code="{loinc}" codeSystem="{LOINC}"/><title>{title}</title><text>{text}</text>' + "".join(f"<entry>{e}</entry>" for e in entries) + "</section></component>")


def table(rows):
    return "<table><tbody>" + "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows) + "</tbody></table>"


class Product:
    def __init__(self, name):
        self.b = name == "b"
        self.encoding, self.label = ("cp949", "EUC-KR") if self.b else ("utf-8", "UTF-8")

    def day(self, t):
        return t.strftime("%Y%m%d")

    def problems(self, visit):
        out = []
        for kcd in visit["codes"]:
            plain = kcd.replace(".", "")
            if self.b:
                value = code("value", "KS" + plain, KOSTOM, "상병", code("translation", plain, KCD), ' xsi:type="CD"')
                out.append(f'<observation classCode="OBS" moodCode="EVN"><code code="ASSERTION"/><statusCode code="completed"/><effectiveTime value="{self.day(visit["start"])}"/>{value}</observation>')
            else:
                value = code("value", plain, KCD, "상병", attributes=' xsi:type="CD"')
                out.append(f'<act classCode="ACT" moodCode="EVN"><code code="CONC"/><statusCode code="active"/><effectiveTime><low value="{self.day(visit["start"])}"/></effectiveTime><entryRelationship typeCode="SUBJ">'
                           f'<observation classCode="OBS" moodCode="EVN"><code code="ASSERTION"/><statusCode code="completed"/><effectiveTime><low value="{self.day(visit["start"])}"/></effectiveTime>{value}</observation></entryRelationship></act>')
        return section("11450-4", "진단", table([[self.day(visit["start"]), c] for c in visit["codes"]]), out)

    def medications(self, visit):
        out, rows = [], []
        for drug, edi in visit["drugs"]:
            atc = next(a for e, _, a in make_korea.DRUGS if e == edi)
            material = code("code", make_korea.ean13("880" + edi), KD) if self.b else code("code", edi, EDI, "약품", code("translation", atc, ATC))
            dose = f'<text>1회 1정 1일 {drug["TIMES"]}회 {drug["DAYS"]}일분</text>' if self.b else ""
            value = "" if self.b else '<doseQuantity value="1" unit="정"/>'
            until = self.day(drug["ORD_DT"] + datetime.timedelta(days=int(drug["DAYS"]) - 1))
            out.append(f'<substanceAdministration classCode="SBADM" moodCode="EVN">{dose}<statusCode code="completed"/><effectiveTime xsi:type="IVL_TS"><low value="{self.day(drug["ORD_DT"])}"/>'
                       f'<high value="{until}"/></effectiveTime>{value}<consumable><manufacturedProduct><manufacturedMaterial>{material}</manufacturedMaterial></manufacturedProduct></consumable></substanceAdministration>')
            rows.append([edi, drug["TIMES"], drug["DAYS"]])
        return section("10160-0", "투약", table(rows), out)

    def results(self, visit):
        out, rows = [], []
        for lab in visit["labs"]:
            loinc = make_korea.LOINC[lab["LAB_CD"]]
            when = lab["RESULT_DT"].strftime("%Y%m%d%H%M%S") + ("" if self.b else "+0900")
            name = code("code", loinc, LOINC)
            low, _, high = lab["REF"].partition(" ~ ")
            if self.b:
                value = f'<value xsi:type="ST">{escape(lab["RESULT"])}</value>'
                reference = f'<referenceRange><observationRange><text>{escape(lab["REF"])}</text></observationRange></referenceRange>'
            else:
                value = f'<value xsi:type="PQ" value="{lab["RESULT"]}" unit="{lab["UNIT"]}"/>'
                reference = f'<referenceRange><observationRange><value xsi:type="IVL_PQ"><low value="{low}"/><high value="{high}"/></value></observationRange></referenceRange>'
            observation = f'<observation classCode="OBS" moodCode="EVN">{name}<statusCode code="completed"/><effectiveTime value="{when}"/>{value}{reference}</observation>'
            out.append(observation if self.b else f'<organizer classCode="BATTERY" moodCode="EVN"><statusCode code="completed"/><component>{observation}</component></organizer>')
            rows.append([lab["RESULT"], lab["REF"]])
        # Words where a number stands elsewhere.
        name = code("code", "5778-6", LOINC)
        out.append(f'<observation classCode="OBS" moodCode="EVN">{name}<statusCode code="completed"/><effectiveTime value="{self.day(visit["start"])}"/><value xsi:type="ST">Negative(-)</value></observation>')
        return section("30954-2", "검사", table(rows), out)

    def vitals(self, hospital, visit):
        out = []
        for row in hospital.rows["vitals"]:
            if row["ENC_NO"] != visit["no"]:
                continue
            loinc, unit, name = VITALS[row["VS_CD"]]
            out.append(f'<observation classCode="OBS" moodCode="EVN">{code("code", loinc, LOINC, name)}<statusCode code="completed"/><effectiveTime value="{row["VS_DT"]:%Y%m%d%H%M%S}+0900"/>'
                       f'<value xsi:type="PQ" value="{row["VS_VAL"]}" unit="{unit}"/></observation>')
        return section("8716-3", "활력징후", "", [f'<organizer classCode="CLUSTER" moodCode="EVN"><statusCode code="completed"/>' + "".join(f"<component>{o}</component>" for o in out) + "</organizer>"])

    def procedures(self, visit):
        entry = (f'<procedure classCode="PROC" moodCode="EVN">{code("code", "Q2861", EDI, "충수절제술")}<statusCode code="completed"/><effectiveTime value="{self.day(visit["start"])}"/></procedure>')
        return section("47519-4", "수술 및 처치", "충수절제술", [entry])

    def allergies(self, visit):
        entry = (f'<act classCode="ACT" moodCode="EVN"><code code="CONC"/><statusCode code="active"/><entryRelationship typeCode="SUBJ"><observation classCode="OBS" moodCode="EVN"><code code="ASSERTION"/>'
                 f'<statusCode code="completed"/><effectiveTime><low value="{self.day(visit["start"])}"/></effectiveTime><participant typeCode="CSM"><participantRole classCode="MANU"><playingEntity classCode="MMAT">'
                 f'{code("code", "641100270", EDI, "약품")}</playingEntity></participantRole></participant></observation></entryRelationship></act>')
        return section("48765-2", "알레르기", "약물 알레르기", [entry])

    def header(self, kind, oid, title, person, n):
        time = f"20250331{9 + n % 8:02d}{n // 8 % 60:02d}00"
        root = OID + oid
        pid = f"1.2.410.100110.10.{HOSPITAL}" + (".1" if self.b else "")
        recipient = ""
        if kind in ("referral", "transfer", "reply", "move"):
            recipient = (f'<informationRecipient><intendedRecipient><receivedOrganization><id root="1.2.410.100110.10.{OTHER}" extension="{OTHER}"/><name>가상의원</name><telecom value="tel:02-000-0002"/></receivedOrganization>'
                         "</intendedRecipient></informationRecipient>")
        policy = {"consent": "2.2.3" if self.b else "2.2.2", "withdrawal": "2.2.5" if self.b else "2.2.4"}.get(kind)
        consent = f'<authorization><consent><code code="{OID}{policy}"/><statusCode code="completed"/></consent></authorization>' if policy else ""
        return (f'<?xml version="1.0" encoding="{self.label}"?>\n<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
                f'<realmCode code="KR"/><typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/><templateId root="{root}"/><id root="{root}.{HOSPITAL}.{time}{n:06d}"/>'
                f'<title>{title}</title><effectiveTime value="{time}+0900"/><confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25"/><languageCode code="{"ko" if self.b else "ko-KR"}"/>'
                f'<recordTarget><patientRole><id root="{pid}" extension="{person["no"]}"/><patient><name>{person["name"]}</name><administrativeGenderCode code="{"F" if person["female"] else "M"}" codeSystem="2.16.840.1.113883.5.1"/>'
                f'<birthTime value="{person["birth"]:%Y%m%d}"/></patient></patientRole></recordTarget>'
                f'<author><time value="{time}+0900"/><assignedAuthor><id root="{pid}" extension="D1"/><assignedPerson><name>김가상</name></assignedPerson></assignedAuthor></author>'
                f'<custodian><assignedCustodian><representedCustodianOrganization><id root="1.2.410.100110.10.{HOSPITAL}"/><name>가상종합병원</name><telecom value="tel:02-000-0001"/></representedCustodianOrganization></assignedCustodian></custodian>'
                f'{recipient}<legalAuthenticator><time value="{time}+0900"/><signatureCode code="S"/><assignedEntity><id root="{pid}" extension="D1"/><assignedPerson><name>김가상</name></assignedPerson></assignedEntity></legalAuthenticator>{consent}')

    def encounter(self, visit):
        kind = {"O": "AMB", "I": "IMP", "E": "EMER"}[visit["kind"]]
        return (f'<componentOf><encompassingEncounter><id root="1.2.410.100110.10.{HOSPITAL}" extension="{visit["no"]}"/>{code("code", kind, "2.16.840.1.113883.5.4")}'
                f'<effectiveTime><low value="{visit["start"]:%Y%m%d%H%M%S}+0900"/><high value="{visit["end"]:%Y%m%d%H%M%S}+0900"/></effectiveTime><location><healthCareFacility>'
                f'{code("code", make_korea.HIRA[visit["dept"]] + "00", OID + "3.5")}</healthCareFacility></location></encompassingEncounter></componentOf>')

    def document(self, hospital, n, kind, oid, title, person, visit):
        body = []
        if kind in ("referral", "transfer", "reply", "summary"):
            body = [self.problems(visit), self.medications(visit), self.results(visit), self.allergies(visit)]
        if kind == "imaging":
            body = [section("18748-4", "판독", "흉부 특이소견 없음", [])]
        if kind == "move":
            body = [self.problems(visit), self.procedures(visit), self.vitals(hospital, visit), section("51848-0", "평가", "안정 상태로 전원", [])]
        if kind == "summary" and self.b:  # a table of values with an entry that is empty
            body.append(section("8716-3", "활력징후", table([["혈압", "120/80"]]), ["<observation classCode=\"OBS\" moodCode=\"EVN\" nullFlavor=\"NI\"><code nullFlavor=\"NI\"/></observation>"]))
        if kind in ("referral", "transfer", "reply", "summary") and visit["kind"] != "O":
            body += [self.procedures(visit), self.vitals(hospital, visit)]
        about = self.encounter(visit) if body and kind != "imaging" else ""
        component = about + f"<component><structuredBody>{''.join(body)}</structuredBody></component>" if body else ""
        return (self.header(kind, oid, title, person, n) + component + "</ClinicalDocument>\n").encode(self.encoding)


def write(hospital, folder):
    """Writes the documents; answers (file, type, product, visit) of each."""
    folder.mkdir(parents=True, exist_ok=True)
    out, products = [], (Product("a"), Product("b"))
    for n, (no, person) in enumerate(hospital.people.items()):
        visit = next(v for v in hospital.visits if v["person"] is person)
        kind, oid, title = TYPES[n % len(TYPES)]
        product = products[n // len(TYPES) % 2]
        name = f"{kind}-{'b' if product.b else 'a'}-{n:03d}.xml"
        (folder / name).write_bytes(product.document(hospital, n, kind, oid, title, person, visit))
        out.append((name, kind, "b" if product.b else "a", visit))
    return out


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    hospital = make_korea.Hospital(int(sys.argv[2]) if len(sys.argv) > 2 else 16)
    print(len(write(hospital, pathlib.Path(sys.argv[1]))), "documents")


if __name__ == "__main__":
    main()
