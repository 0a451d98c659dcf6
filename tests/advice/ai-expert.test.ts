import { describe, expect, test } from 'vitest';
import { AIExpert, type AIExpertStatus, DraftExpert, EditExpert } from '../../src/advice/index.js';
import { parseInput } from '../../src/shared/index.js';
import { everyTransition } from '../shared/every-transition.js';
import { NOW, refusal } from '../shared/examples.js';
import { activeExpert, draftExpert, expertDetails, LATER } from './examples.js';

const verbs = {
  'be activated': (expert: AIExpert) => expert.activate(NOW),
  'be retired': (expert: AIExpert) => expert.retire(LATER),
};
const reached = (...steps: (keyof typeof verbs)[]): AIExpert => {
  const expert = draftExpert();
  for (const step of steps) verbs[step](expert);
  return expert;
};

describe('an expert', () => {
  test('starts as the draft of its first version', () => {
    expect(draftExpert()).toMatchObject({
      slug: 'old-penny',
      version: 1,
      status: 'draft',
      ...expertDetails(),
      activatedAt: undefined,
      retiredAt: undefined,
    });
  });

  test.each(['name', 'persona', 'speciality', 'modelId', 'promptVersion', 'disclaimerVersion'])(
    'without its %s is refused',
    field => {
      expect(() => draftExpert({ [field]: ' ' })).toThrow(refusal('input.invalid'));
    },
  );

  test('counts its versions from 1', () => {
    for (const version of [0, -1, 1.5])
      expect(() => new AIExpert('old-penny', expertDetails(), version), `${version}`).toThrow(
        refusal('expert.version'),
      );
  });

  everyTransition<AIExpert, AIExpertStatus, keyof typeof verbs>({
    a: 'an expert',
    reach: {
      draft: () => reached(),
      active: () => reached('be activated'),
      retired: () => reached('be activated', 'be retired'),
    },
    verbs,
    allowed: {
      draft: { 'be activated': 'active', 'be retired': 'retired' },
      active: { 'be retired': 'retired' },
      retired: {},
    },
    stateOf: expert => expert.status,
  });

  test('remembers when it began and when it ended', () => {
    expect(reached('be activated', 'be retired')).toMatchObject({ activatedAt: NOW, retiredAt: LATER });
    expect(reached('be retired').activatedAt).toBeUndefined();
  });

  test('gives advice while it is active', () => {
    activeExpert().requireActive();
    for (const expert of [reached(), reached('be activated', 'be retired')])
      expect(() => expert.requireActive()).toThrow(refusal('expert.not-active'));
  });
});

describe('an edit', () => {
  test('makes a new version, a draft, and leaves the old one as it is', () => {
    const expert = activeExpert();
    const next = expert.edit({ promptVersion: 'p4' });
    expect(next).toMatchObject({
      ...expertDetails({ promptVersion: 'p4' }),
      slug: 'old-penny',
      version: 2,
      status: 'draft',
    });
    expect(next.id).not.toBe(expert.id);
    expect(expert).toMatchObject({ ...expertDetails(), version: 1, status: 'active' });
    expect(next.edit({}).version).toBe(3);
  });

  test('that takes something away is refused', () => {
    expect(() => activeExpert().edit({ name: '' })).toThrow(refusal('input.invalid'));
  });
});

test('an expert comes in with a slug, an edit says only what is different', () => {
  const { modelId: _, ...incomplete } = expertDetails();
  expect(parseInput(DraftExpert, { slug: 'old-penny', ...expertDetails() })).toMatchObject({ slug: 'old-penny' });
  expect(parseInput(EditExpert, { slug: 'old-penny', modelId: 'model-8' })).toEqual({
    slug: 'old-penny',
    modelId: 'model-8',
  });
  for (const wrong of [
    { slug: 'Old Penny', ...expertDetails() },
    { slug: 'old-penny', ...incomplete },
    { slug: 'old-penny', ...expertDetails(), version: 7 },
  ])
    expect(() => parseInput(DraftExpert, wrong)).toThrow(refusal('input.invalid'));
});
