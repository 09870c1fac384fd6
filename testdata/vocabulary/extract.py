#!/usr/bin/env python3
"""Makes this folder's sample vocabulary: a few hundred facts (ids, codes, names) in Athena's own file form.

usage: extract.py SHARED_DATA TARGET     (SHARED_DATA/vocabulary, SHARED_DATA/csv/synthea; see README.md)
Rows come from the public vocabulary shard of OHDSI's Synthea27Nj sample where it has them, else from the list below.
The same input gives the same bytes.
"""
import csv
import pathlib
import sys

FIELDS = ["concept_id", "concept_name", "domain_id", "vocabulary_id", "concept_class_id", "standard_concept", "concept_code",
          "valid_start_date", "valid_end_date", "invalid_reason"]

# Rows the shard lacks: id, name, domain, vocabulary, class, standard, code.
ROWS = """
0|No matching concept|Metadata|None|Undefined||No matching concept
8507|MALE|Gender|Gender|Gender|S|M
8532|FEMALE|Gender|Gender|Gender|S|F
8527|White|Race|Race|Race|S|5
8516|Black or African American|Race|Race|Race|S|3
8515|Asian|Race|Race|Race|S|2
8657|American Indian or Alaska Native|Race|Race|Race|S|1
8557|Native Hawaiian or Other Pacific Islander|Race|Race|Race|S|4
38003585|Korean|Race|Race|Race|S|2.12
262|Emergency Room and Inpatient Visit|Visit|Visit|Visit|S|ERIP
32817|EHR|Type Concept|Type Concept|Type Concept|S|OMOP4976890
32818|EHR administration record|Type Concept|Type Concept|Type Concept|S|OMOP4976891
32827|EHR encounter record|Type Concept|Type Concept|Type Concept|S|OMOP4976900
32833|EHR order|Type Concept|Type Concept|Type Concept|S|OMOP4976906
32838|EHR prescription|Type Concept|Type Concept|Type Concept|S|OMOP4976911
32840|EHR problem list|Type Concept|Type Concept|Type Concept|S|OMOP4976913
32856|Lab|Type Concept|Type Concept|Type Concept|S|OMOP4976929
32882|Standard algorithm from EHR|Type Concept|Type Concept|Type Concept|S|OMOP4976955
4171754|<=|Meas Value Operator|SNOMED|Qualifier Value|S|276138003
4171755|>=|Meas Value Operator|SNOMED|Qualifier Value|S|276137008
4171756|<|Meas Value Operator|SNOMED|Qualifier Value|S|276139006
4172703|=|Meas Value Operator|SNOMED|Qualifier Value|S|276136004
4172704|>|Meas Value Operator|SNOMED|Qualifier Value|S|276140008
4311629|Impaired glucose tolerance|Condition|SNOMED|Clinical Finding|S|9414007
35207668|Essential (primary) hypertension|Condition|ICD10CM|3-char billing code||I10
35206882|Type 2 diabetes mellitus without complications|Condition|ICD10CM|4-char billing code||E11.9
44821949|Unspecified essential hypertension|Condition|ICD9CM|4-dig billing code||401.9
40213154|Influenza, seasonal, injectable, preservative free|Drug|CVX|CVX|S|140
40213153|Influenza, seasonal, injectable|Drug|CVX|CVX|S|141
40213227|tetanus and diphtheria toxoids, adsorbed, preservative free, for adult use (5 Lf of tetanus toxoid and 2 Lf of diphtheria toxoid)|Drug|CVX|CVX|S|113
40213260|zoster vaccine, live|Drug|CVX|CVX|S|121
40213306|hepatitis B vaccine, adult dosage|Drug|CVX|CVX|S|43
40213201|pneumococcal polysaccharide vaccine, 23 valent|Drug|CVX|CVX|S|33
40213198|pneumococcal conjugate vaccine, 13 valent|Drug|CVX|CVX|S|133
40213183|measles, mumps and rubella virus vaccine|Drug|CVX|CVX|S|03
40213322|Human Papillomavirus 9-valent vaccine|Drug|CVX|CVX|S|165
40213296|hepatitis A vaccine, adult dosage|Drug|CVX|CVX|S|52
1308216|lisinopril|Drug|RxNorm|Ingredient|S|29046
974166|hydrochlorothiazide|Drug|RxNorm|Ingredient|S|5487
1332418|amlodipine|Drug|RxNorm|Ingredient|S|17767
1539403|simvastatin|Drug|RxNorm|Ingredient|S|36567
1125315|acetaminophen|Drug|RxNorm|Ingredient|S|161
1124957|oxycodone|Drug|RxNorm|Ingredient|S|7804
1177480|ibuprofen|Drug|RxNorm|Ingredient|S|5640
1322184|clopidogrel|Drug|RxNorm|Ingredient|S|32968
1361711|nitroglycerin|Drug|RxNorm|Ingredient|S|4917
1545958|atorvastatin|Drug|RxNorm|Ingredient|S|83367
1713332|amoxicillin|Drug|RxNorm|Ingredient|S|723
1759842|clavulanate|Drug|RxNorm|Ingredient|S|48203
1129625|diphenhydramine|Drug|RxNorm|Ingredient|S|3498
1107830|loratadine|Drug|RxNorm|Ingredient|S|28889
1115008|naproxen|Drug|RxNorm|Ingredient|S|7258
1149380|fluticasone|Drug|RxNorm|Ingredient|S|41126
1154343|albuterol|Drug|RxNorm|Ingredient|S|435
1343916|epinephrine|Drug|RxNorm|Ingredient|S|3992
1340128|captopril|Drug|RxNorm|Ingredient|S|1998
1836430|sulfamethoxazole|Drug|RxNorm|Ingredient|S|10180
1705674|trimethoprim|Drug|RxNorm|Ingredient|S|10829
1503184|mestranol|Drug|RxNorm|Ingredient|S|6782
19021481|norethynodrel|Drug|RxNorm|Ingredient|S|7515
2000000101|Other gastroenteritis and colitis|Condition|KCD7|KCD7 code||A09
2000000102|Malignant neoplasm of breast, unspecified|Condition|KCD7|KCD7 code||C50.9
2000000103|Anaemia, unspecified|Condition|KCD7|KCD7 code||D64.9
2000000104|Type 2 diabetes mellitus|Condition|KCD7|KCD7 code||E11
2000000105|Type 2 diabetes mellitus without complications|Condition|KCD7|KCD7 code||E11.9
2000000106|Hyperlipidaemia, unspecified|Condition|KCD7|KCD7 code||E78.5
2000000107|Essential (primary) hypertension|Condition|KCD7|KCD7 code||I10
2000000108|Other and unspecified primary hypertension|Condition|KCD7|KCD7 code||I10.9
2000000109|Acute myocardial infarction, unspecified|Condition|KCD7|KCD7 code||I21.9
2000000110|Atherosclerotic heart disease|Condition|KCD7|KCD7 code||I25.1
2000000111|Acute pharyngitis, unspecified|Condition|KCD7|KCD7 code||J02.9
2000000112|Acute bronchitis, unspecified|Condition|KCD7|KCD7 code||J20.9
2000000113|Chronic sinusitis, unspecified|Condition|KCD7|KCD7 code||J32.9
2000000114|Acute appendicitis, other and unspecified|Condition|KCD7|KCD7 code||K35.8
2000000115|Polyp of colon|Condition|KCD7|KCD7 code||K63.5
2000000116|Asphyxia and hypoxaemia|Condition|KCD7|KCD7 code||R09.0
2000000117|Sprain and strain of ankle|Condition|KCD7|KCD7 code||S93.4
2000000118|General medical examination|Condition|KCD7|KCD7 code||Z00.0
2000000201|Cardiac arrest, unspecified|Condition|ICD10|ICD10 code||I46.9
2000000202|Pre-eclampsia, unspecified|Condition|ICD10|ICD10 code||O14.9
2000000301|Norvasc 5mg tab (amlodipine)|Drug|EDI|Drug Product||648900030
2000000302|Norvasc 2.5mg tab (amlodipine)|Drug|EDI|Drug Product||648903430
2000000303|Lipitor 80mg tab (atorvastatin)|Drug|EDI|Drug Product||648900280
2000000304|Plavix 75mg tab (clopidogrel)|Drug|EDI|Drug Product||652101570
2000000305|Zocor 20mg tab (simvastatin)|Drug|EDI|Drug Product||655500690
2000000306|Zestril 10mg tab (lisinopril)|Drug|EDI|Drug Product||642001330
2000000307|Aspirin Protect 100mg tab|Drug|EDI|Drug Product||641100270
2000000308|WBC count|Measurement|EDI|Proc Hierarchy||D0002010
2000000309|Hemoglobin|Measurement|EDI|Proc Hierarchy||D0002050
2000000310|Injection, subcutaneous or intramuscular|Procedure|EDI|Proc Hierarchy||KK010
2000000311|Colonoscopy|Procedure|EDI|Proc Hierarchy||E7660
2000000312|Appendectomy|Procedure|EDI|Proc Hierarchy||Q2861
2000000313|Initial consultation fee|Observation|EDI|Proc Hierarchy||AA154
2000000314|Coronary artery stent (material; the code is invented)|Device|EDI|Device||J5083001
2000000401|amlodipine besylate 6.944mg tab|Drug|KDC|Clinical Drug||107601ATB
2000000402|amlodipine besylate 3.472mg tab|Drug|KDC|Clinical Drug||107603ATB
2000000403|atorvastatin calcium 86.8mg tab|Drug|KDC|Clinical Drug||111504ATB
2000000404|clopidogrel 97.875mg tab|Drug|KDC|Clinical Drug||136901ATB
2000000405|simvastatin 20mg tab|Drug|KDC|Clinical Drug||227801ATB
2000000406|lisinopril 10mg tab|Drug|KDC|Clinical Drug||184501ATB
2000000407|aspirin 100mg enteric tab|Drug|KDC|Clinical Drug||111001ATE
32810|Claim|Type Concept|Type Concept|Type Concept|S|OMOP4976883
32831|EHR note|Type Concept|Type Concept|Type Concept|S|OMOP4976904
32836|EHR physical examination|Type Concept|Type Concept|Type Concept|S|OMOP4976909
4132161|Oral|Route|SNOMED|Qualifier Value|S|26643006
4142048|Subcutaneous|Route|SNOMED|Qualifier Value|S|34206005
4171047|Intravenous|Route|SNOMED|Qualifier Value|S|47625008
4181897|Buccal route|Route|SNOMED|Qualifier Value|S|54471007
4292110|Sublingual route|Route|SNOMED|Qualifier Value|S|37839007
40549429|Ocular route|Route|SNOMED|Qualifier Value|S|372454008
4263689|Topical route|Route|SNOMED|Qualifier Value|S|6064005
4262099|Transdermal route|Route|SNOMED|Qualifier Value|S|45890007
40486069|Respiratory tract route|Route|SNOMED|Qualifier Value|S|447694001
4290759|Rectal route|Route|SNOMED|Qualifier Value|S|37161004
4057765|Vaginal route|Route|SNOMED|Qualifier Value|S|16857009
9189|Negative|Meas Value|SNOMED|Qualifier Value|S|260385009
9191|Positive|Meas Value|SNOMED|Qualifier Value|S|10828004
32902|Primary diagnosis|Condition Status|Condition Status|Condition Status|S|OMOP4976975
32908|Secondary diagnosis|Condition Status|Condition Status|Condition Status|S|OMOP4976981
3016723|Creatinine [Mass/volume] in Serum or Plasma|Measurement|LOINC|Lab Test|S|2160-0
2000000001|General adult examination, hospital's own code|Observation|SAMPLE|Local code||EXAM-01
2000000002|Sample hospital codes|Metadata|Vocabulary|Vocabulary||OMOP generated
""".strip().splitlines()

