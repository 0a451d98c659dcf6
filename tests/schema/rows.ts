import { createHash } from 'node:crypto';
import type pg from 'pg';

/** An id that a name stands for, the same at every run. */
export function id(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

type Value = string | number | boolean | null;
type Row = Record<string, Value>;

const NOON = '2026-03-02T12:00:00Z';
const LATER = '2026-03-02T13:00:00Z';
const NEXT_MONTH = '2026-04-01T00:00:00Z';
const ANN = { user_id: id('ann') };
const TOTAL = '{"kind": "deposit_total"}';
const POSTED = { ...ANN, status: 'posted', asset_id: id('USD'), amount: 5, occurred_at: NOON, posted_at: NOON };
const posted = (name: string, type: string, more: Row = {}): Row => ({
  ...{ ...POSTED, id: id(name), type, idempotency_key: `key of ${name}`, request_hash: 'h' },
  ...more,
});
const APPLICATION = {
  ...{ ...ANN, currency_id: id('USD'), scale: 2, requested_amount: 100, term_months: 12 },
  ...{ purpose: 'home', collateral_offered: '[]' },
};
const QUEST = {
  ...{ name: 'Save', description: 'Save a bit.', kind: 'one_time', criteria: TOTAL, target: 10, xp: 50 },
  ...{ starts_at: NOON, ends_at: LATER },
};
const TIP = {
  ...{ expert_id: id('guide'), title: 'Look here', body: 'Gold went up.', confidence: 70, risk: 'moderate' },
  ...{ disclaimer: 'No advice.', disclaimer_version: '1' },
};

/**
 * At least one row of every table, those that others point at first. Somewhere in it every foreign key points at a row
 * and every unique key has a value: so each of them has something that it can refuse.
 */
const ROWS: Record<string, Row[]> = {
  users: ['ann', 'bob', 'carol'].map(name => ({
    ...{ id: id(name), email: `${name}@example.com`, status: 'active', kyc_status: 'none' },
  })),
  assets: [
    {
      ...{ id: id('USD'), code: 'USD', name: 'US dollar', kind: 'fiat', display_scale: 2 },
      ...{ price_max_age_seconds: 60, status: 'active' },
    },
    {
      ...{ id: id('WBTC'), code: 'WBTC', name: 'Wrapped Bitcoin', kind: 'crypto', chain: 'ethereum', decimals: 8 },
      ...{ contract_address: '0x2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599', display_scale: 8 },
      ...{ price_max_age_seconds: 60, status: 'active' },
    },
  ],
  asset_prices: [
    {
      ...{ id: id('price'), asset_id: id('WBTC'), quote_id: id('USD'), as_of: NOON, price: 64000 },
      ...{ source: 'exchange', provisional: false },
    },
  ],
  baskets: [
    {
      ...{
        id: id('duo'),
        slug: 'duo',
        name: 'Duo',
        description: 'Two of a kind.',
        risk: 'moderate',
        category: 'Mixed',
      },
      ...{ minimum_investment: 10, fee_rate: 1, curator: 'Nestegg', status: 'active', composition_version: 1 },
    },
  ],
  basket_assets: [
    {
      ...{ id: id('duo 1'), basket_id: id('duo'), version: 1, position: 1, asset_id: id('USD') },
      ...{ weight: 60, min_weight: 50, max_weight: 70 },
    },
    {
      ...{ id: id('duo 2'), basket_id: id('duo'), version: 1, position: 2, asset_id: id('WBTC') },
      ...{ weight: 40, min_weight: 30, max_weight: 50 },
    },
  ],
  ai_experts: [
    {
      ...{ id: id('guide'), slug: 'guide', version: 1, name: 'Guide', persona: 'Calm.', speciality: 'Baskets' },
      ...{ model_id: 'm', prompt_version: '1', disclaimer_version: '1', status: 'active', activated_at: NOON },
    },
  ],
  ai_tips: [
    { ...TIP, id: id('draft tip'), asset_id: id('WBTC'), dedupe_key: 'draft', status: 'draft' },
    {
      ...{ ...TIP, id: id('tip'), basket_id: id('duo'), dedupe_key: 'tip', status: 'published' },
      ...{ facts: '{}', prices: '{}', published_at: NOON, expires_at: LATER },
    },
  ],
  achievements: [
    {
      ...{ id: id('saver'), code: 'saver', tier: 1, name: 'Saver', description: 'Saved.', criteria: TOTAL, target: 10 },
      ...{ points: 10, status: 'active' },
    },
  ],
  battle_passes: [
    {
      ...{ id: id('spring'), code: 'spring', name: 'Spring', season: 1, starts_at: NOON, ends_at: LATER },
      ...{ claim_until: NEXT_MONTH, premium_price: 5, currency_id: id('USD'), status: 'active', activated_at: NOON },
    },
  ],
  battle_pass_tiers: [
    {
      ...{ id: id('tier'), battle_pass_id: id('spring'), number: 1, xp: 100, free_amount: 1, free_asset_id: id('USD') },
      ...{ premium_amount: 2, premium_asset_id: id('USD') },
    },
  ],
  quests: [
    { ...QUEST, id: id('first quest'), code: 'first', status: 'draft' },
    {
      ...{ ...QUEST, id: id('quest'), code: 'second', prerequisite_id: id('first quest') },
      ...{ status: 'active', activated_at: NOON },
    },
  ],
  portfolios: [
    {
      ...{ ...ANN, id: id('portfolio'), name: 'Main', currency_id: id('USD'), risk: 'moderate', goal_amount: 1000 },
      ...{ is_default: true, status: 'active' },
    },
  ],
  transactions: [
    posted('deposit', 'deposit', {
      ...{ closing_key: 'c', closing_hash: 'h', external_source: 'bank', external_reference: '1' },
    }),
    posted('reversal', 'reversal', { reverses_id: id('deposit') }),
  ],
  ledger_accounts: [
    { ...ANN, id: id('cash'), kind: 'cash', asset_id: id('USD'), balance: 4 },
    { ...ANN, id: id('external'), kind: 'external', asset_id: id('USD'), balance: -5 },
    {
      ...{ ...ANN, id: id('holding account'), kind: 'holding', asset_id: id('WBTC'), balance: 1 },
      ...{ portfolio_id: id('portfolio'), basket_id: id('duo') },
    },
    { ...ANN, id: id('collateral account'), kind: 'collateral', asset_id: id('WBTC'), balance: 1 },
  ],
  ledger_entries: [
    {
      ...{ ...ANN, id: id('entry'), transaction_id: id('deposit'), position: 1, asset_id: id('USD'), amount: 1 },
      ...{ debit_id: id('external'), credit_id: id('cash'), debit_balance: -5, credit_balance: 4 },
      ...{ debit_number: 1, credit_number: 1 },
    },
  ],
  transaction_fees: [
    {
      ...{ ...ANN, id: id('fee'), transaction_id: id('deposit'), kind: 'platform', asset_id: id('USD') },
      ...{ amount: 1, rate: 0.5, entry_id: id('entry') },
    },
  ],
  portfolio_holdings: [
    {
      ...{ ...ANN, id: id('holding'), portfolio_id: id('portfolio'), asset_id: id('WBTC'), basket_id: id('duo') },
      ...{ account_id: id('holding account'), cost_basis: 5, realised_gain: 0 },
    },
  ],
  holding_movements: [
    {
      ...{ ...ANN, id: id('movement'), holding_id: id('holding'), transaction_id: id('deposit') },
      ...{ quantity: 1, cost: 5, gain: 0 },
    },
  ],
  portfolio_snapshots: [
    {
      ...{ ...ANN, id: id('snapshot'), portfolio_id: id('portfolio'), date: '2026-03-02', taken_at: NOON },
      ...{ start_value: 10, net_deposits: 5, fees: 1, market_change: 2, value: 16, oldest_price_age_seconds: 30 },
    },
  ],
  auto_invest_rules: [
    {
      ...{ ...ANN, id: id('rule'), portfolio_id: id('portfolio'), basket_id: id('duo'), amount: 10 },
      ...{ frequency: 'monthly', anchor_date: '2026-03-02', local_time: '09:00', time_zone: 'UTC', runs: 0 },
      ...{ next_run_at: NOON, catch_up: 'one', status: 'active' },
    },
  ],
  auto_invest_runs: [
    {
      ...{ ...ANN, id: id('run'), rule_id: id('rule'), scheduled_for: NOON, status: 'succeeded', finished_at: NOON },
      ...{ transaction_id: id('deposit') },
    },
  ],
  round_up_rules: [
    {
      ...{ ...ANN, id: id('round-up rule'), funding_source: 'card', round_to: 1, multiplier: 1, threshold: 5 },
      ...{ mode: 'auto', portfolio_id: id('portfolio'), basket_id: id('duo'), status: 'active' },
    },
  ],
  round_ups: [
    {
      ...{ ...ANN, id: id('round-up'), rule_id: id('round-up rule'), funding_source: 'card', amount: 0.5 },
      ...{ purchase_reference: 'p', purchased_at: NOON, purchase_amount: 4.5, amount_max: 1 },
      ...{ status: 'swept', ready_at: NOON, transaction_id: id('deposit') },
    },
  ],
  loan_applications: [
    { ...APPLICATION, id: id('draft application'), status: 'draft' },
    {
      ...{ ...APPLICATION, id: id('application'), status: 'converted', submitted_at: NOON, review_started_at: NOON },
      ...{ decided_at: NOON, decided_by_id: id('carol'), decided_by_name: 'Carol', reasons: '[]' },
      ...{ approved_amount: 90, offer_expires_at: LATER, converted_at: NOON },
    },
  ],
  loans: [
    {
      ...{ ...ANN, id: id('loan'), application_id: id('application'), currency_id: id('USD'), principal: 90, scale: 2 },
      ...{ apr: 8, term_months: 12, day_count: 'actual/365', ltv_max: 50, liquidation_threshold: 80 },
      ...{ liquidation_bonus: 5, allocation_order: 'fees_interest_principal', status: 'active' },
      ...{ outstanding_principal: 90, outstanding_interest: 1, outstanding_fees: 0, interest_since: 1 },
      ...{ interest_from: '2026-03-02', interest_through: '2026-03-03', approved_at: NOON, disbursed_at: NOON },
      ...{ disbursement_id: id('deposit') },
    },
  ],
  loan_collaterals: [
    {
      ...{ ...ANN, id: id('collateral'), loan_id: id('loan'), asset_id: id('WBTC') },
      ...{ account_id: id('collateral account'), quantity: 1, cost_basis: 5 },
    },
  ],
  loan_installments: [
    {
      ...{ ...ANN, id: id('installment'), loan_id: id('loan'), number: 1, due_on: '2026-04-02', principal: 90 },
      ...{ interest: 1, late_fee: 0, paid_principal: 0, paid_interest: 0, paid_late_fee: 0 },
    },
  ],
  loan_payments: [
    {
      ...{ ...ANN, id: id('payment'), loan_id: id('loan'), kind: 'repayment', transaction_id: id('deposit') },
      ...{ received_at: NOON, amount: 10, fees: 1, interest: 2, principal: 3, surplus: 4 },
    },
  ],
  user_levels: [ANN],
  xp_events: [
    {
      ...{ ...ANN, id: id('earned'), delta: 50, source_type: 'transaction', source_id: 'deposit' },
      ...{ reason: 'deposit.settled', local_date: '2026-03-02', occurred_at: NOON },
    },
    {
      ...{ ...ANN, id: id('taken back'), delta: -50, source_type: 'transaction', source_id: 'reversal' },
      ...{ reason: 'deposit.reversed', local_date: '2026-03-02', occurred_at: NOON, takes_back_id: id('earned') },
    },
  ],
  user_quests: [
    {
      ...{ ...ANN, id: id('my quest'), quest_id: id('quest'), period_key: 'once', starts_at: NOON, ends_at: LATER },
      ...{ target: 10, counted: 4, progress: 4, status: 'in_progress' },
    },
  ],
  user_achievements: [
    { ...ANN, id: id('my achievement'), achievement_id: id('saver'), target: 10, counted: 4, unlocked_at: null },
  ],
  user_battle_passes: [
    {
      ...{ ...ANN, id: id('my pass'), battle_pass_id: id('spring'), xp: 100, premium_since: NOON },
      ...{ premium_transaction_id: id('deposit') },
    },
  ],
  reward_claims: [
    {
      ...{ ...ANN, id: id('claim'), battle_pass_id: id('spring'), user_battle_pass_id: id('my pass') },
      ...{ tier_id: id('tier'), track: 'free', amount: 1, asset_id: id('USD'), transaction_id: id('deposit') },
      ...{ claimed_at: NOON },
    },
  ],
  user_ai_interactions: [
    {
      ...{ ...ANN, id: id('act'), kind: 'tip_act', expert_id: id('guide'), tip_id: id('tip'), status: 'completed' },
      ...{ started_at: NOON, finished_at: LATER, transaction_id: id('deposit') },
    },
    {
      ...{ ...ANN, id: id('question'), kind: 'question', expert_id: id('guide'), prompt: 'Why?', model_id: 'm' },
      ...{ prompt_version: '1', disclaimer_version: '1', status: 'completed', started_at: NOON, finished_at: LATER },
      ...{ response: 'So.', provider_request_id: 'r', input_tokens: 1, output_tokens: 1, cost: 0.01 },
      ...{ rating: 5, rated_at: LATER },
    },
  ],
  user_preferences: [ANN],
  user_profiles: [{ ...ANN, display_name: 'Ann', birth_date: '1990-01-01', country: 'DE' }],
  user_wallets: [
    {
      ...{ ...ANN, id: id('wallet'), chain: 'ethereum', is_primary: true },
      ...{ address: '0x2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599' },
    },
  ],
  notifications: [
    {
      ...{
        ...ANN,
        id: id('notice'),
        category: 'money',
        severity: 'info',
        title: 'Paid in',
        body: '5 USD.',
        data: '{}',
      },
      ...{ dedupe_key: 'deposit', occurred_at: NOON, expires_at: LATER },
    },
  ],
  notification_preferences: [
    {
      ...{ ...ANN, id: id('preference'), category: 'money', channel: 'push', is_enabled: true, digest: 'none' },
      ...{ quiet_from: '22:00', quiet_until: '07:00' },
    },
  ],
  notification_deliveries: [
    {
      ...{ ...ANN, id: id('delivery'), notification_id: id('notice'), channel: 'push', status: 'queued', attempts: 0 },
      ...{ next_attempt_at: NOON },
    },
  ],
  outbox_events: [
    { ...ANN, id: id('event'), type: 'deposit.settled', payload: '{}', occurred_at: NOON, dispatched_at: null },
  ],
};

export const TABLES = Object.keys(ROWS);

/** The books refuse to be changed by triggers; what their constraints refuse shows when the triggers are silent. */
const KEPT_BY_TRIGGERS = ['transactions', 'transaction_fees', 'ledger_accounts', 'ledger_entries'];

/** Stores the rows, all in one commit, on a database of which the client is the superuser. */
export async function storeRows(client: pg.Client): Promise<void> {
  await client.query('begin');
  for (const [table, rows] of Object.entries(ROWS)) for (const row of rows) await store(client, table, row);
  await client.query('commit');
  for (const table of KEPT_BY_TRIGGERS) await client.query(`alter table ${table} disable trigger user`);
}

async function store(client: pg.Client, table: string, row: Row): Promise<void> {
  const columns = Object.keys(row);
  const places = columns.map((_, at) => `$${at + 1}`);
  await client.query(`insert into ${table} (${columns}) values (${places})`, Object.values(row));
}
