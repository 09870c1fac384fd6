-- Cases of kr-emr-2025: see criteria.py.
-- base
insert into concept (concept_id, concept_name, domain_id, vocabulary_id, concept_class_id, standard_concept, concept_code, valid_start_date, valid_end_date)
  values (2000000105, 'Type 2 diabetes mellitus without complications', 'Condition', 'KCD7', 'KCD7 code', null, 'E11.9', date '1970-01-01', date '2099-12-31');
update condition_occurrence set condition_source_value = 'E11.9', condition_source_concept_id = 2000000105, condition_status_concept_id = 32902;
update care_site set place_of_service_source_value = '01';
update measurement set measurement_type_concept_id = 32836 where measurement_concept_id = 3004249;
update note set note_text = '';
insert into drug_exposure select 50, person_id, drug_concept_id, drug_exposure_start_date, drug_exposure_start_datetime, drug_exposure_end_date, drug_exposure_end_datetime, verbatim_end_date, 32818,
  stop_reason, refills, 1, null, null, route_concept_id, lot_number, provider_id, visit_occurrence_id, visit_detail_id, drug_source_value, drug_source_concept_id, route_source_value, dose_unit_source_value
  from drug_exposure where visit_occurrence_id = 1;
insert into profile.code (rule, rule_name, vocabulary, code, source_concept_id, domain, grade, targets, "rows") values
  (1, 'diagnoses', 'KCD7', 'E11.9', 2000000105, 'Condition', 'exact', '201826', 6), (2, 'drugs', 'EDI', '648900030', 1, 'Drug', 'exact', '40163924', 6),
  (3, 'orders', 'EDI', 'KK010', 2, 'Procedure', 'exact', '4163872', 6), (4, 'allergies', 'ATC', 'N02BA01', 3, 'Observation', 'exact', '4275495', 6);
update observation set value_as_string = 'x';
update specimen set specimen_source_id = 'x';
update location set address_1 = 'x';
update provider set provider_name = 'x';
update death set cause_source_value = 'x';
insert into ledger.rule (rule, name) values
  (100, 'fact_allergy_stated'), (101, 'fact_audit_trail'), (102, 'fact_claim_recorded'), (103, 'fact_consent_policy'),
  (104, 'fact_drug_ingredient'), (105, 'fact_imaging_study'), (106, 'fact_institution_number'), (107, 'fact_licence_number'),
  (108, 'fact_note_signed_by'), (109, 'fact_rrn_agrees'), (110, 'fact_signature'), (111, 'fact_visit_period');
