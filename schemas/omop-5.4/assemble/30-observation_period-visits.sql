-- table: observation_period
-- by: person
-- when: observation_period = visits
-- One period a person, from the first day of the first visit to the last day of the last, as OHDSI's ETL-Synthea makes it.
insert into derived.observation_period(observation_period_id, person_id, observation_period_start_date, observation_period_end_date, period_type_concept_id)
select row_number() over (order by v.person_id), v.person_id, min(v.visit_start_date), max(coalesce(v.visit_end_date, v.visit_start_date)), min(s.period_type)
from cdm.visit_occurrence v cross join assemble.settings s group by v.person_id order by v.person_id;
