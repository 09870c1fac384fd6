#!/usr/bin/env python3
"""The checker of hand-derived rows must notice: a lost row, a surplus row, a wrong value. Works on made-up tables."""
import csv
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "expectations"))
sys.dont_write_bytecode = True
import check  # noqa: E402

TABLES = {
    "person": [{"person_id": "1", "person_source_value": "abcdefgh-1", "gender_concept_id": "8532", "gender_source_value": "F", "location_id": ""}],
    "visit_occurrence": [{"visit_occurrence_id": "4", "person_id": "1", "visit_start_date": "2020-01-02", "visit_concept_id": "9202", "visit_source_value": "wellness",
                          "visit_start_datetime": "2020-01-02 10:00:00"}],
    "measurement": [{"measurement_id": str(i), "person_id": "1", "measurement_date": "2020-01-02", "measurement_concept_id": "7", "measurement_source_value": "8302-2",
                     "value_as_number": str(i), "visit_occurrence_id": "4"} for i in (1, 2)],
    "cost": [{"cost_id": "1", "cost_event_id": "4", "cost_domain_id": "Visit", "cost_type_concept_id": "32814", "total_charge": "12.50"}],
}
EXPECTED = """table,date,concept,source,checks
person,,8532,F,
visit_occurrence,2020-01-02,9202,wellness,visit_start_datetime=2020-01-02T10:00:00
measurement,2020-01-02,7,8302-2,visit=2020-01-02T10:00:00
measurement,2020-01-02,7,8302-2,value_as_number=1.0
cost,2020-01-02,32814,Visit,total_charge=12.5
"""


def differences(change):
    tables = {name: [dict(row) for row in rows] for name, rows in TABLES.items()}
    change(tables)
    with tempfile.TemporaryDirectory() as folder:
        for name, rows in tables.items():
            with open(pathlib.Path(folder) / f"{name}.csv", "w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, TABLES[name][0])
                writer.writeheader()
                writer.writerows(rows)
        expected = pathlib.Path(folder) / "abcdefgh.csv"
        expected.write_text(EXPECTED, encoding="utf-8")
        return len(check.check(check.Published(folder), expected)[0])


def main():
    cases = {
        "the same": (lambda t: None, 0),
        "a lost row": (lambda t: t["measurement"].pop(), 1),
        "a surplus row": (lambda t: t["measurement"].append({**t["measurement"][0], "measurement_id": "3"}), 1),
        "a wrong number": (lambda t: t["measurement"][0].update(value_as_number="3"), 2),
        "a wrong visit": (lambda t: t["visit_occurrence"][0].update(visit_start_datetime="2020-01-02 11:00:00"), 4),
        "a lost person": (lambda t: t["person"].pop(), 1),
        "a cost of nothing": (lambda t: t["cost"][0].update(cost_event_id="5"), 1),
    }
    bad = [f"{name}: {differences(change)} differences, want {want}" for name, (change, want) in cases.items() if differences(change) != want]
    print("\n".join(bad) or f"{len(cases)} cases of the checker")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
