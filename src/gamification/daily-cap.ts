/** What XP comes from. Neither trades by their number nor loans are among them: nobody earns by churning or by owing. */
export const XP_SOURCES = ['transaction', 'streak', 'milestone', 'quest', 'achievement', 'adjustment'] as const;
export type XpSource = (typeof XP_SOURCES)[number];

/** The most XP that one source gives on one local day. A source that is not here is bounded by its own rules: each counts once. */
export const XP_DAILY_CAP: Partial<Record<XpSource, number>> = { transaction: 500, streak: 100 };

/** What is left of some XP under its source's daily cap; the order in which a day's XP comes does not change its sum. */
export function underDailyCap(source: XpSource, xp: number, earnedThatDay: number): number {
  const cap = XP_DAILY_CAP[source];
  return cap === undefined ? xp : Math.max(Math.min(xp, cap - earnedThatDay), 0);
}
