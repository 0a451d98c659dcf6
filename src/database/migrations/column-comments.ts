import type { MikroORM as AnyOrm } from '@mikro-orm/core';
import type { DatabaseSchema, MikroORM, SqlSchemaGenerator } from '@mikro-orm/sql';

/**
 * A relation over several columns puts its comment on all of them, the owner's `user_id` included. This gives a column the
 * comment of the property that it alone is the column of.
 */
export const ColumnComments = {
  name: 'ColumnComments',

  register(anyOrm: AnyOrm): void {
    const orm = anyOrm as MikroORM;
    orm.config.registerExtension('@mikro-orm/schema-generator', () => {
      const generator = orm.driver.getPlatform().getSchemaGenerator(orm.driver, orm.em) as SqlSchemaGenerator;
      const target = generator.getTargetSchema.bind(generator);
      generator.getTargetSchema = (...args) => commented(target(...args), orm);
      return generator;
    });
  },
};

function commented(schema: DatabaseSchema, orm: MikroORM): DatabaseSchema {
  for (const { tableName, props } of orm.getMetadata()) {
    const table = schema.getTable(tableName);
    for (const { fieldNames, comment } of props) {
      const [name, ...others] = fieldNames ?? [];
      const column = name && others.length === 0 ? table?.getColumn(name) : undefined;
      if (column) column.comment = comment;
    }
  }
  return schema;
}
