import type { Opt } from '@mikro-orm/core';
import { Property } from '@mikro-orm/decorators/es';

/** When a row was first stored and last changed. What happened when in the business has timestamps of its own. */
export abstract class Timestamped {
  @Property({ type: 'datetime', defaultRaw: 'now()' })
  readonly createdAt!: Opt<Date>;

  @Property({ type: 'datetime', defaultRaw: 'now()', onUpdate: () => new Date() })
  readonly updatedAt!: Opt<Date>;
}
