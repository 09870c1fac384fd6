-- when: visit_stitch = inpatient
-- adds: visit_detail
-- Inpatient stays of one person at one site, at most visit_stitch_days apart or overlapping, are one visit: the first stay, lasting to the
-- end of the last. Its parts stay as visit_detail rows. Source: CDM documentation, visit_occurrence, "adjacent inpatient visits".
create table assemble.stay as
with stay as (
  select v.visit_occurrence_id as id, v.person_id, coalesce(v.care_site_id, 0) as site, v.visit_start_date as start_date,
    coalesce(v.visit_end_date, v.visit_start_date) as end_date, v.visit_end_datetime as end_time, v.discharged_to_concept_id as discharged_to,
    v.discharged_to_source_value as discharged_to_source
  from cdm.visit_occurrence v join visit_class c on c.concept_id = v.visit_concept_id and c.class = 'inpatient'
),
reached as (
  select stay.*, max(end_date) over (partition by person_id, site order by start_date, end_date, id rows between unbounded preceding and 1 preceding) as reached
  from stay
),
numbered as (
  select reached.*, sum(case when reached is null or days_between(reached, start_date) > s.visit_stitch_days then 1 else 0 end)
    over (partition by person_id, site order by start_date, end_date, id range between unbounded preceding and current row) as island
  from reached cross join assemble.settings s
)
select numbered.*, first_value(id) over (partition by person_id, site, island order by start_date, end_date, id) as kept_id,
  count(*) over (partition by person_id, site, island) as parts,
  row_number() over (partition by person_id, site, island order by end_date desc, start_date desc, id desc) as from_end
from numbered;
create table assemble.detail as
select part.id as visit, part.kept_id, coalesce(m.id, n.id - 1 + row_number() over (partition by case when m.id is null then 1 else 0 end
  order by v.person_id, v.visit_start_date, v.visit_occurrence_id)) as id
from (select id, kept_id from assemble.stay where parts > 1) part
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
select 'stitched inpatient stays', 'visit_occurrence', kept_id, 'visit_end_date', as_text(end_date) from assemble.stay where parts > 1 and from_end = 1 and id <> kept_id
union all select 'stitched inpatient stays', 'visit_occurrence', kept_id, 'visit_end_datetime', as_text(end_time) from assemble.stay
  where parts > 1 and from_end = 1 and id <> kept_id
union all select 'stitched inpatient stays', 'visit_occurrence', kept_id, 'discharged_to_concept_id', as_text(discharged_to) from assemble.stay
  where parts > 1 and from_end = 1 and id <> kept_id
union all select 'stitched inpatient stays', 'visit_occurrence', kept_id, 'discharged_to_source_value', discharged_to_source from assemble.stay
  where parts > 1 and from_end = 1 and id <> kept_id;
insert into assemble.change(rule, tab, id, col, value)
select 'stitched inpatient stays', 'cost', c.cost_id, 'cost_event_id', as_text(stay.kept_id)
from cdm.cost c join assemble.stay on stay.id = c.cost_event_id where c.cost_domain_id = 'Visit' and stay.id <> stay.kept_id;
insert into assemble.removal(rule, tab, id, kept_id)
select 'stitched inpatient stays', 'visit_occurrence', id, kept_id from assemble.stay where id <> kept_id;
drop table assemble.stay;
