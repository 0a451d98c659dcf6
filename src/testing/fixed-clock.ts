import type { Clock } from '../shared/index.js';

/** A clock that stands still until it is moved. */
export class FixedClock implements Clock {
  private time: Date;

  /** @param time ISO 8601 with zone, or an instant. */
  constructor(time: string | Date) {
    this.time = new Date(time);
  }

  now(): Date {
    return new Date(this.time);
  }

  moveTo(time: string | Date): void {
    this.time = new Date(time);
  }
}
