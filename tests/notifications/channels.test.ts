import { describe, expect, test } from 'vitest';
import {
  DEFAULT_CHANNELS,
  isMandatory,
  NOTIFICATION_CATEGORIES,
  NOTIFICATION_CHANNELS,
  requireReachable,
} from '../../src/notifications/index.js';
import { refusal } from '../shared/examples.js';

const MANDATORY = ['security', 'legal', 'loan_risk'] as const;
const OPTIONAL = ['money', 'investing', 'rewards', 'advice', 'product'] as const;

describe('a category', () => {
  test('is mandatory for security, legal matters and loan risk only', () => {
    expect(NOTIFICATION_CATEGORIES.filter(isMandatory)).toEqual(MANDATORY);
    expect(NOTIFICATION_CATEGORIES.filter(category => !isMandatory(category))).toEqual(OPTIONAL);
  });

  test.each(MANDATORY)('%s cannot be off on every channel', category => {
    expect(() => requireReachable(category, [])).toThrow(refusal('notification-preference.mandatory'));
    for (const channel of NOTIFICATION_CHANNELS) expect(() => requireReachable(category, [channel])).not.toThrow();
  });

  test.each(OPTIONAL)('%s can be off on every channel', category => {
    expect(() => requireReachable(category, [])).not.toThrow();
  });

  test('that cannot be off is named to people', () => {
    expect(() => requireReachable('loan_risk', [])).toThrow(
      'Notifications about loan risk stay on for at least one channel.',
    );
  });

  test('that is mandatory is on from the start, in the app and by e-mail at least', () => {
    for (const category of MANDATORY) {
      expect(DEFAULT_CHANNELS[category]).toEqual(expect.arrayContaining(['in_app', 'email']));
    }
  });
});
