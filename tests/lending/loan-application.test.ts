import { beforeAll, describe, expect, test } from 'vitest';
import { User } from '../../src/identity/index.js';
import {
  ApplyForLoan,
  DecideLoanApplication,
  LOAN_PURPOSES,
  LoanApplication,
  type LoanApplicationStatus,
} from '../../src/lending/index.js';
import { Asset } from '../../src/market/index.js';
import { newId, parseInput } from '../../src/shared/index.js';
import { entitiesKnown } from '../shared/entities-known.js';
import { everyTransition } from '../shared/every-transition.js';
import { at, aUser, decimal, NOW, refusal, share, usd } from '../shared/examples.js';
import {
  aDecision,
  anApplication,
  anOffer,
  approvedApplication,
  aWish,
  HOLDING_ID,
  LATER,
  OFFER_OVER,
  underReview,
} from './examples.js';

beforeAll(entitiesKnown, 30_000);

const verbs = {
  'be submitted': (application: LoanApplication) => application.submit(NOW),
  'be reviewed': (application: LoanApplication) => application.startReview(NOW),
  'be approved': (application: LoanApplication) => application.approve(anOffer(), aDecision(), NOW),
  'be rejected': (application: LoanApplication) => application.reject(aDecision(), NOW),
  'be withdrawn': (application: LoanApplication) => application.withdraw(NOW),
  expire: (application: LoanApplication) => application.expire(NOW),
  'be converted': (application: LoanApplication) => application.convert(NOW),
};
const reached = (...steps: (keyof typeof verbs)[]): LoanApplication => {
  const application = anApplication();
  for (const step of steps) verbs[step](application);
  return application;
};

