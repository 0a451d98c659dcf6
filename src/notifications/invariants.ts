import type { Invariant } from '../shared/index.js';
import { MANDATORY_CATEGORIES } from './channels.js';

const MANDATORY = MANDATORY_CATEGORIES.map(category => `'${category}'`).join(', ');

export const NOTIFICATION_INVARIANTS: readonly Invariant[] = [
  {
    name: 'everybody is reached about security, legal matters and loan risk on some channel',
    sql: `select count(*) as checked, count(*) filter (where not reached) as violations
      from (
        select bool_or(is_enabled) as reached from notification_preferences
        where category in (${MANDATORY}) group by user_id, category
      ) mandatory`,
  },
];
