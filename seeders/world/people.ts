import type { KycStatus, RiskLevel, UserStatus } from '../../src/index.js';
import { at } from './calendar.js';
import { Draw } from './draw.js';

/** One of the people of the development world, and what becomes of them. */
export interface Person {
  /** From 0. */
  number: number;
  userId: string;
  email: string;
  givenName: string;
  familyName: string;
  country: string;
  timeZone: string;
  risk: RiskLevel;
  status: UserStatus;
  kyc: KycStatus;
  basketSlug: 'four-giants' | 'steady-pair' | 'search-and-shop';
  /** What comes in every month, in dollars. */
  monthly: number;
  aiEnabled: boolean;
}

const GIVEN = [
  ...['Ada', 'Bo', 'Cleo', 'Dario', 'Elif', 'Farid', 'Grace', 'Hana', 'Ivan', 'Jun', 'Kofi', 'Lena', 'Mateo', 'Noor'],
  ...['Olga', 'Priya', 'Quinn', 'Rosa', 'Sven', 'Tariq', 'Uma', 'Viktor', 'Wren', 'Ximena', 'Yara', 'Zeno', 'Amara'],
  ...['Bruno', 'Chidi', 'Dalia', 'Emil', 'Freya', 'Goran', 'Hugo', 'Ines', 'Jonas', 'Kaia', 'Luca', 'Mei', 'Nils'],
  ...['Oriol', 'Paula', 'Rafael', 'Selma', 'Tomas', 'Usha', 'Vera', 'Wanda', 'Yusuf', 'Zita'],
] as const;
const FAMILY = [
  ...['Okafor', 'Lindgren', 'Moretti', 'Tanaka', 'Alvarez', 'Novak', 'Haddad', 'Murphy', 'Rao', 'Dubois', 'Mensah'],
  ...['Kowalski', 'Silva', 'Bauer', 'Demir'],
] as const;
const HOMES = [
  ['US', 'America/New_York'],
  ['IT', 'Europe/Rome'],
  ['NP', 'Asia/Kathmandu'],
  ['BR', 'America/Sao_Paulo'],
  ['DE', 'Europe/Berlin'],
  ['JP', 'Asia/Tokyo'],
  ['US', 'America/Los_Angeles'],
  ['KE', 'Africa/Nairobi'],
] as const;

const draw = new Draw('development');

/** Fifty people, the same ones every time. */
export const PEOPLE: readonly Person[] = GIVEN.map((givenName, number): Person => {
  const familyName = draw.pick(`${givenName} family`, FAMILY);
  const email = `${givenName}.${familyName}@example.com`.toLowerCase();
  const [country, timeZone] = draw.pick(`${email} home`, HOMES);
  return {
    number,
    userId: draw.id(email, at('2009-04-01', '08:00')),
    email,
    givenName,
    familyName,
    country,
    timeZone,
    risk: draw.pick(`${email} risk`, ['conservative', 'moderate', 'aggressive']),
    status: statusOf(number),
    kyc: kycOf(number),
    // Borrowers all hold the basket that their loans are secured by.
    basketSlug: number < 17 ? 'four-giants' : draw.pick(`${email} basket`, ['steady-pair', 'search-and-shop']),
    monthly: 5 * draw.whole(`${email} monthly`, 20, 120),
    aiEnabled: number % 3 === 0,
  };
});

function statusOf(number: number): UserStatus {
  if (number < 42) return 'active';
  if (number < 45) return 'suspended';
  if (number < 47) return 'closing';
  return number < 49 ? 'closed' : 'erased';
}

function kycOf(number: number): KycStatus {
  if (number < 30 || number >= 45) return 'verified';
  if (number < 35) return 'pending';
  if (number < 38) return 'rejected';
  return number < 41 ? 'expired' : 'none';
}

/** Those whose accounts are closed: they have taken all their money out. */
export const hasLeft = ({ status }: Person): boolean => status === 'closed' || status === 'erased';

/** The names of what people do with loans, by the number of the person. */
export const LOAN_STORIES = [
  'approved',
  'active',
  'late',
  'margin_called',
  'cancelled',
  'repaid',
  'liquidated',
  'defaulted',
  'written_off',
] as const;
export type LoanStory = (typeof LOAN_STORIES)[number];

/** Whose money moves in loans from October on; until then they save like everybody. */
export const isBorrower = ({ number }: Person): boolean =>
  number < LOAN_STORIES.length && LOAN_STORIES[number] !== 'approved' && LOAN_STORIES[number] !== 'cancelled';
