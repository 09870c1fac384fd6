-- A small CDM without faults, invented for the tests: six persons with visits, diagnoses, drugs, procedures, results and what a conversion leaves
-- beside them. The tables come from schemas/omop-5.4/columns.csv and lib/warehouse/ledger.cpp; columns that are not named are null.
insert into concept (concept_id, concept_name, domain_id, vocabulary_id, concept_class_id, standard_concept, concept_code, valid_start_date, valid_end_date)
select id, name, domain, vocabulary, class, standard, code, date '1970-01-01', date '2099-12-31' from (values
  (0, 'No matching concept', 'Metadata', 'None', 'Undefined', null, 'No matching concept'),
  (8507, 'MALE', 'Gender', 'Gender', 'Gender', 'S', 'M'), (8532, 'FEMALE', 'Gender', 'Gender', 'Gender', 'S', 'F'),
  (8515, 'Asian', 'Race', 'Race', 'Race', 'S', '2'), (38003564, 'Not Hispanic or Latino', 'Ethnicity', 'Ethnicity', 'Ethnicity', 'S', 'Not Hispanic'),
  (9201, 'Inpatient Visit', 'Visit', 'Visit', 'Visit', 'S', 'IP'), (9202, 'Outpatient Visit', 'Visit', 'Visit', 'Visit', 'S', 'OP'),
  (9203, 'Emergency Room Visit', 'Visit', 'Visit', 'Visit', 'S', 'ER'),
  (32817, 'EHR', 'Type Concept', 'Type Concept', 'Type Concept', 'S', 'OMOP4976890'), (32818, 'EHR administration record', 'Type Concept', 'Type Concept', 'Type Concept', 'S', 'OMOP4976900'),
  (32838, 'EHR prescription', 'Type Concept', 'Type Concept', 'Type Concept', 'S', 'OMOP4976911'), (32856, 'Lab', 'Type Concept', 'Type Concept', 'Type Concept', 'S', 'OMOP4976929'),
  (32865, 'Patient self-report', 'Type Concept', 'Type Concept', 'Type Concept', 'S', 'OMOP4976938'), (32831, 'EHR note', 'Type Concept', 'Type Concept', 'Type Concept', 'S', 'OMOP4976904'),
  (32828, 'EHR episode record', 'Type Concept', 'Type Concept', 'Type Concept', 'S', 'OMOP4976901'), (32880, 'Standard algorithm', 'Type Concept', 'Type Concept', 'Type Concept', 'S', 'OMOP4976951'),
  (201826, 'Type 2 diabetes mellitus', 'Condition', 'SNOMED', 'Disorder', 'S', '44054006'), (320128, 'Essential hypertension', 'Condition', 'SNOMED', 'Disorder', 'S', '59621000'),
  (1567956, 'Type 2 diabetes mellitus', 'Condition', 'ICD10CM', '3-char nonbill code', null, 'E11'),
  (1503297, 'metformin', 'Drug', 'RxNorm', 'Ingredient', 'S', '6809'), (40163924, 'metformin hydrochloride 500 MG Oral Tablet', 'Drug', 'RxNorm', 'Clinical Drug', 'S', '861007'),
  (2213283, 'Level IV surgical pathology', 'Procedure', 'CPT4', 'CPT4', 'S', '88305'), (4163872, 'Plain X-ray of chest', 'Procedure', 'SNOMED', 'Procedure', 'S', '399208008'),
  (3004249, 'Systolic blood pressure', 'Measurement', 'LOINC', 'Clinical Observation', 'S', '8480-6'), (3004410, 'Hemoglobin A1c', 'Measurement', 'LOINC', 'Lab Test', 'S', '4548-4'),
  (8876, 'millimeter mercury column', 'Unit', 'UCUM', 'Unit', 'S', 'mm[Hg]'), (8554, 'percent', 'Unit', 'UCUM', 'Unit', 'S', '%'),
  (4172703, '=', 'Meas Value Operator', 'SNOMED', 'Qualifier Value', 'S', '276136004'),
  (4275495, 'Tobacco smoking behavior', 'Observation', 'SNOMED', 'Observable Entity', 'S', '365981007'), (4132507, 'Smoker', 'Observation', 'SNOMED', 'Clinical Finding', 'S', '77176002'),
  (4045357, 'Wheelchair', 'Device', 'SNOMED', 'Physical Object', 'S', '228869008'), (4001225, 'Blood specimen', 'Specimen', 'SNOMED', 'Specimen', 'S', '119297000'),
  (4132161, 'Oral', 'Route', 'SNOMED', 'Qualifier Value', 'S', '26643006'), (4180186, 'English language', 'Language', 'SNOMED', 'Qualifier Value', 'S', '297487008'),
  (32678, 'UTF-8', 'Metadata', 'Metadata', 'Metadata', 'S', 'UTF-8'), (706617, 'Consultation note', 'Meas Value', 'LOINC', 'Doc Kind', 'S', '11488-4'),
  (32533, 'Disease Episode', 'Episode', 'Episode', 'Episode', 'S', 'OMOP4873909'), (756265, 'CDM v5.4', 'Metadata', 'CDM', 'CDM', 'S', 'CDM v5.4.0'),
  (1147127, 'condition_occurrence.condition_occurrence_id', 'Metadata', 'CDM', 'Field', 'S', 'CDM1029'), (1147333, 'visit_occurrence', 'Metadata', 'CDM', 'Table', 'S', 'CDM1')
) v(id, name, domain, vocabulary, class, standard, code);
insert into concept_ancestor select concept_id, concept_id, 0, 0 from concept where standard_concept = 'S' and domain_id in ('Drug', 'Condition');
insert into concept_ancestor values (1503297, 40163924, 1, 1);
insert into concept_relationship select concept_id, concept_id, 'Maps to', date '1970-01-01', date '2099-12-31', null from concept where standard_concept = 'S';
insert into concept_relationship values (1567956, 201826, 'Maps to', date '1970-01-01', date '2099-12-31', null);
insert into vocabulary select distinct vocabulary_id, vocabulary_id, null, case when vocabulary_id = 'None' then 'v5.0 31-AUG-26' end, 0 from concept;

