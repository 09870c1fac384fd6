-- when: events_without_visit = new
-- adds: visit_occurrence
-- if: select count(*) from visitless
-- One visit a person and day for the events that are still without one; it has its id for ever.
create table assemble.new_visit as
select w.person_id, w.day, coalesce(m.id, n.id - 1 + row_number() over (partition by case when m.id is null then 1 else 0 end order by w.person_id, w.day)) as id
from (select distinct person_id, day from visitless where day is not null) w
  cross join (select id from assemble.next_id where tab = 'visit_occurrence') n
  left join assemble.made m on m.tab = 'visit_occurrence' and m.owner = w.person_id and m.day = w.day;
insert into assemble.made(tab, owner, day, id)
select 'visit_occurrence', person_id, day, id from assemble.new_visit
where id >= (select id from assemble.next_id where tab = 'visit_occurrence');
update assemble.next_id set id = greatest(id, (select coalesce(max(id), 0) + 1 from assemble.new_visit)) where tab = 'visit_occurrence';
insert into assemble.change(rule, tab, id, col, value)
select 'visit of an event: a new one', e.tab, e.id, 'visit_occurrence_id', as_text(n.id)
from visitless e join assemble.new_visit n on n.person_id = e.person_id and n.day = e.day;
insert into derived.visit_occurrence(visit_occurrence_id, person_id, visit_concept_id, visit_start_date, visit_end_date, visit_type_concept_id)
select n.id, n.person_id, s.new_visit_concept, n.day, n.day, 32817 from assemble.new_visit n cross join assemble.settings s order by n.id;
drop table assemble.new_visit;
