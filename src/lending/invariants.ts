import type { Invariant } from '../shared/index.js';

export const LENDING_INVARIANTS: readonly Invariant[] = [
  {
    name: 'the principals of every schedule sum to the loan, and the paid ones to what was repaid',
    sql: `select count(*) as checked, count(*) filter (
        where s.principal is distinct from l.principal or s.paid <> l.principal - l.outstanding_principal
      ) as violations
      from loans l
      left join (
        select user_id, loan_id, sum(principal) as principal, sum(paid_principal) as paid
        from loan_installments group by user_id, loan_id
      ) s on s.user_id = l.user_id and s.loan_id = l.id
      where l.disbursed_at is not null`,
  },
  {
    name: 'the payments of every loan are on its instalments, part by part',
    sql: `select count(*) as checked, count(*) filter (
        where coalesce(p.principal, 0) <> i.principal or coalesce(p.interest, 0) <> i.interest or coalesce(p.fees, 0) <> i.fees
      ) as violations
      from (
        select user_id, loan_id, sum(paid_principal) as principal, sum(paid_interest) as interest, sum(paid_late_fee) as fees
        from loan_installments group by user_id, loan_id
      ) i
      left join (
        select user_id, loan_id, sum(principal) as principal, sum(interest) as interest, sum(fees) as fees
        from loan_payments group by user_id, loan_id
      ) p on p.user_id = i.user_id and p.loan_id = i.loan_id`,
  },
  {
    name: 'every loan owes the late fees that its instalments lack',
    sql: `select count(*) as checked, count(*) filter (where i.lacking <> l.outstanding_fees) as violations
      from loans l
      join (
        select user_id, loan_id, sum(late_fee - paid_late_fee) as lacking from loan_installments group by user_id, loan_id
      ) i on i.user_id = l.user_id and i.loan_id = l.id`,
  },
  {
    name: 'the collateral of all loans is what the collateral accounts hold',
    sql: `select count(*) as checked, count(*) filter (where coalesce(c.quantity, 0) <> a.balance) as violations
      from ledger_accounts a
      left join (
        select user_id, account_id, sum(quantity) as quantity from loan_collaterals group by user_id, account_id
      ) c on c.user_id = a.user_id and c.account_id = a.id
      where a.kind = 'collateral'`,
  },
];
