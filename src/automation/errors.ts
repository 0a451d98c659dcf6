import { NesteggError } from '../shared/index.js';
import type { AutoInvestRun } from './auto-invest-run.entity.js';

/**
 * Some rules could not be run now, because a price is too old or the database failed. They are as due as before; all other
 * due rules were run. Make the same call again later.
 */
export class RulesPutOffError extends NesteggError {
  override readonly retryable = true;

  /**
   * @param runs the runs that were made all the same.
   * @param errors why each was put off, in the order of what was due: one per rule, or per basket and currency whose prices are too old.
   */
  constructor(
    readonly runs: readonly AutoInvestRun[],
    readonly errors: readonly unknown[],
  ) {
    const codes = [...new Set(errors.map(error => (error instanceof NesteggError ? error.code : 'unknown')))].join(',');
    super(
      'auto-invest.put-off',
      `Not all rules that are due could be run (${codes}); those stay due, the others were run.`,
      { errors: errors.length, codes },
      { cause: errors[0] },
    );
  }
}