describe('a loan application', () => {
  test('says what is wanted and what would be pledged', () => {
    const [applicant, currency] = [aUser(), usd()];
    const application = new LoanApplication(applicant, currency, aWish());
    expect(application.user.unwrap()).toBe(applicant);
    expect(application.currency.unwrap()).toBe(currency);
    expect(application).toMatchObject({ status: 'draft', termMonths: 12, purpose: 'home', scale: 2 });
    expect(application.requestedAmount.toFixed()).toBe('1000');
    expect(application.collateralOffered).toEqual([{ holdingId: HOLDING_ID, assetCode: 'ACME', quantity: '10' }]);
    expect([application.score, application.decidedAt, application.approvedAmount]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('is of a currency', () => {
    expect(() => new LoanApplication(aUser(), share(), aWish())).toThrow(refusal('loan-application.not-a-currency'));
  });

  test('has as many decimals as its currency is shown with, never more than the books have', () => {
    const usdc = new Asset({
      code: 'USDC',
      name: 'USD Coin',
      kind: 'stablecoin',
      contract: { chain: 'ethereum', address: '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48', decimals: 6 },
      displayScale: 8,
    });
    expect(new LoanApplication(aUser(), usdc, aWish()).scale).toBe(6);
    expect(anApplication({ amount: decimal('1000.01') }).requestedAmount.toFixed()).toBe('1000.01');
    expect(() => anApplication({ amount: decimal('1000.001') })).toThrow(refusal('loan-application.too-precise'));
  });

  test.each(['0', '-1', 'NaN'])('for %s is refused', amount => {
    expect(() => anApplication({ amount: decimal(amount) })).toThrow(refusal('loan-application.not-positive'));
  });

  test('is for 1 to 120 whole months', () => {
    expect([1, 120].map(termMonths => anApplication({ termMonths }).termMonths)).toEqual([1, 120]);
    for (const termMonths of [0, 121, 1.5, Number.NaN])
      expect(() => anApplication({ termMonths }), `${termMonths}`).toThrow(refusal('loan-application.term'));
  });

  test.each(LOAN_PURPOSES)('may be for %s', purpose => {
    expect(anApplication({ purpose }).purpose).toBe(purpose);
  });

  test.each([
    ['nothing', []],
    ['a quantity of 0', [{ holdingId: HOLDING_ID, assetCode: 'ACME', quantity: '0' }]],
    ['a ninth decimal', [{ holdingId: HOLDING_ID, assetCode: 'ACME', quantity: '0.000000001' }]],
    ['a number instead of text', [{ holdingId: HOLDING_ID, assetCode: 'ACME', quantity: 10 as never }]],
    ['no holding', [{ holdingId: 'mine', assetCode: 'ACME', quantity: '10' }]],
    [
      'a holding twice',
      [
        { holdingId: HOLDING_ID, assetCode: 'ACME', quantity: '10' },
        { holdingId: HOLDING_ID, assetCode: 'ACME', quantity: '1' },
      ],
    ],
    ['21 holdings', Array.from({ length: 21 }, () => ({ holdingId: newId(), assetCode: 'ACME', quantity: '1' }))],
  ])('that pledges %s is refused', (_what, collateral) => {
    expect(() => anApplication({ collateral })).toThrow(refusal('input.invalid'));
  });

  test('keeps what is pledged in one spelling', () => {
    const collateral = [{ holdingId: HOLDING_ID, assetCode: 'ACME', quantity: '10.50' }];
    expect(anApplication({ collateral }).collateralOffered).toEqual([
      { holdingId: HOLDING_ID, assetCode: 'ACME', quantity: '10.5' },
    ]);
  });

  everyTransition<LoanApplication, LoanApplicationStatus, keyof typeof verbs>({
    a: 'an application',
    reach: {
      draft: () => reached(),
      submitted: () => reached('be submitted'),
      under_review: () => reached('be submitted', 'be reviewed'),
      approved: () => reached('be submitted', 'be reviewed', 'be approved'),
      rejected: () => reached('be submitted', 'be reviewed', 'be rejected'),
      withdrawn: () => reached('be withdrawn'),
      expired: () => reached('be submitted', 'be reviewed', 'be approved', 'expire'),
      converted: () => reached('be submitted', 'be reviewed', 'be approved', 'be converted'),
    },
    verbs,
    allowed: {
      draft: { 'be submitted': 'submitted', 'be withdrawn': 'withdrawn' },
      submitted: { 'be reviewed': 'under_review', 'be withdrawn': 'withdrawn' },
      under_review: { 'be approved': 'approved', 'be rejected': 'rejected', 'be withdrawn': 'withdrawn' },
      approved: { expire: 'expired', 'be converted': 'converted' },
      rejected: {},
      withdrawn: {},
      expired: {},
      converted: {},
    },
    stateOf: application => application.status,
  });

  test('remembers when each step was', () => {
    const application = anApplication();
    application.submit(at('2026-06-15T12:00:00Z'));
    application.startReview(at('2026-06-16T12:00:00Z'));
    application.approve(anOffer(), aDecision(), at('2026-06-17T12:00:00Z'));
    application.convert(at('2026-06-18T12:00:00Z'));
    expect(application).toMatchObject({
      submittedAt: at('2026-06-15T12:00:00Z'),
      reviewStartedAt: at('2026-06-16T12:00:00Z'),
      decidedAt: at('2026-06-17T12:00:00Z'),
      convertedAt: at('2026-06-18T12:00:00Z'),
      offerExpiresAt: OFFER_OVER,
    });
    expect(reached('be submitted', 'be withdrawn').withdrawnAt).toEqual(NOW);
    expect(reached('be submitted', 'be reviewed', 'be approved', 'expire').expiredAt).toEqual(NOW);
  });

  test('names the states that a refused step was about', () => {
    expect(() => anApplication().convert(NOW)).toThrow(
      expect.objectContaining({
        code: 'loan-application.not-converted',
        message: 'Cannot make a loan application converted that is draft.',
      }),
    );
  });
});

describe('a draft', () => {
  test('is written anew', () => {
    const application = anApplication();
    application.revise(aWish({ amount: decimal('500'), termMonths: 6, purpose: 'medical' }));
    expect(application).toMatchObject({ termMonths: 6, purpose: 'medical', status: 'draft' });
    expect(application.requestedAmount.toFixed()).toBe('500');
  });

  test('stays as it was when it is written anew wrongly', () => {
    const application = anApplication();
    expect(() => application.revise(aWish({ amount: decimal('500'), collateral: [] }))).toThrow(
      refusal('input.invalid'),
    );
    expect(application.requestedAmount.toFixed()).toBe('1000');
  });

  test('is final once it is submitted', () => {
    expect(() => reached('be submitted').revise(aWish())).toThrow(refusal('loan-application.not-draft'));
  });
});

describe('a review', () => {
  test('rates the applicant from 0 to 1000, and may do so again', () => {
    const application = underReview();
    for (const score of [0, 1000, 640]) application.rate(score);
    expect(application.score).toBe(640);
    for (const score of [-1, 1001, 1.5, Number.NaN])
      expect(() => application.rate(score), `${score}`).toThrow(refusal('loan-application.score-range'));
  });

  test('is the only time to rate', () => {
    expect(() => anApplication().rate(640)).toThrow(refusal('loan-application.not-under-review'));
    expect(() => approvedApplication().rate(640)).toThrow(refusal('loan-application.not-under-review'));
  });
});

describe('a decision', () => {
  test('keeps who made it, how they are called, and why', () => {
    const by = new User('lena@example.com');
    const application = underReview();
    application.approve(anOffer(), aDecision({ by, byName: '  Lena Lender ' }), LATER);
    expect(application.decidedBy?.unwrap()).toBe(by);
    expect(application).toMatchObject({
      decidedByName: 'Lena Lender',
      decidedAt: LATER,
      reasons: ['The collateral is enough.'],
    });
  });

  test('is not made by the applicant', () => {
    const application = underReview();
    const own = aDecision({ by: application.user.unwrap() });
    for (const decide of [() => application.approve(anOffer(), own, NOW), () => application.reject(own, NOW)])
      expect(decide).toThrow(refusal('loan-application.own-decision'));
    expect(application).toMatchObject({ status: 'under_review', decidedBy: undefined, decidedAt: undefined });
  });

  test('has a name under it', () => {
    expect(() => underReview().approve(anOffer(), aDecision({ byName: '  ' }), NOW)).toThrow(refusal('input.invalid'));
  });

  test('to approve is of at most what was asked for', () => {
    const application = underReview();
    for (const amount of ['1000.01', '0', '-1', 'NaN'])
      expect(() => application.approve(anOffer({ amount: decimal(amount) }), aDecision(), NOW), amount).toThrow(
        refusal('loan-application.amount-range'),
      );
    expect(() => application.approve(anOffer({ amount: decimal('999.999') }), aDecision(), NOW)).toThrow(
      refusal('loan-application.too-precise'),
    );
    application.approve(anOffer({ amount: decimal('800') }), aDecision(), NOW);
    expect(application.approvedAmount?.toFixed()).toBe('800');
  });

  test('to approve may give no reasons, one to reject gives some', () => {
    const approved = underReview();
    approved.approve(anOffer(), aDecision({ reasons: undefined }), NOW);
    expect(approved.reasons).toEqual([]);
    for (const reasons of [undefined, []])
      expect(() => underReview().reject(aDecision({ reasons }), NOW)).toThrow(refusal('loan-application.no-reasons'));
  });

  test('to approve holds for a time', () => {
    for (const expiresAt of [NOW, at('2026-06-15T11:59:59Z'), new Date(Number.NaN)])
      expect(() => underReview().approve(anOffer({ expiresAt }), aDecision(), NOW)).toThrow(
        refusal('loan-application.offer-over'),
      );
    const justInTime = approvedApplication();
    justInTime.convert(at('2026-07-15T11:59:59.999Z'));
    expect(justInTime.status).toBe('converted');
    expect(() => approvedApplication().convert(OFFER_OVER)).toThrow(refusal('loan-application.offer-over'));
  });
});

describe('what comes in from outside', () => {
  const apply = {
    userId: newId(),
    currencyCode: 'USD',
    amount: '1000',
    termMonths: 12,
    purpose: 'home',
    collateral: [{ holdingId: HOLDING_ID, assetCode: 'ACME', quantity: '10' }],
  };
  const decide = { userId: newId(), applicationId: newId(), deciderId: newId(), deciderName: 'Lena Lender' };
  const terms = {
    apr: '12',
    dayCount: '30/360',
    ltvMax: '50',
    liquidationThreshold: '80',
    liquidationBonus: '5',
  };

  test('is an application with all that it needs', () => {
    expect(parseInput(ApplyForLoan, apply).amount.toFixed()).toBe('1000');
    for (const wrong of [
      { amount: '0' },
      { amount: 1000 },
      { termMonths: 121 },
      { purpose: 'fun' },
      { status: 'approved' },
    ])
      expect(() => parseInput(ApplyForLoan, { ...apply, ...wrong }), JSON.stringify(wrong)).toThrow(
        refusal('input.invalid'),
      );
  });

  test('is an approval with terms, or a rejection with reasons', () => {
    const approval = { ...decide, decision: 'approve', amount: '800', terms, offerExpiresAt: OFFER_OVER };
    expect(parseInput(DecideLoanApplication, approval)).toMatchObject({
      reasons: [],
      terms: { allocationOrder: 'fees_interest_principal' },
    });
    expect(parseInput(DecideLoanApplication, { ...decide, decision: 'reject', reasons: ['Too much.'] })).toMatchObject({
      reasons: ['Too much.'],
    });
    for (const wrong of [
      { ...approval, terms: { ...terms, apr: '101' } },
      { ...approval, terms: undefined },
      { ...decide, decision: 'reject', reasons: [] },
      { ...decide, decision: 'reject', reasons: ['Too much.'], amount: '800' },
      { ...decide, decision: 'postpone' },
    ])
      expect(() => parseInput(DecideLoanApplication, wrong)).toThrow(refusal('input.invalid'));
  });
});