# "Maps to" and "Maps to value" the shard's relationship file does not carry for the rows above.
KOREAN_MAPS = [(2000000102, 4112853), (2000000103, 439777), (2000000104, 201826), (2000000105, 201826), (2000000106, 432867), (2000000107, 320128), (2000000108, 320128), (2000000109, 4329847), (2000000110, 317576), (2000000111, 4112343), (2000000112, 260139), (2000000113, 257012), (2000000114, 440448), (2000000115, 4285898), (2000000116, 437390), (2000000117, 81151), (2000000118, 4203722), (2000000201, 321042), (2000000202, 439393), (2000000301, 1332419), (2000000302, 19073094), (2000000303, 1545959), (2000000304, 19075601), (2000000305, 1539411), (2000000306, 19080128), (2000000307, 1112807), (2000000310, 4295880), (2000000311, 4249893), (2000000313, 4085798), (2000000314, 45767945), (2000000401, 1332419), (2000000402, 19073094), (2000000403, 1545959), (2000000404, 19075601), (2000000405, 1539411), (2000000406, 19080128), (2000000407, 1112807)]
MAPS = [(one, "Maps to", two) for one, two in KOREAN_MAPS] + [(35206882, "Maps to", 201826), (2000000001, "Maps to", 4203722), (2000000001, "Maps to value", 4036803)]

