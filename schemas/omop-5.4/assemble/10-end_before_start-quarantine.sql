-- when: end_before_start = quarantine
-- if: select count(*) from backward_end
-- message: C077
insert into assemble.removal(rule, tab, id, kept_id)
select 'end before start', tab, id, null from backward_end;
