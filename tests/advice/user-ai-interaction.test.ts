import { describe, expect, test } from 'vitest';
import {
  AI_INTERACTION_KINDS,
  type AIInteractionKind,
  type AIInteractionStatus,
  type InteractionStart,
  type ModelUsage,
  RateInteraction,
  StartInteraction,
  UserAIInteraction,
} from '../../src/advice/index.js';
import { UserPreferences } from '../../src/identity/index.js';
import { Transaction } from '../../src/ledger/index.js';
import { newId, parseInput } from '../../src/shared/index.js';
import { everyTransition } from '../shared/every-transition.js';
import { aUser, decimal, NOW, refusal } from '../shared/examples.js';
import { activeExpert, draftExpert, draftTip, LATER, OVER, preferencesWithAi, publishedTip } from './examples.js';

const usage = (details: Partial<ModelUsage> = {}): ModelUsage => ({
  requestId: 'req-1',
  inputTokens: 812,
  outputTokens: 240,
  cost: decimal('0.004321'),
  ...details,
});
const startOf = (kind: AIInteractionKind): InteractionStart =>
  kind === 'question' ? { kind, expert: activeExpert(), prompt: 'Why this one?' } : { kind, tip: publishedTip() };
const started = (kind: AIInteractionKind = 'question') =>
  new UserAIInteraction(preferencesWithAi(), startOf(kind), NOW);

/** Each kind is completed by its own verb. */
const COMPLETE: Record<AIInteractionKind, (interaction: UserAIInteraction) => void> = {
  question: interaction => interaction.answer('It pays.', usage(), LATER),
  tip_view: interaction => interaction.complete(LATER),
  tip_dismiss: interaction => interaction.complete(LATER),
  tip_act: interaction => interaction.act(new Transaction(), LATER),
};
const completed = (kind: AIInteractionKind = 'question') => {
  const interaction = started(kind);
  COMPLETE[kind](interaction);
  return interaction;
};

describe('a question', () => {
  test('keeps what was asked and of which model and versions', () => {
    const [preferences, expert] = [preferencesWithAi(), activeExpert()];
    const question = new UserAIInteraction(preferences, { kind: 'question', expert, prompt: ' Why this one? ' }, NOW);
    expect(question.user).toBe(preferences.user);
    expect(question.expert.unwrap()).toBe(expert);
    expect(question).toMatchObject({
      kind: 'question',
      status: 'pending',
      prompt: 'Why this one?',
      modelId: 'model-7',
      promptVersion: 'p3',
      disclaimerVersion: 'd2',
      startedAt: NOW,
      finishedAt: undefined,
      tip: undefined,
    });
  });

  test('may be about a tip', () => {
    const tip = publishedTip();
    const start: InteractionStart = { kind: 'question', expert: activeExpert(), prompt: 'Why?', tip };
    expect(new UserAIInteraction(preferencesWithAi(), start, NOW).tip?.unwrap()).toBe(tip);
  });

  test('is asked of an active expert, in 1 to 4000 characters', () => {
    const ask = (expert = activeExpert(), prompt = 'Why?') =>
      new UserAIInteraction(preferencesWithAi(), { kind: 'question', expert, prompt }, NOW);
    expect(() => ask(draftExpert())).toThrow(refusal('expert.not-active'));
    expect(ask(activeExpert(), 'a'.repeat(4000)).prompt).toHaveLength(4000);
    for (const prompt of ['', '  ', 'a'.repeat(4001)])
      expect(() => ask(activeExpert(), prompt)).toThrow(refusal('input.invalid'));
  });

  test('is answered, with what that took', () => {
    const question = completed();
    expect(question).toMatchObject({
      status: 'completed',
      response: 'It pays.',
      providerRequestId: 'req-1',
      inputTokens: 812,
      outputTokens: 240,
      finishedAt: LATER,
    });
    expect(question.cost?.toFixed()).toBe('0.004321');
  });

  test.each<[string, Partial<ModelUsage>]>([
    ['tokens below 0', { inputTokens: -1 }],
    ['half a token', { outputTokens: 0.5 }],
    ['a cost below 0', { cost: decimal('-0.000001') }],
    ['a cost that is no number', { cost: decimal('NaN') }],
  ])('is not answered with %s', (_what, wrong) => {
    const question = started();
    expect(() => question.answer('It pays.', usage(wrong), LATER)).toThrow(refusal('interaction.usage'));
    expect(question).toMatchObject({ status: 'pending', response: undefined, cost: undefined });
  });

  test('is not answered without an answer or a request id', () => {
    expect(() => started().answer(' ', usage(), LATER)).toThrow(refusal('input.invalid'));
    const question = started();
    expect(() => question.answer('It pays.', usage({ requestId: '' }), LATER)).toThrow(refusal('input.invalid'));
    expect(question).toMatchObject({ status: 'pending', response: undefined });
  });

  test('that came to nothing may have cost something all the same', () => {
    const failed = started();
    failed.fail('timeout', LATER, usage());
    expect(failed).toMatchObject({
      status: 'failed',
      reason: 'timeout',
      providerRequestId: 'req-1',
      response: undefined,
    });
    const refused = started();
    refused.refuse('unsafe', LATER);
    expect(refused).toMatchObject({ status: 'refused', reason: 'unsafe', finishedAt: LATER, cost: undefined });
    expect(() => started().fail(' ', LATER)).toThrow(refusal('input.invalid'));
  });
});