# Clinical drug -> its ingredients (by name: they are in the name of the drug).
INGREDIENTS = {19080128: [1308216], 19078106: [974166], 19073094: [1332418], 1332419: [1332418], 1539463: [1539403], 1539411: [1539403],
               1127433: [1125315], 19020053: [1125315], 19041324: [1125315], 40231918: [1125315, 1124957], 19019979: [1177480],
               19075601: [1322184], 19126352: [1361711], 1545959: [1545958], 1713671: [1713332, 1759842], 40232448: [1129625],
               19125062: [1107830], 1115171: [1115008], 40169216: [1149380], 1511248: [1154343], 1594382: [1343916], 19133768: [1340128]}

DRUGS = set(INGREDIENTS) | {36029301, 36030092, 1112807, 1729720}
UNITS = ("cm mm m kg g mg ug ng L mL uL % kg/m2 mm[Hg] [lb_us] /min a mo wk d h min s mg/dL g/dL g/L ng/mL ng/dL ug/dL mmol/L umol/L 10*3/uL 10*6/uL "
         "10*9/L fL pg [U]/L [iU]/L Cel [degF] [in_i] mL/min {tbl} {ratio} [score] pH /y 10*3.[U]/L mm/h").split()
LOINC = ("8302-2 29463-7 8462-4 8480-6 8867-4 9279-1 39156-5 8310-5 2708-6 72514-3 72166-2 2339-0 6299-2 38483-4 49765-1 2947-0 6298-4 2069-3 20565-8 "
         "2093-3 2571-8 18262-6 2085-9 4548-4 33914-3 6690-2 789-8 718-7 4544-3 787-2 785-6 786-4 777-3 1751-7 1742-6 1920-8 1975-2 2885-2 32623-1 "
         "55758-7 67875-5 76437-3 82589-3 93030-5 56051-6 32624-9 63512-8 71802-3 85354-9 21908-9").split()