insert into location (location_id, city, state, zip, location_source_value, country_concept_id) values (1, 'Seoul', '11', '03080', 'L1', 0);
insert into care_site (care_site_id, care_site_name, place_of_service_concept_id, location_id, care_site_source_value) values (1, 'Medicine', 9202, 1, 'IM');
insert into provider (provider_id, specialty_concept_id, care_site_id, gender_concept_id, provider_source_value, specialty_source_value, specialty_source_concept_id, gender_source_concept_id)
  values (1, 0, 1, 8507, 'D1', '01', 0, 0);
insert into person (person_id, gender_concept_id, year_of_birth, month_of_birth, day_of_birth, birth_datetime, race_concept_id, ethnicity_concept_id, location_id, provider_id, care_site_id,
  person_source_value, gender_source_value, gender_source_concept_id, race_source_concept_id, ethnicity_source_concept_id)
select i, case when i % 2 = 0 then 8532 else 8507 end, 1950 + i, i, 10, make_timestamp(1950 + i, i, 10, 0, 0, 0), 8515, 38003564, 1, 1, 1,
  'P' || i, case when i % 2 = 0 then 'F' else 'M' end, 0, 0, 0 from range(1, 7) r(i);
insert into death (person_id, death_date, death_type_concept_id, cause_concept_id, cause_source_concept_id) values (6, date '2024-06-01', 32817, 320128, 0);
insert into observation_period select i, i, date '2020-01-01', case when i = 6 then date '2024-06-01' else date '2025-12-31' end, 32817 from range(1, 7) r(i);
insert into visit_occurrence (visit_occurrence_id, person_id, visit_concept_id, visit_start_date, visit_start_datetime, visit_end_date, visit_end_datetime, visit_type_concept_id, provider_id, care_site_id,
  visit_source_value, visit_source_concept_id, admitted_from_concept_id, discharged_to_concept_id, preceding_visit_occurrence_id)
select i, i, case when i = 1 then 9201 else 9202 end, date '2023-03-01', timestamp '2023-03-01 09:00:00', case when i = 1 then date '2023-03-05' else date '2023-03-01' end,
  case when i = 1 then timestamp '2023-03-05 11:00:00' else timestamp '2023-03-01 10:00:00' end, 32817, 1, 1, case when i = 1 then 'IMP' else 'AMB' end, 0, 0, 0, null from range(1, 7) r(i);
