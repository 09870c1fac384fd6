-- table: drug_era
-- by: person
-- when: drug_era = yes
-- lookup: ingredient
-- Exposures to one ingredient, at most 30 days apart, are one era. No stockpiling: overlapping exposures are one stretch. gap_days are the
-- days of the era outside its stretches. End of an exposure: its end date, else start + days_supply, else the next day.
-- Source: CDM documentation, drug_era, and the non-stockpile script OHDSI publishes with it.
insert into derived.drug_era(drug_era_id, person_id, drug_concept_id, drug_era_start_date, drug_era_end_date, drug_exposure_count, gap_days)
with exposure as (
  select d.person_id, i.ingredient_concept_id as concept, d.drug_exposure_start_date as first_date,
    greatest(d.drug_exposure_start_date, coalesce(d.drug_exposure_end_date,
      add_days(d.drug_exposure_start_date, case when d.days_supply > 0 then d.days_supply else 1 end))) as last_date
  from cdm.drug_exposure d join assemble.ingredient i on i.drug_concept_id = d.drug_concept_id
),
reached as (
  select person_id, concept, first_date, last_date,
    max(last_date) over (partition by person_id, concept order by first_date, last_date rows between unbounded preceding and 1 preceding) as reached
  from exposure
),
numbered as (
  select person_id, concept, first_date, last_date, sum(case when reached is null or first_date > reached then 1 else 0 end)
    over (partition by person_id, concept order by first_date, last_date range between unbounded preceding and current row) as stretch
  from reached
),
stretch as (
  select person_id, concept, min(first_date) as first_date, max(last_date) as last_date, count(*) as exposures
  from numbered group by person_id, concept, stretch
),
followed as (
  select stretch.*, lag(last_date) over (partition by person_id, concept order by first_date) as before from stretch
),
era as (
  select person_id, concept, first_date, last_date, exposures,
    sum(case when before is null or days_between(before, first_date) > s.drug_era_gap_days then 1 else 0 end)
    over (partition by person_id, concept order by first_date range between unbounded preceding and current row) as era
  from followed cross join assemble.settings s
)
select row_number() over (order by person_id, concept, min(first_date)), person_id, concept, min(first_date), max(last_date), sum(exposures),
  days_between(min(first_date), max(last_date)) - sum(days_between(first_date, last_date))
from era group by person_id, concept, era order by person_id, concept, min(first_date);
