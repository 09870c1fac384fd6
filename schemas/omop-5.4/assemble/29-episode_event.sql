-- table: episode_event
-- mode: replace
-- if: select (select count(*) from cdm.episode_event) - (select count(*) from (select distinct episode_id, event_id, episode_event_field_concept_id from cdm.episode_event) d)
-- An event belongs to an episode once.
insert into derived.episode_event(episode_id, event_id, episode_event_field_concept_id)
select distinct episode_id, event_id, episode_event_field_concept_id from cdm.episode_event order by episode_id, event_id, episode_event_field_concept_id;
