-- The weights of a basket that is or was on offer sum to exactly 100 at commit, whichever of its two tables was touched.
create function nestegg_check_basket_weights() returns trigger
language plpgsql
as $$
declare
  v_basket_id uuid;
begin
  if tg_table_name = 'baskets' then
    v_basket_id := new.id;
  else
    v_basket_id := coalesce(new.basket_id, old.basket_id);
  end if;
  if exists (
    select from baskets b
    where b.id = v_basket_id and b.composition_version > 0
      and (select coalesce(sum(a.weight), 0) from basket_assets a where a.basket_id = b.id and a.version = b.composition_version) <> 100
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
