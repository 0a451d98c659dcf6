/** A transaction by its number in the story; one that is in no story stands for an id that nobody knows. */
export type Handle = number;

interface OfUser {
  /** By number; one too many is somebody unknown. */
  user: number;
  key: string;
}

interface InPortfolio extends OfUser {
  /** By name; any user may name any. */
  portfolio: string;
}

interface AtPrices {
  /** At no charge; what is usual otherwise. Never part of a request. */
  free?: boolean;
}

interface Closing extends OfUser, AtPrices {
  transaction: Handle;
}

/** What people and operators ask for. Amounts are as they are sent. */
export type Wish =
  | (OfUser & { what: 'open-deposit'; asset: string; amount: string; reference: string })
  | (Closing & { what: 'settle-deposit'; amount?: string })
  | (Closing & { what: 'fail-deposit' })
  | (OfUser & AtPrices & { what: 'request-withdrawal'; asset: string; amount: string })
  | (Closing & { what: 'settle-withdrawal'; amount?: string })
  | (Closing & { what: 'fail-withdrawal' })
  | (Closing & { what: 'cancel-withdrawal' })
  | (OfUser & { what: 'transfer'; to: number; asset: string; amount: string })
  | (OfUser & { what: 'adjust'; direction: 'credit' | 'debit'; asset: string; amount: string })
  | (OfUser & { what: 'charge'; asset: string; amount: string })
  | (OfUser & { what: 'reverse'; transaction: Handle; by: 'ledger' | 'portfolio' })
  | (InPortfolio & AtPrices & { what: 'buy'; asset: string; amount: string })
  | (InPortfolio & AtPrices & { what: 'sell'; asset: string; quantity: string })
  | (InPortfolio & { what: 'invest'; basket: string; amount: string })
  | (InPortfolio & AtPrices & { what: 'redeem'; basket: string; amount: string })
  | (InPortfolio & AtPrices & { what: 'rebalance'; basket: string });

/** What happens to everybody. */
export type Event =
  | { event: 'wait'; seconds: number }
  | { event: 'expire' }
  | { event: 'price'; prices: Record<string, string> }
  | { event: 'halt' | 'resume'; asset: string }
  /** Its price falls to almost nothing, and nobody may buy it any more; until it is as it was at first. */
  | { event: 'crash'; asset: string; price: string; halts: boolean }
  | { event: 'recover'; asset: string; price: string }
  | { event: 'pause' | 'activate'; basket: string }
  | { event: 'recompose'; basket: string; composition: string }
  | { event: 'suspend' | 'reinstate' | 'verify'; user: number };

/** What makes a request this one and no other under its key. */
export const requestOf = ({ user: _, key: __, ...wish }: Wish): string => {
  const { free: ___, ...request } = wish as typeof wish & AtPrices;
  return JSON.stringify(Object.entries(request).sort());
};
