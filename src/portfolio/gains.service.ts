import type { ReadingEntityManager } from '../database/index.js';
import type { TransactionType } from '../ledger/index.js';
import { type Clock, Decimal, parseInput, systemClock, ZERO } from '../shared/index.js';
import type { Portfolio } from './portfolio.entity.js';
import { findPortfolio } from './portfolio.service.js';
import { ReportGains } from './valuation.input.js';
import { valueHoldings } from './valuation.js';

/** What the sale of one holding brought beyond what it had cost, before fees. */
export interface RealisedGain {
  transactionId: string;
  type: TransactionType;
  occurredAt: Date;
  assetCode: string;
  basketSlug?: string;
  quantity: Decimal;
  proceeds: Decimal;
  cost: Decimal;
  gain: Decimal;
}

/** What is held of an asset is worth beyond what it has cost. */
export interface UnrealisedGain {
  assetCode: string;
  units: Decimal;
  value: Decimal;
  cost: Decimal;
  gain: Decimal;
}

export interface Gains {
  /** The newest first, at most as many as were asked for. */
  realised: RealisedGain[];
  /** Of all sales of the period, also those that are not listed. */
  realisedTotals: { sales: number; proceeds: Decimal; cost: Decimal; gain: Decimal };
  unrealised: UnrealisedGain[];
  unrealisedTotal: Decimal;
}

interface SaleRow {
  transaction_id: string;
  type: TransactionType;
  occurred_at_ms: string | number;
  code: string;
  slug: string | null;
  quantity: string;
  cost: string;
  gain: string;
}

/** Sales that stand: what was reversed, and its reversal, brought nothing. A pledge is no sale. */
const SALES = `from transactions t
  join holding_movements m on m.user_id = t.user_id and m.transaction_id = t.id and m.quantity < 0
  where t.user_id = ? and t.portfolio_id = ? and t.status = 'posted'
    and t.type in ('sell', 'basket_redemption', 'rebalance') and t.occurred_at >= ? and t.occurred_at < ?`;

/** The instants between which everything happened; prices know no others either. */
const [EVER_SINCE, FOR_EVER] = [new Date('1900-01-01T00:00:00Z'), new Date('2200-01-01T00:00:00Z')];

/** What was gained: by sales, and by holding on. At average cost, fees left out. Changes nothing. */
export class GainsService {
  constructor(
    private readonly em: ReadingEntityManager,
    private readonly clock: Clock = systemClock,
  ) {}

  /**
   * The gains of the sales of a period, holding by holding, and what is held now would gain at the newest prices.
   * @throws {NotFoundError}; {@link ValidationError} `input.invalid`; {@link PriceMissingError}
   */
  async report(input: ReportGains): Promise<Gains> {
    const { userId, portfolioId, from = EVER_SINCE, to = FOR_EVER, limit } = parseInput(ReportGains, input);
    const portfolio = await findPortfolio(this.em, userId, portfolioId);
    const { holdings } = await valueHoldings(this.em, portfolio, this.clock.now());
    const unrealised = holdings.map(({ asset, units, value, costBasis: cost }) => ({
      ...{ assetCode: asset.code, units, value, cost },
      gain: value.minus(cost),
    }));
    return {
      realised: await this.sales(portfolio, from, to, limit),
      realisedTotals: await this.totals(portfolio, from, to),
      unrealised,
      unrealisedTotal: Decimal.sum(ZERO, ...unrealised.map(({ gain }) => gain)),
    };
  }

  private async sales({ user, id }: Portfolio, from: Date, to: Date, limit: number): Promise<RealisedGain[]> {
    const rows = await this.em.execute<SaleRow[]>(
      `select s.transaction_id, s.type, (extract(epoch from s.occurred_at) * 1000)::bigint as occurred_at_ms, a.code, b.slug,
         s.quantity::text as quantity, s.cost::text as cost, s.gain::text as gain
       from (
         select t.id as transaction_id, t.type, t.occurred_at, m.id, m.holding_id, m.quantity, m.cost, m.gain ${SALES}
         order by t.occurred_at desc, m.id desc limit ?
       ) s
       join portfolio_holdings h on h.user_id = ? and h.id = s.holding_id
       join assets a on a.id = h.asset_id
       left join baskets b on b.id = h.basket_id
       order by s.occurred_at desc, s.id desc`,
      [user.id, id, from, to, limit, user.id],
    );
    return rows.map(row => {
      const [quantity, cost, gain] = [
        new Decimal(row.quantity).neg(),
        new Decimal(row.cost).neg(),
        new Decimal(row.gain),
      ];
      return {
        ...{ transactionId: row.transaction_id, type: row.type, occurredAt: new Date(Number(row.occurred_at_ms)) },
        ...{ assetCode: row.code, basketSlug: row.slug ?? undefined, quantity, proceeds: cost.plus(gain), cost, gain },
      };
    });
  }

  private async totals({ user, id }: Portfolio, from: Date, to: Date): Promise<Gains['realisedTotals']> {
    const [row] = await this.em.execute<{ sales: string; cost: string; gain: string }[]>(
      `select count(*)::text as sales, coalesce(sum(-m.cost), 0)::text as cost, coalesce(sum(m.gain), 0)::text as gain ${SALES}`,
      [user.id, id, from, to],
    );
    const [cost, gain] = [new Decimal(row!.cost), new Decimal(row!.gain)];
    return { sales: Number(row!.sales), proceeds: cost.plus(gain), cost, gain };
  }
}
