-- Cases of k-cure: see criteria.py.
-- base
insert into concept (concept_id, concept_name, domain_id, vocabulary_id, concept_class_id, standard_concept, concept_code, valid_start_date, valid_end_date)
  values (1633306, 'AJCC/UICC Stage 2', 'Measurement', 'Cancer Modifier', 'Staging/Grading', 'S', 'c-8th_AJCC/UICC-Stage-2', date '1970-01-01', date '2099-12-31');
update condition_occurrence set condition_source_value = 'C50.9';
insert into visit_occurrence (visit_occurrence_id, person_id, visit_concept_id, visit_start_date, visit_end_date, visit_type_concept_id) select 100 + i, i, 9202, date '2023-10-01', date '2023-10-01', 32817 from range(1, 6) r(i);
insert into episode (episode_id, person_id, episode_concept_id, episode_start_date, episode_object_concept_id, episode_type_concept_id) select i, i, 32533, date '2023-03-01', 201826, 32828 from range(1, 7) r(i);
insert into episode_event (episode_id, event_id, episode_event_field_concept_id) select i, i, 1147127 from range(1, 7) r(i);
insert into measurement (measurement_id, person_id, measurement_concept_id, measurement_date, measurement_type_concept_id) select 100 + i, i, 1633306, date '2023-03-02', 32817 from range(1, 7) r(i);
-- fail: cancer-persons
update condition_occurrence set condition_source_value = 'E11.9';
-- fail: patient-basics
update person set gender_concept_id = 0;
-- fail: patient-period
delete from observation_period;
-- fail: diagnosis-site
update condition_occurrence set condition_concept_id = 0;
-- fail: diagnosis-complete
update condition_occurrence set condition_source_value = 'C50';
-- fail: diagnosis-episode, treatment-episode
delete from episode;
-- fail: treatment-episode
delete from episode_event;
-- fail: diagnosis-stage
delete from measurement where measurement_concept_id = 1633306;
-- fail: tests-pathology
delete from specimen;
-- fail: tests-laboratory
delete from measurement where measurement_type_concept_id = 32856;
-- fail: treatment-any
delete from drug_exposure;
delete from procedure_occurrence;
-- fail: treatment-ingredient
delete from drug_era;
-- fail: followup-length
delete from visit_occurrence where visit_occurrence_id > 100;
-- fail: followup-death
update death set cause_concept_id = 0;
