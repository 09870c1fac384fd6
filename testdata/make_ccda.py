#!/usr/bin/env python3
"""Makes testdata/ccda: small C-CDA documents of people who never were, one of each body: ccd.xml (R2.1, every kind of entry that is read),
r11.xml (R1.1, prefixes, no declaration, EUC-KR by declaration in korean.xml) and unstructured.xml. Run it again after changing it."""
import pathlib

HERE = pathlib.Path(__file__).resolve().parent / "ccda"
SNOMED, LOINC, RXNORM, CVX = ("2.16.840.1.113883.6." + x for x in ("96", "1", "88", "59"))
NAMESPACES = 'xmlns="urn:hl7-org:v3" xmlns:sdtc="urn:hl7-org:sdtc" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def header(given, family, birth, gender, number, time, title, code, template, extension=' extension="2015-08-01"'):
    return f"""<ClinicalDocument {NAMESPACES}>
  <realmCode code="US"/>
  <typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>
  <templateId root="2.16.840.1.113883.10.20.22.1.1"{extension}/>
  <templateId root="{template}"{extension}/>
  <id root="1.2.3.4.5" extension="{number}"/>
  <code code="{code}" codeSystem="{LOINC}"/>
  <title>{title}</title>
  <effectiveTime value="{time}"/>
  <languageCode code="en-US"/>
  <recordTarget>
    <patientRole>
      <id root="1.2.3.4" extension="{number}"/>
      <addr use="HP"><streetAddressLine>1 Nowhere Road</streetAddressLine><city>Beaverton</city><state>OR</state><postalCode>97867</postalCode><country>US</country></addr>
      <patient>
        <name use="L"><given>{given}</given><family>{family}</family></name>
        <administrativeGenderCode code="{gender}" codeSystem="2.16.840.1.113883.5.1"/>
        <birthTime value="{birth}"/>
        <raceCode code="2106-3" codeSystem="2.16.840.1.113883.6.238"/>
        <ethnicGroupCode code="2186-5" codeSystem="2.16.840.1.113883.6.238"/>
      </patient>
    </patientRole>
  </recordTarget>
  <author>
    <time value="{time}"/>
    <assignedAuthor><id root="2.16.840.1.113883.4.6" extension="111111"/></assignedAuthor>
  </author>
"""


def section(code, template, title, text, entries="", extension=' extension="2015-08-01"'):
    return f"""      <component>
        <section>
          <templateId root="{template}"/>
          <templateId root="{template}"{extension}/>
          <code code="{code}" codeSystem="{LOINC}"/>
          <title>{title}</title>
          <text>{text}</text>
{entries}        </section>
      </component>
"""


def code(name, value, system, display=""):
    shown = f' displayName="{display}"' if display else ""
    return f'<{name} code="{value}" codeSystem="{system}"{shown}/>'


def concern(value, low, more="", negated=""):
    return f"""          <entry typeCode="DRIV">
            <act classCode="ACT" moodCode="EVN">
              <id root="1.2.3.4.6"/><code code="CONC" codeSystem="2.16.840.1.113883.5.6"/><statusCode code="active"/>
              <effectiveTime><low value="{low}"/></effectiveTime>
              <entryRelationship typeCode="SUBJ">
                <observation classCode="OBS" moodCode="EVN"{negated}>
                  <id root="1.2.3.4.7"/>{code("code", "55607006", SNOMED)}<statusCode code="completed"/>
                  <effectiveTime><low value="{low}"/></effectiveTime>
                  {value}{more}
                </observation>
              </entryRelationship>
            </act>
          </entry>
"""


def drug(what, low, high="", more="", system=RXNORM, negated="", mood="EVN", status="active"):
    end = f'<high value="{high}"/>' if high else ""
    return f"""          <entry typeCode="DRIV">
            <substanceAdministration classCode="SBADM" moodCode="{mood}"{negated}>
              <statusCode code="{status}"/>
              <effectiveTime xsi:type="IVL_TS"><low value="{low}"/>{end}</effectiveTime>{more}
              <consumable><manufacturedProduct classCode="MANU"><manufacturedMaterial>{code("code", what, system)}</manufacturedMaterial></manufacturedProduct></consumable>
            </substanceAdministration>
          </entry>
"""


def panel(time, observations):
    inner = "".join(
        f"""              <component><observation classCode="OBS" moodCode="EVN">{code("code", what, LOINC)}<statusCode code="completed"/><effectiveTime value="{time}"/>{value}</observation></component>
""" for what, value in observations)
    return f"""          <entry typeCode="DRIV">
            <organizer classCode="BATTERY" moodCode="EVN"><code nullFlavor="UNK"/><statusCode code="completed"/>
{inner}            </organizer>
          </entry>
"""


def quantity(value, unit):
    return f'<value xsi:type="PQ" value="{value}" unit="{unit}"/>'


def body(sections):
    return "  <component>\n    <structuredBody>\n" + "".join(sections) + "    </structuredBody>\n  </component>\n</ClinicalDocument>\n"


def problem(value, display):
    return f'<value xsi:type="CD" code="{value}" codeSystem="{SNOMED}" displayName="{display}"/>'


