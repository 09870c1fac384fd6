-- when: emergency_inpatient = merge
-- adds: visit_detail
-- An emergency visit that is followed by an inpatient stay belongs to it: the stay begins with the emergency visit, ends with the later of
-- both ends and becomes 262, "Emergency Room and Inpatient Visit". Source: CDM documentation, visit_occurrence, and Themis on visit types.
create table assemble.emergency as
with pair as (
  select e.visit_occurrence_id as id, i.visit_occurrence_id as kept_id, e.visit_start_date as start_date, e.visit_start_datetime as start_time,
    e.visit_end_date as end_date, e.visit_end_datetime as end_time, i.visit_end_date as stay_end,
    e.admitted_from_concept_id as admitted_from, e.admitted_from_source_value as admitted_from_source,
    row_number() over (partition by e.visit_occurrence_id order by i.visit_start_date, i.visit_occurrence_id) as place
  from cdm.visit_occurrence e join visit_class ec on ec.concept_id = e.visit_concept_id and ec.class = 'emergency'
  join cdm.visit_occurrence i on i.person_id = e.person_id join visit_class ic on ic.concept_id = i.visit_concept_id and ic.class = 'inpatient'
  cross join assemble.settings s
  where i.visit_start_date >= e.visit_start_date
    and days_between(coalesce(e.visit_end_date, e.visit_start_date), i.visit_start_date) <= s.emergency_inpatient_days
)
select pair.*, row_number() over (partition by kept_id order by start_date, id) as from_start,
  row_number() over (partition by kept_id order by coalesce(end_date, start_date) desc, id) as from_end
from pair where place = 1;
create table assemble.detail as
select part.id as visit, part.kept_id, coalesce(m.id, n.id - 1 + row_number() over (partition by case when m.id is null then 1 else 0 end
  order by v.person_id, v.visit_start_date, v.visit_occurrence_id)) as id
from (select id, kept_id from assemble.emergency union select kept_id, kept_id from assemble.emergency) part
  join cdm.visit_occurrence v on v.visit_occurrence_id = part.id cross join assemble.settings s
  cross join (select id from assemble.next_id where tab = 'visit_detail') n
  left join assemble.made m on m.tab = 'visit_detail' and m.owner = part.id and m.day = safe_date(1970, 1, 1)
where s.visit_segments = 'detail' and not exists (select 1 from cdm.visit_detail d where d.visit_occurrence_id = part.id);
insert into derived.visit_detail(visit_detail_id, person_id, visit_detail_concept_id, visit_detail_start_date, visit_detail_start_datetime,
  visit_detail_end_date, visit_detail_end_datetime, visit_detail_type_concept_id, provider_id, care_site_id, visit_detail_source_value,
  visit_detail_source_concept_id, admitted_from_concept_id, admitted_from_source_value, discharged_to_concept_id, discharged_to_source_value,
  visit_occurrence_id)
select part.id, v.person_id, v.visit_concept_id, v.visit_start_date, v.visit_start_datetime, v.visit_end_date, v.visit_end_datetime, v.visit_type_concept_id,
  v.provider_id, v.care_site_id, v.visit_source_value, v.visit_source_concept_id, v.admitted_from_concept_id, v.admitted_from_source_value,
  v.discharged_to_concept_id, v.discharged_to_source_value, part.kept_id
from assemble.detail part join cdm.visit_occurrence v on v.visit_occurrence_id = part.visit order by part.id;
insert into assemble.made(tab, owner, day, id)
select 'visit_detail', visit, safe_date(1970, 1, 1), id from assemble.detail
where id >= (select id from assemble.next_id where tab = 'visit_detail');
update assemble.next_id set id = greatest(id, (select coalesce(max(id), 0) + 1 from assemble.detail)) where tab = 'visit_detail';
drop table assemble.detail;
insert into assemble.change(rule, tab, id, col, value)
select 'emergency to inpatient', 'visit_occurrence', kept_id, 'visit_concept_id', '262' from assemble.emergency where from_start = 1
union all select 'emergency to inpatient', 'visit_occurrence', kept_id, 'visit_start_date', as_text(start_date) from assemble.emergency where from_start = 1
union all select 'emergency to inpatient', 'visit_occurrence', kept_id, 'visit_start_datetime', as_text(start_time) from assemble.emergency where from_start = 1
union all select 'emergency to inpatient', 'visit_occurrence', kept_id, 'visit_end_date', as_text(end_date) from assemble.emergency
  where from_end = 1 and end_date > stay_end
union all select 'emergency to inpatient', 'visit_occurrence', kept_id, 'visit_end_datetime', as_text(end_time) from assemble.emergency
  where from_end = 1 and end_date > stay_end
union all select 'emergency to inpatient', 'visit_occurrence', kept_id, 'admitted_from_concept_id', as_text(admitted_from) from assemble.emergency
  where from_start = 1
union all select 'emergency to inpatient', 'visit_occurrence', kept_id, 'admitted_from_source_value', admitted_from_source from assemble.emergency
  where from_start = 1;
insert into assemble.change(rule, tab, id, col, value)
select 'emergency to inpatient', 'cost', c.cost_id, 'cost_event_id', as_text(e.kept_id)
from cdm.cost c join assemble.emergency e on e.id = c.cost_event_id where c.cost_domain_id = 'Visit';
insert into assemble.removal(rule, tab, id, kept_id)
select 'emergency to inpatient', 'visit_occurrence', id, kept_id from assemble.emergency;
drop table assemble.emergency;
