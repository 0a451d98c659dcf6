import { ValidationError } from '../shared/index.js';

/** Half of what the first level costs; the curve is a multiple of it. */
export const LEVEL_STEP = 50;
/** No user has more XP than this. */
export const XP_MAX = 2_000_000_000;

/**
 * The XP, in all, with which a level begins: 50 · n · (n − 1), so level 1 begins with 0 and level n is left for the next by
 * earning 100 · n more: 0, 100, 300, 600, 1000, …
 * @param level 1 to {@link LEVEL_MAX}.
 */
export function xpOfLevel(level: number): number {
  if (!Number.isInteger(level) || level < 1 || level > LEVEL_MAX)
    throw new ValidationError('level.range', `A level is a whole number from 1 to ${LEVEL_MAX}.`);
  return LEVEL_STEP * level * (level - 1);
}

/**
 * The highest level whose XP is reached: n · (n − 1) ≤ xp / 50 solved for n. Exact, because the square root of a whole
 * number below 2^52 never rounds up to the next whole number.
 * @param xp a whole number from 0 to {@link XP_MAX}.
 */
export function levelOf(xp: number): number {
  requireTotalXp(xp);
  return Math.floor((1 + Math.sqrt(1 + 4 * Math.floor(xp / LEVEL_STEP))) / 2);
}

/** The level of {@link XP_MAX}. */
export const LEVEL_MAX = levelOf(XP_MAX);

/** @throws {ValidationError} `xp.range` unless it is a whole number from 0 to {@link XP_MAX}. */
export function requireTotalXp(xp: number): number {
  if (!Number.isInteger(xp) || xp < 0 || xp > XP_MAX)
    throw new ValidationError('xp.range', `XP in all is a whole number from 0 to ${XP_MAX}.`);
  return xp;
}