insert into ledger.filter (run, file, rule, filter, reason, "rows") select 1, 0, rule, 1, 'fact holds', 6 from ledger.rule where name like 'fact%';
-- fail: KF-01-rrn, KF-03-times, KF-05-claim, KF-09, KF-11, KI-01, KI-01-licence, KI-03-ingredient, KI-13, KI-14, KS-08, KS-09
update ledger.filter set reason = 'fact does not hold' where reason = 'fact holds';
-- not_observable: KF-01-rrn, KF-03-times, KF-05-claim, KF-09, KF-11, KI-01, KI-01-licence, KI-03-ingredient, KI-13, KI-14, KS-08, KS-09
delete from ledger.filter where reason = 'fact holds';
-- fail: KF-01
update person set gender_concept_id = 0 where person_id = 1;
-- fail: KF-01-date
insert into quarantine.entry (run, file, code) values (1, 0, 'C080');
-- fail: KF-02
update person set person_source_value = 'P9' where person_id in (1, 2);
-- fail: KF-02-conflict
insert into quarantine.entry (run, file, "offset", record, code, row_kept) values (1, 0, 10, 3, 'C110', true);
-- fail: KF-03-class
update visit_occurrence set visit_concept_id = 0 where person_id = 1;
-- fail: KF-03-period
update visit_occurrence set visit_end_date = date '2023-02-28' where person_id = 2;
-- fail: KF-03-department
update care_site set place_of_service_source_value = 'IM';
-- fail: KF-04
delete from payer_plan_period where person_id = 1;
-- fail: KF-04-code
update payer_plan_period set payer_source_value = '8' where person_id = 1;
-- fail: KF-05, KF-05-main
update condition_occurrence set condition_source_concept_id = 0, condition_status_concept_id = 32908;
-- fail: KF-05
update concept set vocabulary_id = 'SNOMED' where vocabulary_id like 'KCD%';
-- fail: KF-06-*
update drug_exposure set drug_concept_id = 0, drug_source_concept_id = 0, quantity = null, days_supply = null, route_concept_id = 0, route_source_value = null, sig = null;
-- fail: KF-07
delete from drug_exposure where drug_type_concept_id = 32818;
-- fail: KF-07-time
update drug_exposure set drug_exposure_start_date = date '2023-03-06' where drug_type_concept_id = 32818;
-- fail: KF-08-value
update measurement set value_as_number = null, value_as_concept_id = 0;
-- fail: KF-08-unit, KF-08-range
update measurement set unit_concept_id = 0, unit_source_value = null, range_low = null, range_high = null;
-- fail: KF-09-code, KI-02-valid, KI-03, KI-04, KI-10
update profile.code set grade = 'unknown';
-- pass: KI-10
update profile.code set grade = 'no_system';
-- fail: KF-10
update procedure_occurrence set procedure_concept_id = 0, procedure_source_concept_id = 0;
-- fail: KF-12
update measurement set unit_concept_id = 0 where measurement_type_concept_id = 32836;
-- fail: KF-13-{table}-birth for events.csv
update {table} set {date} = date '1952-02-09' where person_id = 2;
-- fail: KF-13-{table}-death for events.csv
update {table} set {date} = date '2024-08-01' where person_id = 6;
-- fail: KF-13-{table}-future for events.csv
update {table} set {date} = date '2026-01-17' where person_id = 2;
-- fail: KI-02-complete
insert into concept (concept_id, vocabulary_id, concept_code) values (2000000106, 'KCD7', 'E11.90');
update concept set concept_name = 'Type 2 diabetes mellitus without complications, coded too short' where concept_id = 2000000105;
-- fail: KI-02-edition
update profile.code set grade = 'truncated';
-- fail: KI-05
update measurement set measurement_concept_id = 0;
-- fail: KI-06
update measurement set unit_concept_id = null;
-- fail: KI-07-{table} for events.csv
update {table} set {concept} = 0;
-- fail: KI-08
update person set day_of_birth = null;
-- fail: KI-09
update drug_exposure set days_supply = null, sig = null;
-- fail: KI-11
update visit_occurrence set provider_id = null where person_id = 1;
-- fail: KI-12
update condition_occurrence set visit_occurrence_id = null;
-- fail: KS-01-{table}-{field} for texts.csv
update {table} set {field} = 'born 800229-1000000';
-- fail: KS-01-{table}-{field} for texts.csv
update {table} set {field} = '010-0000-0000';
-- fail: KS-01-{table}-{field} for texts.csv
update {table} set {field} = 'nobody@example.org';
-- fail: KS-01-{table}-{field} for texts.csv
update {table} set {field} = '0000-0000-0000-0000';
-- pass: KS-01-drug_exposure-drug_source_value, KS-01-person-person_source_value
update drug_exposure set drug_source_value = '8800621000007';
update person set person_source_value = '8013451000000' where person_id = 1;
-- fail: KS-02
update person set person_source_value = 'd41d8cd98f00b204e9800998ecf8427e' where person_id = 1;
-- pass: KS-03
update person set gender_concept_id = 8507, year_of_birth = 1950;
-- fail: KS-03
update person set gender_concept_id = 8507, year_of_birth = 1950;
update person set gender_concept_id = 8532 where person_id = 1;
-- fail: KS-05
update note set note_text = 'x';
-- pass: KS-05-{table}-{field} for freetext.csv
insert into note_nlp (note_nlp_id, note_id, snippet, lexical_variant, nlp_date, section_concept_id) values (1, 1, '', 'x', date '2023-03-01', 0);
update {table} set {field} = '';
-- fail: KS-05-{table}-{field} for freetext.csv
insert into note_nlp (note_nlp_id, note_id, snippet, lexical_variant, nlp_date, section_concept_id) values (1, 1, 'says', 'x', date '2023-03-01', 0);
update {table} set {field} = repeat('word ', 21);
-- fail: KS-06
update condition_occurrence set condition_source_value = 'F32.0' where person_id = 1;
-- fail: KS-07
update ledger.file set sha256 = null where file = 0;
-- fail: KS-07-books
update ledger.balance set mapped = mapped - 1 where file = 0;
