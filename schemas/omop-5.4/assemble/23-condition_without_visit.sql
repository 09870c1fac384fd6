-- when: condition_without_visit = fold
-- A diagnosis told without a visit is the one told within a visit on the same day: equal person, concept, source value and day.
insert into assemble.removal(rule, tab, id, kept_id)
select 'conditions told without their visit', 'condition_occurrence', a.condition_occurrence_id, min(b.condition_occurrence_id)
from cdm.condition_occurrence a
join cdm.condition_occurrence b on b.person_id = a.person_id and b.condition_start_date = a.condition_start_date
  and b.condition_concept_id = a.condition_concept_id and b.condition_source_value = a.condition_source_value
where a.visit_occurrence_id is null and b.visit_occurrence_id is not null
group by a.condition_occurrence_id;
