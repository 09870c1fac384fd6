-- Cases of kr-cda: see criteria.py.
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
  (100, 'fact_cda_authenticator'), (101, 'fact_cda_author'), (102, 'fact_cda_confidentiality'), (103, 'fact_cda_custodian'),
  (104, 'fact_cda_document_id'), (105, 'fact_cda_image_reading'), (106, 'fact_cda_language'), (107, 'fact_cda_organization'),
  (108, 'fact_cda_patient_birth'), (109, 'fact_cda_patient_id'), (110, 'fact_cda_patient_name'), (111, 'fact_cda_realm'),
  (112, 'fact_cda_recipient_consultation'), (113, 'fact_cda_recipient_move'), (114, 'fact_cda_recipient_referral'), (115, 'fact_cda_recipient_transfer'),
  (116, 'fact_cda_time'), (117, 'fact_consent_policy'), (118, 'fact_withdrawal_policy');
insert into ledger.filter (run, file, rule, filter, reason, "rows") select 1, 0, rule, 1, 'fact holds', 6 from ledger.rule where name like 'fact%';
-- fail: header-realm, header-language, header-id, header-confidentiality, header-organization, header-patient-id, header-patient-name, header-patient-birth, header-custodian, header-authenticator, header-author, header-time, referral-recipient, transfer-recipient, consultation-recipient, move-recipient, imaging-reading, consent-policy, withdrawal-policy
update ledger.filter set reason = 'fact does not hold' where reason = 'fact holds';
-- not_observable: header-realm, header-language, header-id, header-confidentiality, header-organization, header-patient-id, header-patient-name, header-patient-birth, header-custodian, header-authenticator, header-author, header-time, referral-recipient, transfer-recipient, consultation-recipient, move-recipient, imaging-reading, consent-policy, withdrawal-policy
delete from ledger.filter where reason = 'fact holds';
-- fail: referral-problems, transfer-problems, consultation-problems, summary-problems
delete from condition_occurrence;
delete from observation;
-- fail: move-procedures, move-vitals
delete from procedure_occurrence;
delete from measurement;
-- fail: codes-kcd, codes-drug
update profile.code set grade = 'unknown';
