import type { MikroORM } from '@mikro-orm/sql';
import { openDatabase } from '../../src/orm.js';

let known: Promise<MikroORM> | undefined;

/** Lets MikroORM read the entities; nothing connects. Before that a collection, such as a basket's assets, takes nothing. */
export const entitiesKnown = (): Promise<MikroORM> => {
  known ??= openDatabase({ kind: 'server', url: 'postgresql://nobody@localhost/never-connected' });
  return known;
};