# Vocabulary rows: id, name, version, concept id.
VOCABULARIES = [("None", "OMOP Standardized Vocabularies", "sample of v5.0 facts", 44819096), ("SNOMED", "Systematic Nomenclature of Medicine - Clinical Terms (IHTSDO)", "", 44819097),
                ("LOINC", "Logical Observation Identifiers Names and Codes (Regenstrief Institute)", "", 44819102), ("RxNorm", "RxNorm (NLM)", "", 44819104),
                ("UCUM", "Unified Code for Units of Measure (Regenstrief Institute)", "", 44819107), ("Gender", "OMOP Gender", "", 44819108),
                ("Race", "Race and Ethnicity Code Set (USBC)", "", 44819109), ("CVX", "CDC Vaccine Administered CVX (NCIRD)", "", 581400),
                ("Ethnicity", "OMOP Ethnicity", "", 44819134), ("Visit", "OMOP Visit", "", 44819119), ("Type Concept", "OMOP Type Concept", "", 32808),
                ("ICD10CM", "International Classification of Diseases, Tenth Revision, Clinical Modification (NCHS)", "", 44819098),
                ("ICD9CM", "International Classification of Diseases, Ninth Revision, Clinical Modification, Volume 1 and 2 (NCHS)", "", 5046),
                ("KCD7", "Korean Classification of Diseases, 7th revision (Statistics Korea)", "sample", 2000000003), ("EDI", "Korean Electronic Data Interchange codes (HIRA)", "sample", 2000000004),
                ("KDC", "Korean main ingredient codes (HIRA)", "sample", 2000000005), ("ICD10", "International Classification of Diseases, Tenth Revision (WHO)", "sample", 2000000006),
                ("Condition Status", "OMOP Condition Status", "", 32887), ("SAMPLE", "Sample hospital codes", "1", 2000000002), ("Vocabulary", "OMOP Vocabulary", "", 44819232)]


def rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def codes_in(data, name, limit):
    seen = {}
    for row in rows(data / "csv" / "synthea" / name):
        code = {k.upper(): v for k, v in row.items()}["CODE"]
        seen[code] = seen.get(code, 0) + 1
    return [code for code, _ in sorted(seen.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]]


def write(path, header, lines):
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write("\t".join(header) + "\n")
        for line in lines:
            file.write("\t".join(str(cell) for cell in line) + "\n")


