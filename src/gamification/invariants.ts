import type { Invariant } from '../shared/index.js';

export const GAMIFICATION_INVARIANTS: readonly Invariant[] = [
  {
    name: "every user's XP is the sum of its events",
    sql: `select count(*) as checked, count(*) filter (where coalesce(l.total_xp, 0) <> coalesce(e.total, 0)) as violations
      from user_levels l
      full join (select user_id, sum(delta) as total from xp_events group by 1) e on e.user_id = l.user_id`,
  },
  {
    name: 'what is taken back is what was gained',
    sql: `select count(*) as checked, count(*) filter (where b.delta <> -g.delta or g.takes_back_id is not null) as violations
      from xp_events b join xp_events g on g.user_id = b.user_id and g.id = b.takes_back_id`,
  },
  {
    name: 'the targets of an achievement rise with its tiers',
    sql: `select count(*) as checked, count(*) filter (where target <= before) as violations
      from (select target, lag(target) over (partition by code order by tier) as before from achievements) tiers`,
  },
  {
    name: 'the XP of a season rises with its tiers, which are numbered without a gap',
    sql: `select count(*) as checked, count(*) filter (where xp <= before or number <> position) as violations
      from (
        select number, xp, lag(xp) over season as before, row_number() over season as position
        from battle_pass_tiers window season as (partition by battle_pass_id order by number)
      ) tiers`,
  },
  {
    name: 'every premium track was paid at its price',
    sql: `select count(*) as checked,
        count(*) filter (where t.posted_at is null or t.asset_id <> p.currency_id or t.amount <> p.premium_price) as violations
      from user_battle_passes u
      join battle_passes p on p.id = u.battle_pass_id
      join transactions t on t.user_id = u.user_id and t.id = u.premium_transaction_id`,
  },
  {
    name: 'every claim is what its tier pays, and its money was granted',
    sql: `select count(*) as checked,
        count(*) filter (where
          (c.amount, c.asset_id, c.badge) is distinct from case c.track
            when 'free' then (t.free_amount, t.free_asset_id, t.free_badge)
            else (t.premium_amount, t.premium_asset_id, t.premium_badge) end
          or c.track = 'premium' and u.premium_since is null
          or c.amount is not null and (g.type <> 'reward' or g.posted_at is null or g.amount <> c.amount or g.asset_id <> c.asset_id)
        ) as violations
      from reward_claims c
      join user_battle_passes u on u.user_id = c.user_id and u.id = c.user_battle_pass_id
      join battle_pass_tiers t on t.id = c.tier_id
      left join transactions g on g.user_id = c.user_id and g.id = c.transaction_id`,
  },
];
