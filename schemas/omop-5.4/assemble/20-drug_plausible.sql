-- when: days_supply_max > 0, quantity_max > 0
-- Supplies and quantities no patient can have had are left out; the exposure stays.
insert into assemble.change(rule, tab, id, col, value)
select 'days_supply not plausible', 'drug_exposure', d.drug_exposure_id, 'days_supply', null
from cdm.drug_exposure d cross join assemble.settings s
where s.days_supply_max > 0 and (d.days_supply < 1 or d.days_supply > s.days_supply_max)
union all
select 'quantity not plausible', 'drug_exposure', d.drug_exposure_id, 'quantity', null
from cdm.drug_exposure d cross join assemble.settings s
where s.quantity_max > 0 and (d.quantity < 0 or d.quantity > s.quantity_max);
