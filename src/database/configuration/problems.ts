import type { z } from 'zod';
import { ConfigurationError } from '../errors.js';

/** What is wrong with which setting, named as whoever made it knows it. */
export interface Problem {
  setting: string;
  /** Goes on after the name of the setting, without a full stop. */
  problem: string;
}

/** How the part of a target at a path (`pool.max`) is called by whoever set it. */
export type NameOf = (path: string) => string;

/** @throws {ConfigurationError} when there are problems, with all of them. */
export function refuse(problems: readonly Problem[]): void {
  const [first, ...others] = problems;
  if (!first) return;
  if (others.length === 0) throw new ConfigurationError(first.setting, `${first.problem}.`);
  const settings = [...new Set(problems.map(({ setting }) => setting))].join(', ');
  const lines = problems.map(({ setting, problem }) => `- ${setting} ${problem}.`);
  throw new ConfigurationError(settings, `cannot be used:\n${lines.join('\n')}`);
}

/** What Zod found, in our words. Custom checks of text say all there is to say by themselves. */
export function problemsOf(issue: z.core.$ZodIssue, nameOf: NameOf): Problem[] {
  const path = issue.path.filter(part => typeof part === 'string').join('.');
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map(key => ({ setting: [path, key].filter(Boolean).join('.'), problem: 'is no setting' }));
  const setting = nameOf(path);
  if (issue.code === 'custom' && typeof issue.input === 'string' && path !== 'password')
    return [{ setting, problem: issue.message }];
  return [{ setting, problem: `${boundOf(issue) ?? shapeOf(issue.input)}; it ${issue.message}` }];
}

function boundOf(issue: z.core.$ZodIssue): string | undefined {
  if (typeof issue.input !== 'number') return undefined;
  if (issue.code === 'too_small') return `is a number below ${issue.minimum}`;
  if (issue.code === 'too_big') return `is a number above ${issue.maximum}`;
  return 'is a number, but not a whole one';
}

/** What a value looks like, without saying it: it may be a secret in the wrong place. */
export function shapeOf(value: unknown): string {
  if (value === undefined) return 'is missing';
  if (typeof value !== 'string') return `is a ${Array.isArray(value) ? 'list' : typeof value}`;
  const what = /^\p{L}+$/u.test(value) ? 'letter' : /^\d+$/.test(value) ? 'digit' : 'character';
  return `is ${value.length} ${what}${value.length === 1 ? '' : 's'}`;
}
