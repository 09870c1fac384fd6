-- when: events_without_visit = enclosing|new
-- The visit of the person around the event's day: inpatient before emergency before others, then the shortest, then the first delivered.
insert into assemble.change(rule, tab, id, col, value)
select 'visit of an event: the enclosing one', tab, id, 'visit_occurrence_id', as_text(visit_id)
from (
  select e.tab, e.id, v.visit_occurrence_id as visit_id,
    row_number() over (partition by e.tab, e.id
      order by case c.class when 'inpatient' then 1 when 'emergency' then 2 else 3 end,
        days_between(v.visit_start_date, coalesce(v.visit_end_date, v.visit_start_date)), v.visit_occurrence_id) as place
  from visitless e join cdm.visit_occurrence v on v.person_id = e.person_id and e.day >= v.visit_start_date
    and e.day <= coalesce(v.visit_end_date, v.visit_start_date)
  left join visit_class c on c.concept_id = v.visit_concept_id
) chosen where place = 1;
