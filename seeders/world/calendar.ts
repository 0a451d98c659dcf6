import { instantOf } from '../../src/index.js';

/** The twelve months that people look back on, up to the newest of the bundled prices: it is 31 March 2010. */
export const MONTHS = [
  ...['2009-04', '2009-05', '2009-06', '2009-07', '2009-08', '2009-09', '2009-10', '2009-11', '2009-12'],
  ...['2010-01', '2010-02', '2010-03'],
] as const;
export type Month = (typeof MONTHS)[number];

/** An instant of the world's calendar: a date, at a time in a zone. */
export const at = (date: string, time = '12:00', zone = 'UTC'): Date => instantOf(date, time, zone);