insert into visit_detail (visit_detail_id, person_id, visit_detail_concept_id, visit_detail_start_date, visit_detail_start_datetime, visit_detail_end_date, visit_detail_end_datetime,
  visit_detail_type_concept_id, provider_id, care_site_id, visit_detail_source_value, visit_detail_source_concept_id, admitted_from_concept_id, discharged_to_concept_id, visit_occurrence_id)
select i, i, 9202, date '2023-03-01', timestamp '2023-03-01 09:00:00', date '2023-03-01', timestamp '2023-03-01 10:00:00', 32817, 1, 1, 'W', 0, 0, 0, i from range(1, 7) r(i);
insert into condition_occurrence (condition_occurrence_id, person_id, condition_concept_id, condition_start_date, condition_start_datetime, condition_end_date, condition_type_concept_id,
  condition_status_concept_id, provider_id, visit_occurrence_id, visit_detail_id, condition_source_value, condition_source_concept_id)
select i, i, 201826, date '2023-03-01', timestamp '2023-03-01 09:30:00', date '2023-03-01', 32817, 0, 1, i, i, 'E11', 1567956 from range(1, 7) r(i);
insert into drug_exposure (drug_exposure_id, person_id, drug_concept_id, drug_exposure_start_date, drug_exposure_start_datetime, drug_exposure_end_date, drug_type_concept_id, quantity, days_supply, sig,
  route_concept_id, provider_id, visit_occurrence_id, drug_source_value, drug_source_concept_id, route_source_value, dose_unit_source_value, refills)
select i, i, 40163924, date '2023-03-01', timestamp '2023-03-01 09:40:00', date '2023-03-30', 32838, 60, 30, 'one tablet twice a day', 4132161, 1, i, '861007', 40163924, 'PO', 'mg', 0 from range(1, 7) r(i);
insert into procedure_occurrence (procedure_occurrence_id, person_id, procedure_concept_id, procedure_date, procedure_datetime, procedure_end_date, procedure_type_concept_id, modifier_concept_id, quantity,
  provider_id, visit_occurrence_id, procedure_source_value, procedure_source_concept_id)
select i, i, 4163872, date '2023-03-01', timestamp '2023-03-01 09:50:00', date '2023-03-01', 32817, 0, 1, 1, i, '399208008', 4163872 from range(1, 7) r(i);
insert into device_exposure (device_exposure_id, person_id, device_concept_id, device_exposure_start_date, device_exposure_end_date, device_type_concept_id, quantity, provider_id, visit_occurrence_id,
  device_source_value, device_source_concept_id, unit_concept_id, unit_source_concept_id)
select i, i, 4045357, date '2023-03-01', date '2023-03-02', 32817, 1, 1, i, '228869008', 4045357, 0, 0 from range(1, 7) r(i);
insert into measurement (measurement_id, person_id, measurement_concept_id, measurement_date, measurement_datetime, measurement_type_concept_id, operator_concept_id, value_as_number, value_as_concept_id,
  unit_concept_id, range_low, range_high, provider_id, visit_occurrence_id, measurement_source_value, measurement_source_concept_id, unit_source_value, unit_source_concept_id, value_source_value)
select i, i, 3004249, date '2023-03-01', timestamp '2023-03-01 09:20:00', 32817, 4172703, 120 + i, 0, 8876, 90, 140, 1, i, '8480-6', 3004249, 'mm[Hg]', 8876, cast(120 + i as varchar) from range(1, 7) r(i)
union all
select 10 + i, i, 3004410, date '2023-03-01', timestamp '2023-03-01 09:25:00', 32856, 4172703, 6.5, 0, 8554, 4, 6, 1, i, '4548-4', 3004410, '%', 8554, '6.5' from range(1, 7) r(i);
insert into observation (observation_id, person_id, observation_concept_id, observation_date, observation_datetime, observation_type_concept_id, value_as_concept_id, qualifier_concept_id, unit_concept_id,
  provider_id, visit_occurrence_id, observation_source_value, observation_source_concept_id, obs_event_field_concept_id)
