-- table: observation_period
-- One period per person: first to last event, not before the birth year, at most 60 days after death. 32817: EHR.
insert into derived.observation_period(observation_period_id, person_id, observation_period_start_date, observation_period_end_date, period_type_concept_id)
with event as (
  select person_id, visit_start_date as first_date, visit_end_date as last_date from cdm.visit_occurrence
  union all select person_id, visit_detail_start_date, visit_detail_end_date from cdm.visit_detail
  union all select person_id, condition_start_date, condition_start_date from cdm.condition_occurrence
  union all select person_id, drug_exposure_start_date, drug_exposure_start_date from cdm.drug_exposure
  union all select person_id, procedure_date, procedure_date from cdm.procedure_occurrence
  union all select person_id, device_exposure_start_date, device_exposure_start_date from cdm.device_exposure
  union all select person_id, measurement_date, measurement_date from cdm.measurement
  union all select person_id, observation_date, observation_date from cdm.observation
  union all select person_id, note_date, note_date from cdm.note
  union all select person_id, specimen_date, specimen_date from cdm.specimen
  union all select person_id, death_date, death_date from cdm.death
),
span as (
  select person_id, min(first_date) as first_date, max(case when last_date is null then first_date when last_date < first_date then first_date else last_date end) as last_date
  from event where first_date is not null group by person_id
),
last_day as (
  select person_id, add_days(min(death_date), 60) as day from cdm.death where death_date is not null group by person_id
),
born as (
  select person_id, safe_date(year_of_birth, coalesce(month_of_birth, 1), coalesce(day_of_birth, 1)) as day from cdm.person where year_of_birth is not null
),
bounded as (
  select span.person_id,
    case when born.day > span.first_date then born.day else span.first_date end as first_date,
    case when last_day.day < span.last_date then last_day.day else span.last_date end as last_date
  from span left join born on born.person_id = span.person_id left join last_day on last_day.person_id = span.person_id
)
select row_number() over (order by person_id), person_id, first_date, last_date, 32817
from bounded where first_date <= last_date order by person_id;
