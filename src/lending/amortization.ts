import { Temporal } from 'temporal-polyfill';
import { Decimal, HUNDRED, roundUp, ValidationError } from '../shared/index.js';

/** How the time between two dates is counted: days over the days of a year. */
export const DAY_COUNTS = ['actual/365', 'actual/360', '30/360'] as const;
export type DayCountConvention = (typeof DAY_COUNTS)[number];

const DAYS_OF_YEAR: Record<DayCountConvention, number> = { 'actual/365': 365, 'actual/360': 360, '30/360': 360 };

/** The level payment is cut here before it is rounded up, so that the last digit of a long division never costs a cent. */
const GUARD_DECIMALS = 30;

export interface Interest {
  /** Nominal percent a year. */
  apr: Decimal;
  dayCount: DayCountConvention;
}

export interface Amortization extends Interest {
  principal: Decimal;
  /** Monthly instalments, 1 or more. */
  termMonths: number;
  /** Decimals that every amount of the schedule is rounded to. */
  scale: number;
}

/** One payment that a schedule asks for: the interest of its period, and the principal that is paid back with it. */
export interface ScheduledInstallment {
  /** From 1. */
  number: number;
  dueOn: string;
  principal: Decimal;
  interest: Decimal;
}

/**
 * Days from one local date to another as a convention counts them.
 *
 * Source: 2006 ISDA Definitions, section 4.16: (d) actual/365 (fixed), (e) actual/360, (f) 30/360 (bond basis), in which
 * a first day 31 counts as 30, and a last day 31 does so too after a first day 30 or 31.
 */
export function daysBetween(dayCount: DayCountConvention, from: string, to: string): number {
  const [first, last] = [Temporal.PlainDate.from(from), Temporal.PlainDate.from(to)];
  if (dayCount !== '30/360') return first.until(last, { largestUnit: 'days' }).days;
  const firstDay = Math.min(first.day, 30);
  const lastDay = last.day === 31 && firstDay === 30 ? 30 : last.day;
  return 360 * (last.year - first.year) + 30 * (last.month - first.month) + (lastDay - firstDay);
}

/** Simple interest on a principal from one local date to another: principal × apr × days ÷ days of the year; not rounded. */
export const interestBetween = (principal: Decimal, { apr, dayCount }: Interest, from: string, to: string): Decimal =>
  principal
    .mul(apr)
    .mul(daysBetween(dayCount, from, to))
    .div(HUNDRED.mul(DAYS_OF_YEAR[dayCount]));

/** The local date of instalment `number`, counted in months from the start: 31 January + 1 is the last of February, + 2 31 March. */
export const dueDate = (start: string, number: number): string =>
  Temporal.PlainDate.from(start).add({ months: number }, { overflow: 'constrain' }).toString();

/**
 * The payment that repays a principal in equal monthly instalments, rounded up.
 *
 * The present value of the payments is the principal: P = Σ A ÷ ((1 + i₁) … (1 + iₖ)), where iₖ = apr × day count of
 * period k. Periods of equal length make it the annuity formula A = P × i ÷ (1 − (1 + i)⁻ⁿ).
 * Source: S. G. Kellison, "The Theory of Interest", chapters on annuities and amortization schedules.
 */
export function levelPayment(loan: Amortization, start: string): Decimal {
  const one = new Decimal(1);
  let discount = one;
  let worthOfOne = new Decimal(0);
  for (let number = 1; number <= loan.termMonths; number++) {
    const rate = interestBetween(one, loan, dueDate(start, number - 1), dueDate(start, number));
    discount = discount.div(one.plus(rate));
    worthOfOne = worthOfOne.plus(discount);
  }
  return roundUp(loan.principal.div(worthOfOne).toDecimalPlaces(GUARD_DECIMALS), loan.scale);
}

/**
 * The schedule of a loan paid out on `start`: level payments, each with the interest of its period rounded up.
 * The principals sum to the loan exactly: the last instalment pays what is left, and absorbs the rounding.
 * @throws {ValidationError} `loan.term`, `loan.too-precise`, or `loan.too-small` when an instalment would repay nothing.
 */
export function annuitySchedule(loan: Amortization, start: string): ScheduledInstallment[] {
  requireAmortizable(loan);
  const payment = levelPayment(loan, start);
  const schedule: ScheduledInstallment[] = [];
  let balance = loan.principal;
  for (let number = 1; number <= loan.termMonths; number++) {
    const dueOn = dueDate(start, number);
    const interest = roundUp(interestBetween(balance, loan, dueDate(start, number - 1), dueOn), loan.scale);
    const principal = number === loan.termMonths ? balance : payment.minus(interest);
    if (!principal.gt(0) || principal.gt(balance)) throw tooSmall(loan);
    schedule.push({ number, dueOn, principal, interest });
    balance = balance.minus(principal);
  }
  return schedule;
}

function requireAmortizable(loan: Amortization): void {
  if (!Number.isInteger(loan.termMonths) || loan.termMonths < 1)
    throw new ValidationError('loan.term', 'A loan is repaid in 1 or more whole months.');
  if (loan.principal.decimalPlaces() > loan.scale)
    throw new ValidationError('loan.too-precise', `A loan of this currency has at most ${loan.scale} decimals.`, {
      scale: loan.scale,
    });
}

const tooSmall = ({ principal, termMonths }: Amortization) =>
  new ValidationError(
    'loan.too-small',
    `A loan of ${principal} cannot be spread over ${termMonths} instalments; choose a shorter term.`,
    { principal: principal.toFixed(), termMonths },
  );
