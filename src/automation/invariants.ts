import type { Invariant } from '../shared/index.js';

export const AUTOMATION_INVARIANTS: readonly Invariant[] = [
  {
    name: "every run that succeeded invested its rule's amount",
    sql: `select count(*) as checked, count(*) filter (where t.amount <> r.amount or t.type <> 'auto_invest') as violations
      from auto_invest_runs n
      join auto_invest_rules r on r.user_id = n.user_id and r.id = n.rule_id
      join transactions t on t.user_id = n.user_id and t.id = n.transaction_id
      where n.status = 'succeeded'`,
  },
];
