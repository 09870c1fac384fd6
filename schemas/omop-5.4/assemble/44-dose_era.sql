-- table: dose_era
-- by: person
-- when: dose_era = yes
-- needs: drug_strength
-- Exposures to one ingredient with the same daily dose and unit, at most 30 days apart, are one era. Daily dose by the forms of drug_strength
-- (CDM documentation, dose_era): an amount times quantity over the days; a concentration times quantity over the days, its denominator in units
-- of the quantity; a rate per hour (denominator unit 8505) for 24 hours. Exposures without quantity where one is needed have no dose.
insert into derived.dose_era(dose_era_id, person_id, drug_concept_id, unit_concept_id, dose_value, dose_era_start_date, dose_era_end_date)
with exposure as (
  select d.person_id, d.drug_concept_id, d.quantity, d.drug_exposure_start_date as first_date,
    greatest(d.drug_exposure_start_date, coalesce(d.drug_exposure_end_date, d.drug_exposure_start_date)) as last_date,
    case when d.days_supply > 0 then d.days_supply
      else greatest(days_between(d.drug_exposure_start_date, coalesce(d.drug_exposure_end_date, d.drug_exposure_start_date)) + 1, 1) end as days
  from cdm.drug_exposure d where d.drug_concept_id <> 0
),
dose as (
  select e.person_id, s.ingredient_concept_id as concept, e.first_date, e.last_date,
    case when s.amount_value is not null then s.amount_unit_concept_id else s.numerator_unit_concept_id end as unit,
    case when s.amount_value is not null then s.amount_value * e.quantity / e.days
      when s.denominator_unit_concept_id = 8505 then s.numerator_value * 24 / coalesce(s.denominator_value, 1)
      else s.numerator_value * e.quantity / e.days end as dose
  from exposure e join cdm.drug_strength s on s.drug_concept_id = e.drug_concept_id and s.invalid_reason is null
),
reached as (
  select person_id, concept, unit, dose, first_date, last_date,
    max(last_date) over (partition by person_id, concept, unit, dose order by first_date, last_date rows between unbounded preceding and 1 preceding) as reached
  from dose where dose > 0 and unit is not null
),
numbered as (
  select person_id, concept, unit, dose, first_date, last_date,
    sum(case when reached is null or days_between(reached, first_date) > s.dose_era_gap_days then 1 else 0 end)
    over (partition by person_id, concept, unit, dose order by first_date, last_date range between unbounded preceding and current row) as island
  from reached cross join assemble.settings s
)
select row_number() over (order by person_id, concept, unit, dose, min(first_date)), person_id, concept, unit, dose, min(first_date), max(last_date)
from numbered group by person_id, concept, unit, dose, island order by person_id, concept, unit, dose, min(first_date);
