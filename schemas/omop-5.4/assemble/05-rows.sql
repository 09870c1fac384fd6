-- Rows that several rules look at, table by table. cdm.* is always what the rules before have left.
create or replace temporary view visit_class as
  select 9201 as concept_id, 'inpatient' as class union all select 262, 'inpatient' union all select 32037, 'inpatient'
  union all select 581379, 'inpatient' union all select 8717, 'inpatient' union all select 9203, 'emergency' union all select 8870, 'emergency'
  union all select 9202, 'outpatient' union all select 581477, 'outpatient' union all select 581479, 'outpatient' union all select 8782, 'outpatient';
create or replace temporary view backward_end as
  select 'visit_occurrence' as tab, visit_occurrence_id as id, visit_start_date as start_date, visit_start_datetime as start_time,
    visit_end_datetime as end_time, 'visit_end_date' as date_column, 'visit_end_datetime' as time_column
  from cdm.visit_occurrence where visit_end_date < visit_start_date
  union all select 'visit_detail', visit_detail_id, visit_detail_start_date, visit_detail_start_datetime, visit_detail_end_datetime,
    'visit_detail_end_date', 'visit_detail_end_datetime' from cdm.visit_detail where visit_detail_end_date < visit_detail_start_date
  union all select 'condition_occurrence', condition_occurrence_id, condition_start_date, condition_start_datetime, condition_end_datetime,
    'condition_end_date', 'condition_end_datetime' from cdm.condition_occurrence where condition_end_date < condition_start_date
  union all select 'drug_exposure', drug_exposure_id, drug_exposure_start_date, drug_exposure_start_datetime, drug_exposure_end_datetime,
    'drug_exposure_end_date', 'drug_exposure_end_datetime' from cdm.drug_exposure where drug_exposure_end_date < drug_exposure_start_date
  union all select 'procedure_occurrence', procedure_occurrence_id, procedure_date, procedure_datetime, procedure_end_datetime,
    'procedure_end_date', 'procedure_end_datetime' from cdm.procedure_occurrence where procedure_end_date < procedure_date
  union all select 'device_exposure', device_exposure_id, device_exposure_start_date, device_exposure_start_datetime, device_exposure_end_datetime,
    'device_exposure_end_date', 'device_exposure_end_datetime' from cdm.device_exposure where device_exposure_end_date < device_exposure_start_date
  union all select 'payer_plan_period', payer_plan_period_id, payer_plan_period_start_date, null, null,
    'payer_plan_period_end_date', '' from cdm.payer_plan_period where payer_plan_period_end_date < payer_plan_period_start_date;
