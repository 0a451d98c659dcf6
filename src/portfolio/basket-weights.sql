-- The weights of every published composition, the one on offer and those before it, sum to exactly 100 at commit, whichever
-- of the two tables was touched.
create function nestegg_check_basket_weights() returns trigger
language plpgsql
as $$
declare
  v_basket_ids uuid[];
begin
  if tg_table_name = 'baskets' then
    v_basket_ids := array[new.id];
  elsif tg_op = 'INSERT' then
    v_basket_ids := array[new.basket_id];
  elsif tg_op = 'DELETE' then
    v_basket_ids := array[old.basket_id];
  else
    v_basket_ids := array[old.basket_id, new.basket_id];
  end if;
  -- Whoever changes the same composition at the same time commits before or after, and is seen.
  perform from baskets b where b.id = any (v_basket_ids) order by b.id for no key update;
  if exists (
    select from baskets b
    where b.id = any (v_basket_ids) and b.composition_version > 0
      and not exists (select from basket_assets a where a.basket_id = b.id and a.version = b.composition_version)
  ) or exists (
    select from basket_assets a join baskets b on b.id = a.basket_id and a.version <= b.composition_version
    where a.basket_id = any (v_basket_ids)
    group by a.basket_id, a.version having sum(a.weight) <> 100
  ) then
    raise exception using errcode = '23514', message = 'the weights of a basket must sum to 100',
      constraint = 'baskets_weights_sum', table = 'baskets';
  end if;
  return null;
end
$$;

create constraint trigger baskets_weights_sum after insert or update on baskets
  deferrable initially deferred for each row execute function nestegg_check_basket_weights();
create constraint trigger basket_assets_weights_sum after insert or update or delete on basket_assets
  deferrable initially deferred for each row execute function nestegg_check_basket_weights();