describe('what a person does with a tip', () => {
  test.each(['tip_view', 'tip_act', 'tip_dismiss'] as const)('is kept with the tip and its expert: %s', kind => {
    const tip = publishedTip();
    const interaction = new UserAIInteraction(preferencesWithAi(), { kind, tip }, NOW);
    expect(interaction.tip?.unwrap()).toBe(tip);
    expect(interaction.expert).toBe(tip.expert);
    expect(interaction).toMatchObject({ kind, status: 'pending', prompt: undefined, modelId: undefined });
  });

  test('is acted on while the tip counts', () => {
    const act = (tip = publishedTip(), now = NOW) =>
      new UserAIInteraction(preferencesWithAi(), { kind: 'tip_act', tip }, now);
    expect(() => act(publishedTip(), OVER)).toThrow(refusal('tip.not-current'));
    expect(() => act(draftTip())).toThrow(refusal('tip.not-current'));
    expect(act().status).toBe('pending');
  });

  test('is linked to the transaction that was made of it', () => {
    const transaction = new Transaction();
    const interaction = started('tip_act');
    interaction.act(transaction, LATER);
    expect(interaction.transaction?.unwrap()).toBe(transaction);
    expect(interaction).toMatchObject({ status: 'completed', finishedAt: LATER });
  });

  test('costs nothing at the provider', () => {
    const view = started('tip_view');
    expect(() => view.fail('timeout', LATER, usage())).toThrow(refusal('interaction.wrong-kind'));
    expect(view).toMatchObject({ status: 'pending', cost: undefined });
  });
});

test.each(AI_INTERACTION_KINDS)('a %s needs AI switched on', kind => {
  expect(() => new UserAIInteraction(new UserPreferences(aUser()), startOf(kind), NOW)).toThrow(
    refusal('interaction.ai-not-enabled'),
  );
});

