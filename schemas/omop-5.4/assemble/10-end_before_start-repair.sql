-- when: end_before_start = repair
-- if: select count(*) from backward_end
-- An end before the start says nothing about the length; the row is kept as an event of one day (or moment).
insert into assemble.change(rule, tab, id, col, value)
select 'end before start', tab, id, date_column, as_text(start_date) from backward_end
union all
select 'end before start', tab, id, time_column, as_text(start_time) from backward_end where end_time is not null;
