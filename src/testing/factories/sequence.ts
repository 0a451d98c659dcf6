import { Decimal } from '../../shared/index.js';

/** The instant that factories take for now: a Monday at noon, UTC. */
export const FACTORY_NOW = new Date('2026-06-15T12:00:00.000Z');

const counters = new Map<string, number>();

/** Counts what must be unique, from 1 for each kind. */
export function next(kind: string): number {
  const number = (counters.get(kind) ?? 0) + 1;
  counters.set(kind, number);
  return number;
}

/** Lets every count begin at 1 again: what is made from now on has the codes and addresses of a new process. */
export const resetFactories = (): void => counters.clear();

export const decimal = (text: string | number): Decimal => new Decimal(text);

export const later = (days: number, from: Date = FACTORY_NOW): Date => new Date(from.getTime() + days * 86_400_000);

/** An address on an EVM network, another one for each number. */
export const evmAddress = (number: number): string => `0x${number.toString(16).padStart(40, '0')}`;

/** A factory that takes what another one makes a step further, by verbs of its own. */
export const after =
  <Given extends unknown[], Made>(make: (...given: Given) => Made, step: (made: Made) => void) =>
  (...given: Given): Made => {
    const made = make(...given);
    step(made);
    return made;
  };
