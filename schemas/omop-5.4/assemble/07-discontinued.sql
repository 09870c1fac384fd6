-- if: select count(*) from cdm.ending
-- Drugs whose order was discontinued or replaced by a message that names only the order's number (cdm.ending): they end then, unless they ended
-- before or a later message told of the order again. cdm.prescription says under which numbers a drug was ordered; the filler's number decides where
-- both sides say one, else the placer's. A drug that was to begin later ends on its first day, as the CDM asks.
create table assemble.stopped as
with matched as (
  select e.ending_id, p.event_id from cdm.ending e join cdm.prescription p on p.person_id = e.person_id and p.filler_number = e.filler_number
  where p.event_domain = 'Drug' and coalesce(p.told_datetime, as_time(p.told_date)) <= coalesce(e.told_datetime, as_time(e.told_date))
  union select e.ending_id, p.event_id from cdm.ending e join cdm.prescription p on p.person_id = e.person_id and p.placer_number = e.placer_number
  where (p.filler_number is null or e.filler_number is null) and p.event_domain = 'Drug'
    and coalesce(p.told_datetime, as_time(p.told_date)) <= coalesce(e.told_datetime, as_time(e.told_date))
),
candidate as (
  select d.drug_exposure_id as id, case when e.ended_date < d.drug_exposure_start_date then d.drug_exposure_start_date else e.ended_date end as day,
    case when e.ended_date < d.drug_exposure_start_date then null else e.ended_datetime end as day_time, e.stop_reason, d.drug_exposure_end_datetime as old_time,
    row_number() over (partition by d.drug_exposure_id order by e.ended_date, e.ending_id) as place
  from matched m join cdm.ending e on e.ending_id = m.ending_id join cdm.drug_exposure d on d.drug_exposure_id = m.event_id
  where d.stop_reason is null and (d.drug_exposure_end_date > e.ended_date or (d.verbatim_end_date is null and d.days_supply is null))
)
select * from candidate where place = 1;
insert into assemble.change(rule, tab, id, col, value)
select 'ends of discontinued orders', 'drug_exposure', id, 'drug_exposure_end_date', as_text(day) from assemble.stopped
union all select 'ends of discontinued orders', 'drug_exposure', id, 'verbatim_end_date', as_text(day) from assemble.stopped
union all select 'ends of discontinued orders', 'drug_exposure', id, 'stop_reason', stop_reason from assemble.stopped
union all select 'ends of discontinued orders', 'drug_exposure', id, 'drug_exposure_end_datetime', as_text(day_time) from assemble.stopped
  where day_time is not null or old_time is not null;
drop table assemble.stopped;
