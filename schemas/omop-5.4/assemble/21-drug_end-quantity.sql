-- when: drug_end_quantity = solid
-- needs: drug_strength
-- CDM documentation, drug_exposure_end_date, second method: of solid products (those with an amount in drug_strength) taken once a day, the
-- quantity is the days. Not where a verbatim end or days_supply says more, nor for what was given on the spot.
insert into assemble.change(rule, tab, id, col, value)
with solid as (
  select distinct drug_concept_id from cdm.drug_strength where amount_value is not null and denominator_unit_concept_id is null and invalid_reason is null
),
open_end as (
  select d.drug_exposure_id as id, d.drug_exposure_start_date as start_date, d.drug_exposure_end_datetime as end_time,
    cast(ceil(d.quantity) as integer) as days
  from cdm.drug_exposure d join solid on solid.drug_concept_id = d.drug_concept_id
  left join assemble.item given on given.name = 'drug_end_same_day' and given.number = d.drug_type_concept_id
  where d.verbatim_end_date is null and coalesce(d.drug_exposure_end_date, d.drug_exposure_start_date) = d.drug_exposure_start_date
    and coalesce(d.days_supply, 0) <= 0 and d.quantity > 1 and d.quantity <= 365 and given.number is null
)
select 'drug end from quantity', 'drug_exposure', id, 'drug_exposure_end_date', as_text(add_days(start_date, days - 1)) from open_end
union all
select 'drug end from quantity', 'drug_exposure', id, 'drug_exposure_end_datetime', as_text(as_time(add_days(start_date, days - 1))) from open_end
where end_time is not null;
