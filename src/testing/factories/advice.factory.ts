import {
  AIExpert,
  AITip,
  type ExpertDetails,
  type InteractionStart,
  type ModelUsage,
  type TipDetails,
  type TipEvidence,
  UserAIInteraction,
} from '../../advice/index.js';
import type { UserPreferences } from '../../identity/index.js';
import type { Transaction } from '../../ledger/index.js';
import { userPreferencesFactory } from './identity.factory.js';
import { transactionFactory } from './ledger.factory.js';
import { assetFactory } from './market.factory.js';
import { after, decimal, FACTORY_NOW, later, next } from './sequence.js';

export interface AIExpertOverrides extends Partial<ExpertDetails> {
  slug?: string;
  version?: number;
}

const draftExpert = ({ slug = `expert-${next('expert')}`, version, ...details }: AIExpertOverrides = {}): AIExpert =>
  new AIExpert(
    slug,
    {
      name: 'Old Penny',
      persona: 'Patient and plain; buys little and seldom.',
      speciality: 'dividends',
      modelId: 'model-7',
      promptVersion: 'p3',
      disclaimerVersion: 'd2',
      ...details,
    },
    version,
  );
const activeExpert = after(draftExpert, expert => expert.activate(FACTORY_NOW));

export const aiExpertFactory = {
  draft: draftExpert,
  active: activeExpert,
  retired: after(activeExpert, expert => expert.retire(FACTORY_NOW)),
};

export interface AITipOverrides extends Partial<TipDetails>, Partial<TipEvidence> {
  expert?: AIExpert;
}

const draftTip = ({
  expert = activeExpert(),
  facts: _facts,
  prices: _prices,
  expiresAt: _expiresAt,
  ...details
}: AITipOverrides = {}): AITip =>
  new AITip(expert, {
    title: 'A steady payer',
    body: 'It has paid a dividend every year since 1990.',
    target: { asset: assetFactory.equity() },
    confidence: 70,
    risk: 'moderate',
    dedupeKey: `tip-${next('tip')}`,
    disclaimer: 'This is no advice made for you.',
    ...details,
  });

const publishedTip = (overrides: AITipOverrides = {}): AITip => {
  const tip = draftTip(overrides);
  const asOf = '2026-06-15T11:59:00Z';
  const evidence: TipEvidence = {
    facts: overrides.facts ?? [{ statement: 'A dividend was paid.', source: 'Annual report 2025', asOf }],
    prices: overrides.prices ?? [{ assetCode: 'SHARE', quoteCode: 'USD', price: '10.5', source: 'factory', asOf }],
    expiresAt: overrides.expiresAt ?? later(30),
  };
  tip.publish(evidence, FACTORY_NOW);
  return tip;
};

export const aiTipFactory = {
  draft: draftTip,
  /** Counts for 30 days. */
  published: publishedTip,
  expired: after(publishedTip, tip => tip.expire(tip.expiresAt ?? FACTORY_NOW)),
  withdrawn: after(publishedTip, tip => tip.withdraw('The dividend was cut.', FACTORY_NOW)),
};

/** Who asks, and that they have switched AI on. */
interface Asking {
  preferences?: UserPreferences;
  now?: Date;
}

export interface QuestionOverrides extends Asking {
  expert?: AIExpert;
  prompt?: string;
  tip?: AITip;
}

export interface TipReactionOverrides extends Asking {
  tip?: AITip;
}

const begin = (
  { preferences = userPreferencesFactory.withAi(), now = FACTORY_NOW }: Asking,
  start: InteractionStart,
): UserAIInteraction => new UserAIInteraction(preferences, start, now);

const asked = ({
  expert = activeExpert(),
  prompt = 'Is it too late to start saving?',
  tip,
  ...asking
}: QuestionOverrides = {}): UserAIInteraction => begin(asking, { kind: 'question', expert, prompt, tip });

const reactionTo =
  (kind: 'tip_view' | 'tip_act' | 'tip_dismiss') =>
  ({ tip = publishedTip(), ...asking }: TipReactionOverrides = {}): UserAIInteraction =>
    begin(asking, { kind, tip });

const usage = (): ModelUsage => ({
  requestId: `model-request-${next('model-request')}`,
  inputTokens: 120,
  outputTokens: 80,
  cost: decimal('0.00125'),
});
const answered = after(asked, question => question.answer('It never is.', usage(), question.startedAt));

export const userAIInteractionFactory = {
  /** A question without an answer so far. */
  pending: asked,
  answered,
  rated: after(answered, question => question.rate(5, FACTORY_NOW)),
  failed: after(asked, question => question.fail('timeout', question.startedAt)),
  refused: after(asked, question => question.refuse('off-topic', question.startedAt, usage())),
  tipViewed: after(reactionTo('tip_view'), view => view.complete(view.startedAt)),
  tipDismissed: after(reactionTo('tip_dismiss'), dismissal => dismissal.complete(dismissal.startedAt)),
  tipActedOn: ({ transaction, ...overrides }: TipReactionOverrides & { transaction?: Transaction } = {}) => {
    const act = reactionTo('tip_act')(overrides);
    act.act(transaction ?? transactionFactory.posted({ user: act.user, type: 'basket_investment' }), act.startedAt);
    return act;
  },
};
