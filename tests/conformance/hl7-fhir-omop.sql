-- base
update cdm_source set cdm_etl_reference = 'fhir/r4 0123456789ab, hl7.fhir.uv.omop 2.0.0-ballot';
insert into concept (concept_id, concept_name, domain_id, vocabulary_id, concept_class_id, standard_concept, concept_code, valid_start_date, valid_end_date)
  values (2000000001, 'A concept of the house', 'Observation', 'House', 'Undefined', null, 'H1', date '1970-01-01', date '2099-12-31');
insert into vocabulary values ('House', 'Concepts of the house', null, null, 2000000000);
insert into ledger.filter (run, file, rule, filter, reason, "rows") values (1, 1, 1, 0, 'entered in error', 0);
insert into ledger.rows (run, "table", "rows") values (1, 'visit_occurrence', 6), (1, 'condition_occurrence', 6), (1, 'drug_exposure', 6), (1, 'procedure_occurrence', 6), (1, 'device_exposure', 6),
  (1, 'measurement', 12), (1, 'observation', 6);
insert into profile.field (file, kind, field, seen, filled) values (1, 'QuestionnaireResponse', 'item.answer', 3, 3);
-- A diagnosis whose code nobody knew: concept 0, and the failed lookup is on record.
update condition_occurrence set condition_concept_id = 0, condition_source_value = 'X1', condition_source_concept_id = 0 where person_id = 6;
insert into profile.code (rule, rule_name, vocabulary, code, source_concept_id, domain, grade, targets, "rows") values (1, 'conditions', 'ICD10CM', 'X1', 0, 'Condition', 'unknown', '', 1);
-- fail: f2o-001
update cdm_source set cdm_version = '5.3';
-- fail: f2o-002
update ledger.run set mapping = 'hospital/fhir';
-- not_applicable: f2o-002, f2o-012, f2o-060, f2o-063, f2o-081, f2o-102
update ledger.file set format = 'delimited';
-- not_observable: f2o-012, f2o-038, f2o-060, f2o-061, f2o-062, f2o-100, f2o-122
drop schema ledger cascade;
-- fail: f2o-012
update ledger.balance set quarantined = 5, mapped = mapped - 5 where file = 0;
-- pass: f2o-012
update ledger.balance set quarantined = 1, mapped = mapped - 1 where file = 0;
insert into quarantine.entry (run, file, "offset", length, "at", line, record, path, rule, rule_name, code, "column", row_kept, state)
  values (1, 0, 10, 20, 15, 1, 0, '', 0, 'patients', 'C010', 'person.birth_datetime', false, 'open');
-- fail: f2o-020
update person set person_source_value = 'http://hospital.example/mrn|12345' where person_id = 1;
-- fail: f2o-020
update provider set provider_source_value = '900101-1234567';
-- fail: f2o-021
update person set person_source_value = '1' where person_id = 1;
-- fail: f2o-022
update note set note_text = 'reach her at someone@mail.example' where note_id = 2;
-- fail: f2o-022
update note set note_text = 'telephone 010-1234-5678' where note_id = 2;
-- fail: f2o-022
update location set address_1 = '1 Main Street';
-- pass: f2o-022
update note set note_text = 'blood pressure 120-80-72, order 2023-03-0100001' where note_id = 2;
-- fail: f2o-030
update measurement set measurement_concept_id = 999999 where measurement_id = 1;
-- fail: f2o-031
update condition_occurrence set condition_concept_id = 1567956 where person_id = 1;
-- fail: f2o-032, f2o-090
update drug_exposure set drug_concept_id = null where person_id = 1;
-- fail: f2o-033
update procedure_occurrence set procedure_source_value = null where person_id = 1;
-- fail: f2o-037
update observation set observation_concept_id = 3004410 where person_id = 1;
-- fail: f2o-037
update condition_occurrence set condition_concept_id = 4163872 where person_id = 1;
-- fail: f2o-038
update ledger.run set vocabulary = '';
-- fail: f2o-039
update concept set concept_id = 1900000001 where concept_id = 2000000001;
-- fail: f2o-040
update cdm_source set vocabulary_version = null;
-- fail: f2o-050
update visit_occurrence set visit_type_concept_id = 9201 where person_id = 1;
-- fail: f2o-050
update measurement set measurement_type_concept_id = null where measurement_id = 1;
-- fail: f2o-053
update observation set observation_type_concept_id = 32817;
-- fail: f2o-060
delete from ledger.filter where rule = 1;
-- fail: f2o-061
insert into ledger.run (run, identity, source_name, mapping, mapping_hash, vocabulary, vocabulary_hash, program, started, data_date)
  values (2, repeat('ac', 32), 'Invented hospital', 'fhir/r4', repeat('ce', 32), 'v5.0 31-AUG-26', repeat('ef', 32), '0.1.0', '2026-01-03T00:00:00+0000', '2026-01-01');
-- fail: f2o-062
update ledger.filter set reason = '' where file = 0;
-- fail: f2o-063
delete from profile.code where code = 'X1';
-- fail: f2o-070, f2o-090
update procedure_occurrence set procedure_date = null where person_id = 1;
-- fail: f2o-073
update measurement set measurement_datetime = null;
update condition_occurrence set condition_start_datetime = null;
update observation set observation_datetime = null;
update drug_exposure set drug_exposure_start_datetime = null;
-- fail: f2o-081
update ledger.balance set unread = 500 where file = 0;
-- fail: f2o-082
update cdm_source set cdm_etl_reference = null;
-- fail: f2o-093
update ledger.run set vocabulary_hash = '';
-- fail: f2o-100
update ledger.file set sha256 = '' where file = 0;
-- fail: f2o-102
update cdm_source set cdm_etl_reference = 'fhir/r4 0123456789ab';
-- fail: f2o-102
update ledger.run set started = '';
-- fail: f2o-103
insert into condition_occurrence select * replace (condition_occurrence_id + 100 as condition_occurrence_id) from condition_occurrence;
-- fail: f2o-122
update ledger.rows set "rows" = 5 where "table" = 'visit_occurrence';
-- fail: f2o-122
delete from ledger.rows where "table" = 'person';
