-- when: drug_end = supply|assumed
-- Order of the CDM documentation (drug_exposure_end_date): verbatim end, then days_supply, then an assumed length.
insert into assemble.change(rule, tab, id, col, value)
with open_end as (
  select d.drug_exposure_id as id, d.drug_exposure_start_date as start_date,
    case when d.days_supply > 0 then d.days_supply when s.drug_end = 'assumed' then s.drug_end_days end as days
  from cdm.drug_exposure d cross join assemble.settings s
  where d.verbatim_end_date is null and coalesce(d.drug_exposure_end_date, d.drug_exposure_start_date) = d.drug_exposure_start_date
)
select 'drug end imputed', 'drug_exposure', id, 'drug_exposure_end_date', as_text(add_days(start_date, days - 1)) from open_end where days > 1;
