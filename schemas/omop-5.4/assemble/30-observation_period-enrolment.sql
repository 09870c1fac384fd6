-- table: observation_period
-- by: person
-- when: observation_period = enrolment
-- Claims: time enrolled in any plan; periods that overlap, touch or are enrolment_gap_days apart are one. Bounded by go-live, death and extract.
insert into derived.observation_period(observation_period_id, person_id, observation_period_start_date, observation_period_end_date, period_type_concept_id)
with enrolled as (
  select person_id, payer_plan_period_start_date as first_date, payer_plan_period_end_date as last_date from cdm.payer_plan_period
  where payer_plan_period_end_date >= payer_plan_period_start_date
),
reached as (
  select person_id, first_date, last_date,
    max(last_date) over (partition by person_id order by first_date, last_date rows between unbounded preceding and 1 preceding) as reached
  from enrolled
),
numbered as (
  select person_id, first_date, last_date,
    sum(case when reached is null or days_between(reached, first_date) > s.enrolment_gap_days + 1 then 1 else 0 end)
    over (partition by person_id order by first_date, last_date range between unbounded preceding and current row) as island
  from reached cross join assemble.settings s
),
island as (
  select person_id, min(first_date) as first_date, max(last_date) as last_date from numbered group by person_id, island
),
dead as (
  select person_id, min(death_date) as day from cdm.death where death_date is not null group by person_id
),
bounded as (
  select i.person_id, greatest(i.first_date, s.go_live) as first_date,
    least(i.last_date, add_days(d.day, s.persistence_days), s.data_pull) as last_date
  from island i left join dead d on d.person_id = i.person_id cross join assemble.settings s
)
select row_number() over (order by b.person_id, b.first_date), b.person_id, b.first_date, b.last_date, s.period_type
from bounded b cross join assemble.settings s where b.first_date <= b.last_date order by b.person_id, b.first_date;
