import { AIExpert, AITip, type ExpertDetails, type TipDetails, type TipEvidence } from '../../src/advice/index.js';
import { UserPreferences } from '../../src/identity/index.js';
import { at, aUser, NOW, share } from '../shared/examples.js';

export const LATER = at('2026-06-16T12:00:00Z');
export const OVER = at('2026-07-15T12:00:00Z');

export const expertDetails = (details: Partial<ExpertDetails> = {}): ExpertDetails => ({
  name: 'Old Penny',
  persona: 'Patient and plain; buys little and seldom.',
  speciality: 'dividends',
  modelId: 'model-7',
  promptVersion: 'p3',
  disclaimerVersion: 'd2',
  ...details,
});

export const draftExpert = (details: Partial<ExpertDetails> = {}): AIExpert =>
  new AIExpert('old-penny', expertDetails(details));

export function activeExpert(details: Partial<ExpertDetails> = {}): AIExpert {
  const expert = draftExpert(details);
  expert.activate(NOW);
  return expert;
}

export const tipDetails = (details: Partial<TipDetails> = {}): TipDetails => ({
  title: 'A steady payer',
  body: 'It has paid a dividend every year since 1990.',
  target: { asset: share() },
  confidence: 70,
  risk: 'moderate',
  dedupeKey: 'dividend:ACME:2026-06',
  disclaimer: 'This is no advice made for you.',
  ...details,
});

export const evidence = (details: Partial<TipEvidence> = {}): TipEvidence => ({
  facts: [{ statement: 'A dividend was paid.', source: 'Annual report 2025', asOf: '2026-03-01T00:00:00Z' }],
  prices: [{ assetCode: 'ACME', quoteCode: 'USD', price: '10.5', source: 'demo', asOf: '2026-06-15T11:59:00Z' }],
  expiresAt: OVER,
  ...details,
});

export const draftTip = (details: Partial<TipDetails> = {}): AITip => new AITip(activeExpert(), tipDetails(details));

export function publishedTip(details: Partial<TipDetails> = {}): AITip {
  const tip = draftTip(details);
  tip.publish(evidence(), NOW);
  return tip;
}

export function preferencesWithAi(): UserPreferences {
  const preferences = new UserPreferences(aUser());
  preferences.aiEnabled = true;
  return preferences;
}
