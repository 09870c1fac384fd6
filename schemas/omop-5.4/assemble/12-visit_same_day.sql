-- when: outpatient_same_day = merge
-- Outpatient visits of one person on one day, same kind, site and provider, are one visit: the first delivered stays.
insert into assemble.removal(rule, tab, id, kept_id)
with visit as (
  select v.visit_occurrence_id as id,
    min(v.visit_occurrence_id) over (partition by v.person_id, v.visit_start_date, v.visit_concept_id, coalesce(v.care_site_id, 0),
      coalesce(v.provider_id, 0)) as kept_id
  from cdm.visit_occurrence v join visit_class c on c.concept_id = v.visit_concept_id and c.class = 'outpatient'
  where v.visit_end_date = v.visit_start_date
)
select 'same-day outpatient visits', 'visit_occurrence', id, kept_id from visit where id <> kept_id;
insert into assemble.change(rule, tab, id, col, value)
select 'same-day outpatient visits', 'cost', c.cost_id, 'cost_event_id', as_text(r.kept_id)
from cdm.cost c join assemble.removal r on r.tab = 'visit_occurrence' and r.id = c.cost_event_id and r.rule = 'same-day outpatient visits'
where c.cost_domain_id = 'Visit';
