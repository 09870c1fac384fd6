-- base
update ledger.run set mapping = 'ccda/scorecard';
-- Every question was asked of ten elements of a document, and none was found wanting.
insert into ledger.rule (rule, name) select 100 + row_number() over (), n from (values
  ('card_problem_act_narrative'), ('card_problem_narrative'), ('card_allergy_act_narrative'), ('card_medication_narrative'), ('card_immunization_narrative'),
  ('card_procedure_narrative'), ('card_encounter_narrative'), ('card_encounter_diagnosis_narrative'), ('card_vital_narrative'), ('card_result_narrative'),
  ('card_social_narrative'), ('card_problem_time_form'), ('card_allergy_time_form'), ('card_medication_time_form'), ('card_immunization_time_form'),
  ('card_procedure_time_form'), ('card_encounter_time_form'), ('card_vital_time_form'), ('card_result_time_form'), ('card_social_time_form'),
  ('card_problem_lifespan'), ('card_allergy_lifespan'), ('card_medication_lifespan'), ('card_immunization_lifespan'), ('card_procedure_lifespan'),
  ('card_encounter_lifespan'), ('card_vital_lifespan'), ('card_result_lifespan'), ('card_social_lifespan'), ('card_problem_code_name'),
  ('card_problem_value_name'), ('card_allergy_code_name'), ('card_allergy_value_name'), ('card_medication_code_name'), ('card_immunization_code_name'),
  ('card_procedure_code_name'), ('card_encounter_code_name'), ('card_encounter_value_name'), ('card_vital_code_name'), ('card_result_code_name'),
  ('card_result_value_name'), ('card_social_code_name'), ('card_social_value_name'), ('card_problem_status'), ('card_allergy_status'),
  ('card_problem_section_template'), ('card_problem_entry_template'), ('card_allergy_section_template'), ('card_allergy_entry_template'), ('card_medication_section_template'),
  ('card_medication_entry_template'), ('card_immunization_section_template'), ('card_immunization_entry_template'), ('card_procedure_section_template'), ('card_procedure_entry_template'),
  ('card_encounter_section_template'), ('card_encounter_entry_template'), ('card_vital_section_template'), ('card_vital_entry_template'), ('card_result_section_template'),
  ('card_result_entry_template'), ('card_social_section_template'), ('card_social_entry_template'), ('card_problem_snomed'), ('card_medication_rxnorm'),
  ('card_immunization_cvx'), ('card_vital_loinc'), ('card_result_loinc'), ('card_vital_unit'), ('card_result_unit'),
  ('card_vital_organizer'), ('card_result_organizer'), ('card_medication_sig'), ('card_smoking_template'), ('card_smoking_value'),
  ('card_birth_sex'), ('card_birth_time')
) v(n);
insert into ledger.filter (run, file, rule, filter, reason, "rows") select 1, 0, rule, 0, 'fact does not hold', 0 from ledger.rule where name like 'card_%';
insert into ledger.filter (run, file, rule, filter, reason, "rows") select 1, 0, rule, 1, 'fact holds', 10 from ledger.rule where name like 'card_%';
insert into ledger.balance (run, file, rule, rule_name, "in", mapped, filtered, duplicates, quarantined, unread)
  values (1, 0, -1, 'reader', 20, 20, 0, 0, 0, 0), (1, 0, 2, 'problem', 50, 50, 0, 0, 0, 0), (1, 0, 3, 'unread', 1, 0, 1, 0, 0, 0);
