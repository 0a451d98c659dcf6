import { expect, test } from 'vitest';
import { StateError } from '../../src/shared/index.js';

interface StateRules<E, S extends string, V extends string> {
  /** The thing as a sentence names it: `a user`. */
  a: string;
  /** A fresh one in each state. */
  reach: Record<S, () => E>;
  verbs: Record<V, (thing: E) => void>;
  /** For each state, the verbs that it allows and the state that each leads to. All others are refused. */
  allowed: Record<S, Partial<Record<V, S>>>;
  stateOf: (thing: E) => S;
}

/** One test for every verb in every state, so that nobody forgets a pair. */
export function everyTransition<E, S extends string, V extends string>(rules: StateRules<E, S, V>): void {
  const { a, reach, verbs, allowed, stateOf } = rules;
  for (const state of Object.keys(reach) as S[]) {
    for (const verb of Object.keys(verbs) as V[]) {
      const next = allowed[state][verb];
      if (next === undefined) {
        test(`${a} that is ${state} cannot ${verb} and stays ${state}`, () => {
          const thing = reach[state]();
          expect(() => verbs[verb](thing)).toThrow(StateError);
          expect(stateOf(thing)).toBe(state);
        });
      } else {
        test(`${a} that is ${state} can ${verb} and is then ${next}`, () => {
          const thing = reach[state]();
          expect(stateOf(thing)).toBe(state);
          verbs[verb](thing);
          expect(stateOf(thing)).toBe(next);
        });
      }
    }
  }
}