select i, i, 4275495, date '2023-03-01', timestamp '2023-03-01 09:15:00', 32865, 4132507, 0, 0, 1, i, '365981007', 4275495, 0 from range(1, 7) r(i);
insert into note (note_id, person_id, note_date, note_datetime, note_type_concept_id, note_class_concept_id, note_title, note_text, encoding_concept_id, language_concept_id, provider_id, visit_occurrence_id, note_source_value)
select i, i, date '2023-03-01', timestamp '2023-03-01 11:00:00', 32831, 706617, 'Consultation', 'feels well', 32678, 4180186, 1, i, '11488-4' from range(1, 7) r(i);
insert into specimen (specimen_id, person_id, specimen_concept_id, specimen_type_concept_id, specimen_date, unit_concept_id, anatomic_site_concept_id, disease_status_concept_id, specimen_source_value)
select i, i, 4001225, 32856, date '2023-03-01', 0, 0, 0, 'BLD' from range(1, 7) r(i);
insert into payer_plan_period (payer_plan_period_id, person_id, payer_plan_period_start_date, payer_plan_period_end_date, payer_source_value)
select i, i, date '2020-01-01', date '2024-05-31', '4' from range(1, 7) r(i);
insert into condition_era (condition_era_id, person_id, condition_concept_id, condition_era_start_date, condition_era_end_date, condition_occurrence_count)
select i, i, 201826, date '2023-03-01', date '2023-03-01', 1 from range(1, 7) r(i);
insert into drug_era (drug_era_id, person_id, drug_concept_id, drug_era_start_date, drug_era_end_date, drug_exposure_count, gap_days)
select i, i, 1503297, date '2023-03-01', date '2023-03-30', 1, 0 from range(1, 7) r(i);
insert into cdm_source (cdm_source_name, cdm_source_abbreviation, cdm_holder, source_description, cdm_etl_reference, source_release_date, cdm_release_date, cdm_version, cdm_version_concept_id, vocabulary_version)
  values ('Invented hospital', 'INV', 'Nobody', 'made up for tests', 'fhir/r4 0123456789ab', date '2026-01-01', date '2026-01-02', '5.4', 756265, 'v5.0 31-AUG-26');
insert into metadata (metadata_id, metadata_concept_id, metadata_type_concept_id, name, metadata_date) values (1, 0, 32880, 'made up for tests', date '2026-01-02');

-- What a conversion leaves: one run over two files, everything told.
insert into ledger.run (run, identity, source_name, mapping, mapping_hash, vocabulary, vocabulary_hash, program, started, data_date)
  values (1, repeat('ab', 32), 'Invented hospital', 'fhir/r4', repeat('cd', 32), 'v5.0 31-AUG-26', repeat('ef', 32), '0.1.0', '2026-01-02T00:00:00+0000', '2026-01-01');
insert into ledger.file (run, file, name, path, sha256, size, format, encoding, kind)
  values (1, 0, 'a.json', 'in/a.json', repeat('01', 32), 1000, 'fhir', 'utf-8', ''), (1, 1, 'b.json', 'in/b.json', repeat('02', 32), 2000, 'fhir', 'utf-8', '');
insert into ledger.rule (rule, name) values (0, 'patients'), (1, 'conditions');
insert into ledger.balance (run, file, rule, rule_name, "in", mapped, filtered, duplicates, quarantined, unread)
  values (1, 0, 0, 'patients', 1000, 990, 10, 0, 0, 0), (1, 1, 1, 'conditions', 1000, 995, 0, 5, 0, 0);
insert into ledger.filter (run, file, rule, filter, reason, "rows") values (1, 0, 0, 0, 'entered in error', 10);
insert into ledger.rows (run, "table", "rows") values (1, 'person', 6);
insert into profile.field (file, kind, field, seen, filled) values (0, 'Patient', 'birthDate', 6, 6), (1, 'Condition', 'code.coding.code', 6, 6);
insert into profile.code (rule, rule_name, vocabulary, code, source_concept_id, domain, grade, targets, "rows") values (1, 'conditions', 'ICD10CM', 'E11', 1567956, 'Condition', 'exact', '201826', 6);