-- fail: {key}-narrative for sections.csv:narrative
update ledger.filter set "rows" = 1 where filter = 0 and rule in (select rule from ledger.rule where name = 'card_{key}_narrative');
-- fail: {key}-concern-narrative for sections.csv:act
update ledger.filter set "rows" = 1 where filter = 0 and rule in (select rule from ledger.rule where name = 'card_{key}_act_narrative');
-- fail: {key}-diagnosis-narrative for sections.csv:diagnosis
update ledger.filter set "rows" = 1 where filter = 0 and rule in (select rule from ledger.rule where name = 'card_{key}_diagnosis_narrative');
-- fail: {key}-time-form for sections.csv
update ledger.filter set "rows" = 1 where filter = 0 and rule in (select rule from ledger.rule where name = 'card_{key}_time_form');
-- fail: {key}-lifespan for sections.csv
update ledger.filter set "rows" = 1 where filter = 0 and rule in (select rule from ledger.rule where name = 'card_{key}_lifespan');
-- fail: {key}-code-name for sections.csv
update ledger.filter set "rows" = 1 where filter = 0 and rule in (select rule from ledger.rule where name = 'card_{key}_code_name');
-- fail: {key}-value-name for sections.csv:value
update ledger.filter set "rows" = 1 where filter = 0 and rule in (select rule from ledger.rule where name = 'card_{key}_value_name');
-- fail: {key}-section-template for sections.csv
update ledger.filter set "rows" = 1 where filter = 0 and rule in (select rule from ledger.rule where name = 'card_{key}_section_template');
-- fail: {key}-entry-template for sections.csv
update ledger.filter set "rows" = 1 where filter = 0 and rule in (select rule from ledger.rule where name = 'card_{key}_entry_template');
-- fail: {key}-status for sections.csv:status
update ledger.filter set "rows" = 1 where filter = 0 and rule in (select rule from ledger.rule where name = 'card_{key}_status');
-- fail: {key}-organizer for sections.csv:organizer
update ledger.filter set "rows" = 1 where filter = 0 and rule in (select rule from ledger.rule where name = 'card_{key}_organizer');
-- fail: problem-snomed
update ledger.filter set "rows" = 1 where filter = 0 and rule in (select rule from ledger.rule where name = 'card_problem_snomed');
-- fail: medication-rxnorm
update ledger.filter set "rows" = 1 where filter = 0 and rule in (select rule from ledger.rule where name = 'card_medication_rxnorm');
-- fail: medication-sig
update ledger.filter set "rows" = 1 where filter = 0 and rule in (select rule from ledger.rule where name = 'card_medication_sig');
-- fail: immunization-cvx
update ledger.filter set "rows" = 1 where filter = 0 and rule in (select rule from ledger.rule where name = 'card_immunization_cvx');
-- fail: vital-loinc
update ledger.filter set "rows" = 1 where filter = 0 and rule in (select rule from ledger.rule where name = 'card_vital_loinc');
-- fail: vital-unit
update ledger.filter set "rows" = 1 where filter = 0 and rule in (select rule from ledger.rule where name = 'card_vital_unit');
-- fail: result-loinc
update ledger.filter set "rows" = 1 where filter = 0 and rule in (select rule from ledger.rule where name = 'card_result_loinc');
-- fail: result-unit
update ledger.filter set "rows" = 1 where filter = 0 and rule in (select rule from ledger.rule where name = 'card_result_unit');
-- fail: smoking-template
update ledger.filter set "rows" = 1 where filter = 0 and rule in (select rule from ledger.rule where name = 'card_smoking_template');
-- fail: smoking-value
update ledger.filter set "rows" = 1 where filter = 0 and rule in (select rule from ledger.rule where name = 'card_smoking_value');
-- fail: birth-sex
update ledger.filter set "rows" = 1 where filter = 0 and rule in (select rule from ledger.rule where name = 'card_birth_sex');
-- fail: birth-time
update ledger.filter set "rows" = 1 where filter = 0 and rule in (select rule from ledger.rule where name = 'card_birth_time');
-- not_observable: problem-narrative, birth-time, vital-unit
delete from ledger.filter where rule >= 100;
-- not_observable: *-narrative, document-read
drop schema ledger cascade;
-- fail: medication-product
update drug_exposure set drug_source_concept_id = 1503297 where person_id = 1;
-- fail: problem-mapped
update condition_occurrence set condition_concept_id = 0;
-- fail: result-mapped
update measurement set measurement_concept_id = 0;
-- fail: document-read
update ledger.balance set mapped = 19, quarantined = 1 where rule_name = 'reader';
-- fail: document-fact-refused
update ledger.balance set mapped = 40, quarantined = 100 where rule_name = 'problem';
-- pass: document-fact-refused
update ledger.balance set quarantined = 1, mapped = mapped - 1 where rule_name = 'problem';
-- fail: document-section-known
update ledger.balance set "in" = 10, filtered = 10 where rule_name = 'unread';