def ccd():
    allergy = f"""<participant typeCode="CSM"><participantRole classCode="MANU"><playingEntity classCode="MMAT">{code("code", "1191", RXNORM, "aspirin")}</playingEntity></participantRole></participant>"""
    visit = f"""          <entry><encounter classCode="ENC" moodCode="EVN"><id root="1.2.3.4.8" extension="e1"/><code code="99213" codeSystem="2.16.840.1.113883.6.12"/>
            <effectiveTime><low value="202001021000-0500"/><high value="202001021030-0500"/></effectiveTime></encounter></entry>
"""
    smoking = f"""          <entry><observation classCode="OBS" moodCode="EVN">{code("code", "72166-2", LOINC)}<statusCode code="completed"/><effectiveTime value="20200102"/>
            {problem("449868002", "Current every day smoker")}</observation></entry>
"""
    plan = f"""          <entry><observation classCode="OBS" moodCode="RQO">{code("code", "2339-0", LOINC)}<statusCode code="active"/><effectiveTime value="20200601"/></observation></entry>
"""
    done = f"""          <entry><procedure classCode="PROC" moodCode="EVN">{code("code", "73761001", SNOMED, "Colonoscopy")}<statusCode code="completed"/><effectiveTime value="20191115"/></procedure></entry>
"""
    vaccine = drug("140", "20191001", system=CVX, status="completed") + drug("33", "20191001", system=CVX, status="completed", negated=' negationInd="true"')
    return ('<?xml version="1.0" encoding="UTF-8"?>\n<?xml-stylesheet type="text/xsl" href="CDA.xsl"?>\n' +
            header("Ada", "Sample", "19500304", "F", "s-1", "20200301120000-0500", "Continuity of Care", "34133-9", "2.16.840.1.113883.10.20.22.1.2") +
            body([
                section("48765-2", "2.16.840.1.113883.10.20.22.2.6.1", "Allergies", "Aspirin", concern(problem("416098002", "Drug allergy"), "20100101", allergy)),
                section("10160-0", "2.16.840.1.113883.10.20.22.2.1.1", "Medications", "Lisinopril 10 mg daily", drug("314076", "20200102", more='<doseQuantity value="1"/>') + drug("197361", "20200301", mood="INT")),
                section("11450-4", "2.16.840.1.113883.10.20.22.2.5.1", "Problems", "Hypertension; no diabetes", concern(problem("59621000", "Essential hypertension"), "20180501") + concern(problem("44054006", "Type 2 diabetes"), "20180501", negated=' negationInd="true"')),
                section("47519-4", "2.16.840.1.113883.10.20.22.2.7.1", "Procedures", "Colonoscopy", done),
                section("30954-2", "2.16.840.1.113883.10.20.22.2.3.1", "Results", "see entries", panel("20200102101500-0500", [("2339-0", quantity("101", "mg/dL")), ("718-7", quantity("13.2", "g/dL")), ("4548-4", quantity("6.1", "%"))])),
                section("8716-3", "2.16.840.1.113883.10.20.22.2.4.1", "Vital signs", "see entries", panel("20200102100500-0500", [("8480-6", quantity("142", "mm[Hg]")), ("8462-4", quantity("88", "mm[Hg]"))])),
                section("11369-6", "2.16.840.1.113883.10.20.22.2.2.1", "Immunizations", "Influenza; pneumococcal refused", vaccine),
                section("46240-8", "2.16.840.1.113883.10.20.22.2.22.1", "Encounters", "Office visit", visit),
                section("29762-2", "2.16.840.1.113883.10.20.22.2.17", "Social history", "Smokes", smoking),
                section("18776-5", "2.16.840.1.113883.10.20.22.2.10", "Plan", "Glucose in June", plan),
                section("51848-0", "2.16.840.1.113883.10.20.22.2.8", "Assessment", "<paragraph>Blood pressure above goal.</paragraph><list><item>Salt</item><item>Weight</item></list>"),
                section("61146-7", "2.16.840.1.113883.10.20.22.2.60", "Goals", "Goal information is not available."),
            ]))


def r11():
    text = header("Bob", "Sample", "1944", "M", "s-2", "20150101", "Discharge", "18842-5", "2.16.840.1.113883.10.20.22.1.8", "") + body([
        section("11535-2", "2.16.840.1.113883.10.20.22.2.24", "Discharge diagnosis", "Hypertension", concern(problem("59621000", "Essential hypertension"), "2014"), ""),
        section("8648-8", "1.3.6.1.4.1.19376.1.5.3.1.3.5", "Hospital course", "Went <content styleCode='Bold'>well</content>.", "", ""),
    ])
    return text


def unstructured():
    return ('<?xml version="1.0"?>\n' + header("Cid", "Sample", "19700707", "M", "s-3", "20190909", "Scan", "34133-9", "2.16.840.1.113883.10.20.22.1.10") +
            '  <component><nonXMLBody><text mediaType="application/pdf" representation="B64">JVBERi0xLjQKJSBub3RoaW5nCg==</text></nonXMLBody></component>\n</ClinicalDocument>\n')


def main():
    HERE.mkdir(exist_ok=True)
    (HERE / "ccd.xml").write_text(ccd(), encoding="utf-8")
    (HERE / "r11.xml").write_text(r11(), encoding="utf-8")
    (HERE / "unstructured.xml").write_text(unstructured(), encoding="utf-8")
    korean = r11().replace("Bob", "길동").replace("s-2", "s-4").replace("Hospital course", "경과")
    (HERE / "korean.xml").write_bytes(('<?xml version="1.0" encoding="euc-kr"?>\n' + korean).encode("euc-kr"))


if __name__ == "__main__":
    main()
