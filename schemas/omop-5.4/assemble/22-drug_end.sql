-- when: drug_end = supply|assumed
-- Order of the CDM documentation (drug_exposure_end_date): verbatim end, then days_supply, then an assumed length: what was given on the
-- spot ends on its day, a mail order lasts 90 days, anything else drug_end_days. A time of day that was told for the first day goes along.
insert into assemble.change(rule, tab, id, col, value)
with open_end as (
  select d.drug_exposure_id as id, d.drug_exposure_start_date as start_date, d.drug_exposure_end_datetime as end_time,
    case when d.days_supply > 0 then d.days_supply when s.drug_end <> 'assumed' or given.number is not null then 1
      when mailed.number is not null then 90 else s.drug_end_days end as days,
    case when d.days_supply > 0 then 'drug end from days_supply' else 'drug end assumed' end as rule
  from cdm.drug_exposure d cross join assemble.settings s
  left join assemble.item given on given.name = 'drug_end_same_day' and given.number = d.drug_type_concept_id
  left join assemble.item mailed on mailed.name = 'drug_end_mail_order' and mailed.number = d.drug_type_concept_id
  where d.verbatim_end_date is null and coalesce(d.drug_exposure_end_date, d.drug_exposure_start_date) = d.drug_exposure_start_date
)
select rule, 'drug_exposure', id, 'drug_exposure_end_date', as_text(add_days(start_date, days - 1)) from open_end where days > 1
union all
select rule, 'drug_exposure', id, 'drug_exposure_end_datetime', as_text(as_time(add_days(start_date, days - 1))) from open_end
where days > 1 and end_time is not null;
