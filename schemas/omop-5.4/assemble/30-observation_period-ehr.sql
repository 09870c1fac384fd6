-- table: observation_period
-- by: person
-- also: select person_id from derived.observation_period_before cross join (select least(max(n.day), max(b.day)) as day from last_event n cross join last_event_before b having max(n.day) <> max(b.day)) moved cross join assemble.settings s where s.data_pull is null and observation_period_end_date >= moved.day union all select p.person_id from cdm.person p cross join (select least(max(n.day), max(b.day)) as day from last_event n cross join last_event_before b having max(n.day) <> max(b.day)) moved cross join assemble.settings s where s.data_pull is null and (s.go_live > moved.day or add_days(safe_date(p.year_of_birth, coalesce(p.month_of_birth, 1), coalesce(p.day_of_birth, 1)), -s.birth_margin_days) > moved.day)
-- when: observation_period = ehr
-- The EHR convention of the CDM documentation (observation_period, "EHR data"): from the first event to the last and 60 days on, parted
-- where 548 days pass without any event; never before birth (perinatal events: nine months earlier) or go-live, never later than 60 days
-- after death or the day of the extract. Periods are found first and bounded then.
-- Islands are numbered by range, not by rows: events of one day belong together in whatever order an engine takes them.
insert into derived.observation_period(observation_period_id, person_id, observation_period_start_date, observation_period_end_date, period_type_concept_id)
with reached as (
  select person_id, first_date, last_date,
    max(last_date) over (partition by person_id order by first_date, last_date rows between unbounded preceding and 1 preceding) as reached
  from event_span
),
numbered as (
  select person_id, first_date, last_date, sum(case when reached is null or days_between(reached, first_date) > s.period_gap_days then 1 else 0 end)
    over (partition by person_id order by first_date, last_date range between unbounded preceding and current row) as island
  from reached cross join assemble.settings s
),
island as (
  select person_id, min(first_date) as first_date, max(last_date) as last_date from numbered group by person_id, island
),
pull as (
  select coalesce(max(s.data_pull), max(e.day)) as day from last_event e cross join assemble.settings s
),
dead as (
  select person_id, min(death_date) as day from cdm.death where death_date is not null group by person_id
),
bounded as (
  select i.person_id,
    greatest(i.first_date, add_days(safe_date(p.year_of_birth, coalesce(p.month_of_birth, 1), coalesce(p.day_of_birth, 1)), -s.birth_margin_days),
      s.go_live) as first_date,
    least(add_days(i.last_date, s.persistence_days), add_days(d.day, s.persistence_days), pull.day) as last_date
  from island i join cdm.person p on p.person_id = i.person_id left join dead d on d.person_id = i.person_id cross join pull
  cross join assemble.settings s
)
select row_number() over (order by b.person_id, b.first_date), b.person_id, b.first_date, b.last_date, s.period_type
from bounded b cross join assemble.settings s where b.first_date <= b.last_date order by b.person_id, b.first_date;
