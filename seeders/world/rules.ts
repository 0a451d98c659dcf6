/** What becomes of a rule: it goes on, sometimes lacks funds, is paused, cancelled, or made its last run. */
export type RuleStory = 'goes_on' | 'over_reaches' | 'is_paused' | 'is_cancelled' | 'completes';

const stories: [number, RuleStory][] = [
  ...Array.from({ length: 13 }, (_, i): [number, RuleStory] => [17 + i, 'goes_on']),
  [30, 'over_reaches'],
  [31, 'is_paused'],
  [32, 'is_cancelled'],
  [33, 'completes'],
];

/** Who has a rule, by the number of the person. */
export const RULES: ReadonlyMap<number, RuleStory> = new Map(stories);