describe.each(AI_INTERACTION_KINDS)('a %s', kind => {
  everyTransition<UserAIInteraction, AIInteractionStatus, 'be completed' | 'fail' | 'be refused'>({
    a: `a ${kind}`,
    reach: {
      pending: () => started(kind),
      completed: () => completed(kind),
      failed: () => {
        const interaction = started(kind);
        interaction.fail('timeout', LATER);
        return interaction;
      },
      refused: () => {
        const interaction = started(kind);
        interaction.refuse('unsafe', LATER);
        return interaction;
      },
    },
    verbs: {
      'be completed': COMPLETE[kind],
      fail: interaction => interaction.fail('timeout', LATER),
      'be refused': interaction => interaction.refuse('unsafe', LATER),
    },
    allowed: {
      pending: { 'be completed': 'completed', fail: 'failed', 'be refused': 'refused' },
      completed: {},
      failed: {},
      refused: {},
    },
    stateOf: interaction => interaction.status,
  });

  test('is completed by no verb of another kind', () => {
    const others = new Set(Object.values(COMPLETE).map(String));
    others.delete(String(COMPLETE[kind]));
    const wrong = Object.values(COMPLETE).filter(complete => others.has(String(complete)));
    expect(wrong.length).toBeGreaterThan(1);
    for (const complete of wrong) {
      const interaction = started(kind);
      expect(() => complete(interaction)).toThrow(refusal('interaction.wrong-kind'));
      expect(interaction).toMatchObject({ status: 'pending', finishedAt: undefined, transaction: undefined });
    }
  });
});

describe('a rating', () => {
  test('is from 1 to 5, and the last one counts', () => {
    const question = completed();
    for (const rating of [1, 5, 4]) question.rate(rating, LATER);
    expect(question).toMatchObject({ rating: 4, ratedAt: LATER });
    for (const rating of [0, 6, 3.5, Number.NaN])
      expect(() => question.rate(rating, LATER), `${rating}`).toThrow(refusal('interaction.rating-range'));
  });

  test('is of what was completed', () => {
    const failed = started();
    failed.fail('timeout', LATER);
    for (const interaction of [started(), failed])
      expect(() => interaction.rate(5, LATER)).toThrow(refusal('interaction.not-completed'));
  });
});

test('an interaction comes in as a question, or about a tip', () => {
  const userId = newId();
  const question = { kind: 'question', userId, expertSlug: 'old-penny', prompt: 'Why?' };
  expect(parseInput(StartInteraction, question)).toEqual(question);
  expect(parseInput(StartInteraction, { kind: 'tip_view', userId, tipId: newId() }).kind).toBe('tip_view');
  for (const wrong of [
    { ...question, prompt: '' },
    { ...question, cost: '0' },
    { kind: 'tip_view', userId },
    { kind: 'tip_view', userId, tipId: newId(), prompt: 'Why?' },
    { kind: 'chat', userId },
  ])
    expect(() => parseInput(StartInteraction, wrong)).toThrow(refusal('input.invalid'));
  for (const rating of [0, 6, 1.5])
    expect(() => parseInput(RateInteraction, { userId, interactionId: newId(), rating })).toThrow(
      refusal('input.invalid'),
    );
});

describe('erasing an interaction', () => {
  test('overwrites what was asked and answered, and keeps what it cost and how it was found', () => {
    const question = completed();
    question.rate(4, LATER);
    question.erase(OVER);
    expect(question).toMatchObject({
      ...{ prompt: 'erased', response: 'erased', providerRequestId: question.id, status: 'completed', rating: 4 },
      ...{ modelId: 'model-7', inputTokens: 812, finishedAt: LATER },
    });
    expect(question.cost?.toFixed()).toBe('0.004321');
  });

  test('ends a question that nobody has answered yet: no late answer is taken', () => {
    const question = started();
    question.erase(OVER);
    expect(question).toMatchObject({ prompt: 'erased', status: 'failed', reason: 'erased', finishedAt: OVER });
    expect(() => question.answer('Because.', usage(), OVER)).toThrow(refusal('interaction.not-completed'));
    expect(question.response).toBeUndefined();
  });

  test.each(['fail', 'refuse'] as const)('overwrites why it came to nothing: %s', step => {
    const question = started();
    question[step]('about-rome', LATER, usage());
    question.erase(OVER);
    expect(question).toMatchObject({ reason: 'erased', providerRequestId: question.id, finishedAt: LATER });
  });

  test('leaves a tip that was seen as it is, for there is nothing in it', () => {
    const view = completed('tip_view');
    view.erase(OVER);
    expect(view).toMatchObject({ status: 'completed', finishedAt: LATER });
    expect([view.prompt, view.response, view.reason, view.providerRequestId]).toEqual(Array(4).fill(undefined));
  });
});