def main():
    data, target = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    shard = {int(row["concept_id"]): row for row in rows(data / "vocabulary" / "CONCEPT.csv")}
    by_code = {(row["vocabulary_id"], row["concept_code"]): id for id, row in shard.items()}
    concepts = {}
    for line in ROWS:
        values = line.split("|")
        concepts[int(values[0])] = values + ["19700101", "20991231", ""]
    wanted = set(DRUGS) | {4112853, 9201, 9202, 9203, 38003563, 38003564, 4203722, 4036803, 201826, 320128, 4195645, 4211845, 40623280}
    for vocabulary, list_ in (("UCUM", UNITS), ("LOINC", LOINC)):
        wanted |= {by_code[vocabulary, code] for code in list_ if (vocabulary, code) in by_code}
    for name, limit in (("conditions.csv", 48), ("encounters.csv", 22), ("procedures.csv", 22), ("allergies.csv", 12), ("devices.csv", 2), ("careplans.csv", 3)):
        wanted |= {by_code["SNOMED", code] for code in codes_in(data, name, limit) if ("SNOMED", code) in by_code}
    for id in sorted(wanted - set(concepts)):
        if id in shard:
            row = dict(shard[id])
            for field in ("valid_start_date", "valid_end_date"):
                row[field] = row[field].replace("-", "")
            concepts[id] = [row[field] for field in FIELDS]
    relations = set(MAPS)
    for row in rows(data / "vocabulary" / "CONCEPT_RELATIONSHIP.csv"):
        one, two = int(row["concept_id_1"]), int(row["concept_id_2"])
        if row["relationship_id"] in ("Maps to", "Maps to value") and not row["invalid_reason"] and one in concepts and two in concepts:
            relations.add((one, row["relationship_id"], two))
    relations |= {(id, "Maps to", id) for id, row in concepts.items() if row[5] == "S" and row[9] == ""}
    ancestors = {(id, id, 0, 0) for id, row in concepts.items() if row[5] == "S"}
    for drug, list_ in INGREDIENTS.items():
        ancestors |= {(ingredient, drug, 2, 2) for ingredient in list_ if drug in concepts}
    write(target / "CONCEPT.csv", FIELDS, (concepts[id] for id in sorted(concepts)))
    write(target / "CONCEPT_RELATIONSHIP.csv", ["concept_id_1", "concept_id_2", "relationship_id", "valid_start_date", "valid_end_date", "invalid_reason"],
          ((one, two, name, "19700101", "20991231", "") for one, name, two in sorted(relations)))
    write(target / "CONCEPT_ANCESTOR.csv", ["ancestor_concept_id", "descendant_concept_id", "min_levels_of_separation", "max_levels_of_separation"], sorted(ancestors))
    write(target / "VOCABULARY.csv", ["vocabulary_id", "vocabulary_name", "vocabulary_reference", "vocabulary_version", "vocabulary_concept_id"],
          ((id, name, "", version, concept) for id, name, version, concept in VOCABULARIES))
    domains = {"Metadata": 7, "Gender": 2, "Race": 3, "Ethnicity": 4, "Visit": 8, "Procedure": 10, "Drug": 13, "Unit": 16, "Device": 17, "Condition": 19,
               "Measurement": 21, "Meas Value Operator": 23, "Observation": 27, "Type Concept": 58, "Meas Value": 26, "Route": 11, "Condition Status": 31}
    used = {row[2] for row in concepts.values()}
    write(target / "DOMAIN.csv", ["domain_id", "domain_name", "domain_concept_id"], ((name, name, domains[name]) for name in sorted(used)))
    write(target / "RELATIONSHIP.csv", ["relationship_id", "relationship_name", "is_hierarchical", "defines_ancestry", "reverse_relationship_id", "relationship_concept_id"],
          [("Maps to", "Non-standard to Standard map (OMOP)", 0, 0, "Mapped from", 44818977), ("Maps to value", "Non-standard to value_as_concept map (OMOP)", 0, 0, "Value mapped from", 44819239)])
    classes = sorted({row[4] for row in concepts.values()})
    write(target / "CONCEPT_CLASS.csv", ["concept_class_id", "concept_class_name", "concept_class_concept_id"], ((name, name, 0) for name in classes))
    write(target / "CONCEPT_SYNONYM.csv", ["concept_id", "concept_synonym_name", "language_concept_id"],
          [(320128, "High blood pressure", 4180186), (320128, "고혈압", 4175771), (201826, "제2형 당뇨병", 4175771), (1125315, "paracetamol", 4180186)])
    lines = ["| vocabulary | code | concept | domain | standard | name |", "|---|---|---|---|---|---|"]
    for id in sorted(concepts, key=lambda id: (concepts[id][3], concepts[id][2], concepts[id][6])):
        row = concepts[id]
        lines.append(f"| {row[3]} | `{row[6]}` | {row[0]} | {row[2]} | {row[5] or '-'} | {row[1]} |")
    (target / "CODES.md").write_text("# Codes of the sample vocabulary\n\n" + "\n".join(lines) + "\n", encoding="utf-8")
    print(len(concepts), "concepts", len(relations), "relations", len(ancestors), "ancestors")


main()
