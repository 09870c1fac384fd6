-- Cases of kr-cdi-2: see criteria.py.
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
insert into concept (concept_id, concept_name, domain_id, vocabulary_id, concept_class_id, standard_concept, concept_code, valid_start_date, valid_end_date)
  values (40213183, 'hepatitis B vaccine', 'Drug', 'CVX', 'CVX', 'S', '08', date '1970-01-01', date '2099-12-31');
insert into drug_exposure (drug_exposure_id, person_id, drug_concept_id, drug_exposure_start_date, drug_exposure_end_date, drug_type_concept_id, drug_source_value, drug_source_concept_id)
  values (60, 1, 40213183, date '2023-03-01', date '2023-03-01', 32818, '08', 40213183);
insert into measurement (measurement_id, person_id, measurement_concept_id, measurement_date, measurement_datetime, measurement_type_concept_id, value_as_number, unit_concept_id, visit_occurrence_id, measurement_source_value)
  select 100 + v.id % 1000, 1, v.id, date '2023-03-01', timestamp '2023-03-01 09:20:00', 32836, 50, v.unit, 1, 'x' from (values (3012888, 8876), (3036277, 8582), (3025315, 9529), (3020891, 586323),
  (3027018, 8541), (3024171, 8541), (3016502, 8554)) v(id, unit);
insert into ledger.rule (rule, name) values
  (100, 'fact_allergy_agent'), (101, 'fact_allergy_onset'), (102, 'fact_drug_frequency'), (103, 'fact_drug_ingredient'),
  (104, 'fact_imaging_study'), (105, 'fact_institution_number'), (106, 'fact_institution_type'), (107, 'fact_licence_number'),
  (108, 'fact_patient_name'), (109, 'fact_practitioner_name');
insert into ledger.filter (run, file, rule, filter, reason, "rows") select 1, 0, rule, 1, 'fact holds', 6 from ledger.rule where name like 'fact%';
-- fail: patient-name, organization-identifier, organization-type, practitioner-name, practitioner-licence, medication-ingredient, request-frequency, imaging-study, allergy-code, allergy-onset
update ledger.filter set reason = 'fact does not hold' where reason = 'fact holds';
-- not_observable: patient-name, organization-identifier, organization-type, practitioner-name, practitioner-licence, medication-ingredient, request-frequency, imaging-study, allergy-code, allergy-onset
delete from ledger.filter where reason = 'fact holds';
-- fail: patient-identifier, patient-gender, patient-birth-date, patient-address
update person set person_source_value = null, gender_concept_id = 0, gender_source_value = null, day_of_birth = null, location_id = null;
-- fail: organization-name
update cdm_source set cdm_holder = null;
-- fail: practitioner-specialty
update provider set specialty_source_value = null;
-- fail: encounter-class, encounter-start, encounter-end
update visit_occurrence set visit_concept_id = 0, visit_start_date = null, visit_end_date = null;
-- fail: encounter-period
update visit_occurrence set visit_end_date = date '2023-02-28' where person_id = 2;
-- fail: encounter-insurance
delete from payer_plan_period;
-- fail: condition-code, condition-recorded
update condition_occurrence set condition_source_value = null, condition_start_date = null;
-- fail: condition-code-kcd
update profile.code set grade = 'unknown';
-- fail: procedure-code, procedure-performed
update procedure_occurrence set procedure_source_value = null, procedure_date = null;
-- fail: medication-code, request-dose, request-medication, request-directions, request-days, request-quantity
update drug_exposure set drug_source_value = null, quantity = null, drug_concept_id = 0, sig = null, days_supply = null;
-- fail: request-intent
update drug_exposure set drug_type_concept_id = 0;
-- fail: lab-code, lab-issued
update measurement set measurement_source_value = null, measurement_datetime = null;
-- fail: lab-value
update measurement set value_as_number = null, value_as_concept_id = 0, value_source_value = null;
-- fail: lab-range, lab-unit
update measurement set range_low = null, range_high = null, unit_concept_id = 0;
-- fail: lab-specimen, pathology-code
update specimen set specimen_concept_id = 0, specimen_source_value = null;
-- fail: vital-systolic, vital-diastolic, vital-height, vital-weight, vital-temperature, vital-heart-rate, vital-respiratory-rate, vital-spo2
update measurement set value_as_number = null;
-- fail: vital-*-unit
update measurement set unit_concept_id = 9999;
-- fail: immunization-code, immunization-occurrence
update drug_exposure set drug_concept_id = 0, drug_exposure_start_date = null where drug_source_value = '08';
