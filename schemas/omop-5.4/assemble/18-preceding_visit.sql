-- when: preceding_visit = previous
-- The person's visit that starts before, in order of start, time of day, and delivery.
insert into assemble.change(rule, tab, id, col, value)
select 'preceding visit', 'visit_occurrence', id, 'preceding_visit_occurrence_id', as_text(previous)
from (
  select visit_occurrence_id as id, preceding_visit_occurrence_id as given,
    lag(visit_occurrence_id) over (partition by person_id order by visit_start_date, visit_start_datetime, visit_occurrence_id) as previous
  from cdm.visit_occurrence
) ordered where previous is not null and given is null;
