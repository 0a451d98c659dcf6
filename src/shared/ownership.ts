import type { EntityClass, EntityOptions, PolicyDef } from '@mikro-orm/core';

/** The roles that act on the database; the first migration makes them, none can log in by itself. */
export const ROLES = { app: 'nestegg_app', worker: 'nestegg_worker', readonly: 'nestegg_readonly' } as const;

const policies = (ownerOnly: string): PolicyDef[] => [
  { name: 'own_rows', using: ownerOnly, check: ownerOnly },
  { name: 'worker_all_rows', roles: [ROLES.worker], using: 'true', check: 'true' },
  { name: 'readonly_all_rows', command: 'select', roles: [ROLES.readonly], using: 'true' },
];

type RowSecurity = Pick<EntityOptions<EntityClass<unknown>>, 'policies' | 'rowLevelSecurity'>;

/** Row-level security of a table whose rows belong to a user: its owner sees them, jobs see all, nobody else any. */
export const ownedBy = (userColumn = 'user_id'): RowSecurity => ({
  rowLevelSecurity: 'force',
  policies: policies(`${userColumn} = nestegg_user_id()`),
});
