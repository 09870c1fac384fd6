-- PostgreSQL's spelling of the words the assembly files use. Run with a search_path whose first schema may take functions and views.
create or replace function add_days(day date, days bigint) returns date language sql immutable as 'select day + days::integer';
create or replace function days_between(earlier date, later date) returns integer language sql immutable as 'select later - earlier';
-- Null when there is no such day.
create or replace function safe_date(y integer, m integer, d integer) returns date language plpgsql immutable as
  $$ begin return make_date(y, m, d); exception when others then return null; end $$;
create or replace function as_text(value anyelement) returns varchar language sql immutable as 'select value::varchar';
create or replace function as_time(day date) returns timestamp language sql immutable as 'select day::timestamp';
create or replace view event_span as
  select person_id, visit_start_date as first_date, greatest(visit_start_date, visit_end_date) as last_date from cdm.visit_occurrence where visit_start_date is not null
  union all select person_id, visit_detail_start_date as first_date, greatest(visit_detail_start_date, visit_detail_end_date) as last_date from cdm.visit_detail where visit_detail_start_date is not null
  union all select person_id, condition_start_date as first_date, condition_start_date as last_date from cdm.condition_occurrence where condition_start_date is not null
  union all select person_id, drug_exposure_start_date as first_date, drug_exposure_start_date as last_date from cdm.drug_exposure where drug_exposure_start_date is not null
  union all select person_id, procedure_date as first_date, procedure_date as last_date from cdm.procedure_occurrence where procedure_date is not null
  union all select person_id, device_exposure_start_date as first_date, device_exposure_start_date as last_date from cdm.device_exposure where device_exposure_start_date is not null
  union all select person_id, measurement_date as first_date, measurement_date as last_date from cdm.measurement where measurement_date is not null
  union all select person_id, observation_date as first_date, observation_date as last_date from cdm.observation where observation_date is not null
  union all select person_id, note_date as first_date, note_date as last_date from cdm.note where note_date is not null
  union all select person_id, specimen_date as first_date, specimen_date as last_date from cdm.specimen where specimen_date is not null
  union all select person_id, death_date as first_date, death_date as last_date from cdm.death where death_date is not null
;
create or replace view last_event as select max(last_date) as day from event_span;
-- The delivered record each row came from; not known here.
create or replace view origin as select cast('' as varchar(40)) as tab, 0 as id, 0 as file, 0 as record where false;
