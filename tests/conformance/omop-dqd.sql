-- base
insert into concept (concept_id, concept_name, domain_id, vocabulary_id, concept_class_id, standard_concept, concept_code, valid_start_date, valid_end_date)
  values (26662, 'Testicular hypofunction', 'Condition', 'SNOMED', 'Disorder', 'S', '26662', date '1970-01-01', date '2099-12-31');
-- One man with a disorder of men, so that the checks by gender have something to look at.
update condition_occurrence set condition_concept_id = 26662 where person_id = 1;
update condition_era set condition_concept_id = 26662 where person_id = 1;
update procedure_occurrence set procedure_concept_id = 4250917 where person_id = 1;
insert into concept (concept_id, concept_name, domain_id, vocabulary_id, concept_class_id, standard_concept, concept_code, valid_start_date, valid_end_date)
  values (4250917, 'Operation on prostate', 'Procedure', 'SNOMED', 'Procedure', 'S', '90470006', date '1970-01-01', date '2099-12-31');
insert into concept_ancestor values (4250917, 4250917, 0, 0);
-- fail: table_cdmtable_specimen
drop table specimen;
-- fail: table_measurepersoncompleteness_observation_period
delete from observation_period where person_id = 1;
-- fail: table_measureconditioneracompleteness_condition_era
delete from condition_era where person_id = 1;
-- fail: table_measureobservationperiodoverlap_observation_period
insert into observation_period values (99, 1, date '2026-01-01', date '2026-01-02', 32817);
-- fail: field_cdmfield_note_note_title
alter table note drop column note_title;
-- fail: field_isrequired_person_year_of_birth
update person set year_of_birth = null where person_id = 1;
-- fail: field_cdmdatatype_visit_occurrence_visit_occurrence_id
alter table visit_occurrence alter visit_occurrence_id type varchar;
update visit_occurrence set visit_occurrence_id = 'one' where person_id = 1;
-- fail: field_isprimarykey_person_person_id
insert into person select * from person where person_id = 1;
-- fail: field_isforeignkey_measurement_person_id
update measurement set person_id = 99 where measurement_id = 1;
-- fail: field_fkdomain_measurement_measurement_concept_id
update measurement set measurement_concept_id = 201826;
-- fail: field_fkclass_drug_era_drug_concept_id
update drug_era set drug_concept_id = 40163924;
-- fail: field_isstandardvalidconcept_condition_occurrence_condition_concept_id
update condition_occurrence set condition_concept_id = 1567956;
-- fail: field_measurevaluecompleteness_person_person_id
update person set person_id = null where person_id = 1;
-- fail: field_standardconceptrecordcompleteness_condition_occurrence_condition_concept_id, field_sourcevaluecompleteness_condition_occurrence_condition_source_value
update condition_occurrence set condition_concept_id = 0;
-- fail: field_sourceconceptrecordcompleteness_condition_occurrence_condition_source_concept_id
update condition_occurrence set condition_source_concept_id = 0;
-- fail: field_plausiblevaluelow_person_year_of_birth
update person set year_of_birth = 1849;
-- fail: field_plausiblevaluehigh_person_year_of_birth
update person set year_of_birth = 2050;
-- fail: field_plausibletemporalafter_visit_occurrence_visit_end_date
update visit_occurrence set visit_end_date = date '2023-02-28';
-- fail: field_plausibleduringlife_condition_occurrence_condition_start_date, field_plausiblebeforedeath_condition_occurrence_condition_start_date
update condition_occurrence set condition_start_date = date '2024-08-01';
-- fail: field_withinvisitdates_measurement_measurement_date
update measurement set measurement_date = date '2023-03-20';
-- fail: field_plausibleafterbirth_measurement_measurement_date
update measurement set measurement_date = date '1950-01-01';
-- fail: field_plausiblestartbeforeend_visit_occurrence_visit_start_date
update visit_occurrence set visit_end_date = date '2023-02-28';
-- fail: concept_plausiblegender_condition_occurrence_condition_concept_id_26662
update person set gender_concept_id = 8532 where person_id = 1;
-- fail: concept_plausiblegenderusedescendants_procedure_occurrence_procedure_concept_id_4250917*
update person set gender_concept_id = 8532 where person_id = 1;
-- fail: concept_plausibleunitconceptids_measurement_measurement_concept_id_3004410
update measurement set unit_concept_id = 8876 where measurement_concept_id = 3004410;
