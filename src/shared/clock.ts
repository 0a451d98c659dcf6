/** Where services get the time from. Entities never ask a clock: time is an argument. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };
