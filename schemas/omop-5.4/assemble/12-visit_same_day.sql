-- when: outpatient_same_day = merge
-- Outpatient visits of one person on one day, same kind, site and provider, are one visit: the first delivered stays, from the first to the
-- last time of day that one of them tells.
create table assemble.clinic as
with visit as (
  select v.visit_occurrence_id as id, v.visit_start_datetime as start_time, v.visit_end_datetime as end_time,
    min(v.visit_occurrence_id) over (partition by v.person_id, v.visit_start_date, v.visit_concept_id, coalesce(v.care_site_id, 0),
      coalesce(v.provider_id, 0)) as kept_id
  from cdm.visit_occurrence v join visit_class c on c.concept_id = v.visit_concept_id and c.class = 'outpatient'
  where v.visit_end_date = v.visit_start_date
)
select visit.*, min(start_time) over (partition by kept_id) as first_time, max(end_time) over (partition by kept_id) as last_time from visit;
insert into assemble.change(rule, tab, id, col, value)
select 'same-day outpatient visits', 'visit_occurrence', id, 'visit_start_datetime', as_text(first_time) from assemble.clinic
  where id = kept_id and first_time < start_time
union all select 'same-day outpatient visits', 'visit_occurrence', id, 'visit_end_datetime', as_text(last_time) from assemble.clinic
  where id = kept_id and last_time > end_time;
insert into assemble.removal(rule, tab, id, kept_id)
select 'same-day outpatient visits', 'visit_occurrence', id, kept_id from assemble.clinic where id <> kept_id;
insert into assemble.change(rule, tab, id, col, value)
select 'same-day outpatient visits', 'cost', c.cost_id, 'cost_event_id', as_text(v.kept_id)
from cdm.cost c join assemble.clinic v on v.id = c.cost_event_id and v.id <> v.kept_id
where c.cost_domain_id = 'Visit';
drop table assemble.clinic;
