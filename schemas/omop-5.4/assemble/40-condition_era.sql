-- table: condition_era
-- by: person
-- when: condition_era = yes
-- Occurrences of one condition, at most 30 days apart, are one era; an occurrence without an end lasts to the next day.
-- Source: CDM documentation, condition_era, and the script OHDSI publishes with it.
insert into derived.condition_era(condition_era_id, person_id, condition_concept_id, condition_era_start_date, condition_era_end_date, condition_occurrence_count)
with occurrence as (
  select person_id, condition_concept_id as concept, condition_start_date as first_date,
    greatest(condition_start_date, coalesce(condition_end_date, add_days(condition_start_date, 1))) as last_date
  from cdm.condition_occurrence where condition_concept_id <> 0
),
reached as (
  select person_id, concept, first_date, last_date,
    max(last_date) over (partition by person_id, concept order by first_date, last_date rows between unbounded preceding and 1 preceding) as reached
  from occurrence
),
numbered as (
  select person_id, concept, first_date, last_date,
    sum(case when reached is null or days_between(reached, first_date) > s.condition_era_gap_days then 1 else 0 end)
    over (partition by person_id, concept order by first_date, last_date range between unbounded preceding and current row) as island
  from reached cross join assemble.settings s
)
select row_number() over (order by person_id, concept, min(first_date)), person_id, concept, min(first_date), max(last_date), count(*)
from numbered group by person_id, concept, island order by person_id, concept, min(first_date);
