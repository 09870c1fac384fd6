-- Events without a visit.
create or replace temporary view visitless as
  select 'condition_occurrence' as tab, condition_occurrence_id as id, person_id, condition_start_date as day from cdm.condition_occurrence
    where visit_occurrence_id is null
  union all select 'drug_exposure', drug_exposure_id, person_id, drug_exposure_start_date from cdm.drug_exposure where visit_occurrence_id is null
  union all select 'procedure_occurrence', procedure_occurrence_id, person_id, procedure_date from cdm.procedure_occurrence where visit_occurrence_id is null
  union all select 'device_exposure', device_exposure_id, person_id, device_exposure_start_date from cdm.device_exposure where visit_occurrence_id is null
  union all select 'measurement', measurement_id, person_id, measurement_date from cdm.measurement where visit_occurrence_id is null
  union all select 'observation', observation_id, person_id, observation_date from cdm.observation where visit_occurrence_id is null
  union all select 'note', note_id, person_id, note_date from cdm.note where visit_occurrence_id is null;
