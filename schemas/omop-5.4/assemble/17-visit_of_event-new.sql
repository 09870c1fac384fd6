-- when: events_without_visit = new
-- adds: visit_occurrence
-- if: select count(*) from visitless
-- One visit a person and day for the events that are still without one.
create table assemble.new_visit as
select (select coalesce(max(visit_occurrence_id), 0) from cdm.visit_occurrence) + row_number() over (order by person_id, day) as id, person_id, day
from (select distinct person_id, day from visitless where day is not null) wanted;
insert into assemble.change(rule, tab, id, col, value)
select 'visit of an event: a new one', e.tab, e.id, 'visit_occurrence_id', as_text(n.id)
from visitless e join assemble.new_visit n on n.person_id = e.person_id and n.day = e.day;
insert into derived.visit_occurrence(visit_occurrence_id, person_id, visit_concept_id, visit_start_date, visit_end_date, visit_type_concept_id)
select n.id, n.person_id, s.new_visit_concept, n.day, n.day, 32817 from assemble.new_visit n cross join assemble.settings s order by n.id;
drop table assemble.new_visit;
