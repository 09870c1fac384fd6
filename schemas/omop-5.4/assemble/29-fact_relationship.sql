-- table: fact_relationship
-- mode: replace
-- if: select (select count(*) from cdm.fact_relationship) - (select count(*) from (select distinct domain_concept_id_1, fact_id_1, domain_concept_id_2, fact_id_2, relationship_concept_id from cdm.fact_relationship) d)
-- A relationship told by several records is one: the table has no key that could say so.
insert into derived.fact_relationship(domain_concept_id_1, fact_id_1, domain_concept_id_2, fact_id_2, relationship_concept_id)
select distinct domain_concept_id_1, fact_id_1, domain_concept_id_2, fact_id_2, relationship_concept_id from cdm.fact_relationship
order by domain_concept_id_1, fact_id_1, domain_concept_id_2, fact_id_2, relationship_concept_id;
