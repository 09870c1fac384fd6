-- Cases of my-healthway-1: see criteria.py.
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
insert into ledger.rule (rule, name) values
  (100, 'fact_allergy_agent'), (101, 'fact_allergy_onset'), (102, 'fact_drug_frequency'), (103, 'fact_imaging_study'),
  (104, 'fact_institution_number'), (105, 'fact_institution_type'), (106, 'fact_licence_number'), (107, 'fact_note_signed_by'),
  (108, 'fact_patient_name'), (109, 'fact_practitioner_name');
insert into ledger.filter (run, file, rule, filter, reason, "rows") select 1, 0, rule, 1, 'fact holds', 6 from ledger.rule where name like 'fact%';
-- fail: patient-name, organization-identifier, organization-type, practitioner-licence, practitioner-name, medication-timing, imaging-study, allergy-code, allergy-onset, note-meta
update ledger.filter set reason = 'fact does not hold' where reason = 'fact holds';
-- not_observable: patient-name, organization-identifier, organization-type, practitioner-licence, practitioner-name, medication-timing, imaging-study, allergy-code, allergy-onset, note-meta
delete from ledger.filter where reason = 'fact holds';
-- fail: patient-mr, patient-gender, patient-birth-date, patient-address
update person set person_source_value = null, gender_concept_id = 0, day_of_birth = null, location_id = null;
-- fail: organization-name
delete from cdm_source;
-- fail: practitioner-specialty
update provider set specialty_source_value = null;
-- fail: condition-code, condition-recorded, condition-encounter, condition-category
update condition_occurrence set condition_source_value = null, condition_start_date = null, visit_occurrence_id = null, condition_status_concept_id = 0;
-- fail: condition-recorder
update condition_occurrence set provider_id = null;
update visit_occurrence set provider_id = null;
-- pass: condition-recorder
update condition_occurrence set provider_id = null;
-- fail: medication-code, medication-authored, medication-text, medication-route, medication-dose, medication-days
update drug_exposure set drug_source_value = null, drug_exposure_start_datetime = null, sig = null, route_concept_id = 0, route_source_value = null, quantity = null, days_supply = null;
-- fail: laboratory-code, laboratory-encounter, laboratory-effective
update measurement set measurement_source_value = null, visit_occurrence_id = null, measurement_datetime = null;
-- fail: laboratory-value
update measurement set value_as_number = null, value_as_concept_id = 0, value_source_value = null;
-- fail: laboratory-unit
update measurement set unit_concept_id = 0, unit_source_value = null;
-- fail: pathology-specimen
update specimen set specimen_source_value = null;
-- fail: surgery-code, surgery-performed, surgery-encounter
update procedure_occurrence set procedure_source_value = null, procedure_date = null, visit_occurrence_id = null;
