-- table: observation_period
-- One period per person: first to last event, not before the birth year, at most 60 days after death. 32817: EHR.
insert into derived.observation_period(observation_period_id, person_id, observation_period_start_date, observation_period_end_date, period_type_concept_id)
with span as (
  select person_id, min(first_date) as first_date, max(last_date) as last_date from event_span group by person_id
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
