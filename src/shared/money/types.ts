import { Type } from '@mikro-orm/core';
import {
  AMOUNT,
  COST,
  Decimal,
  type NumericScale,
  PERCENT,
  PRICE,
  parseDecimal,
  requireFits,
  TOTAL,
} from './decimal.js';

/**
 * A `numeric` column as a {@link Decimal}.
 *
 * MikroORM's own DecimalType compares through JS numbers and drops a change of 1e-8 on a large value; here both sides are
 * the column's canonical text, so every change is seen and `5` against `5.00000000` is none.
 * A value that the column would round or refuse never leaves the process.
 */
abstract class DecimalType extends Type<Decimal | null, string | null> {
  constructor(readonly numeric: NumericScale) {
    super();
  }

  override convertToDatabaseValue(value: Decimal | string | null): string | null {
    if (value == null) return null;
    // Text comes from conditions and cursors; decimal.js alone would take `0x10` and `1_000` too.
    if (typeof value === 'string')
      return parseDecimal(value, this.numeric, this.prop?.name).toFixed(this.numeric.scale);
    const decimal = Decimal.isDecimal(value) ? value : new Decimal(value);
    return requireFits(decimal, this.numeric, this.prop?.name).toFixed(this.numeric.scale);
  }

  override convertToJSValue(value: string | number | Decimal | null): Decimal | null {
    return value == null ? null : new Decimal(value);
  }

  override compareAsType(): string {
    return 'string';
  }

  override toJSON(value: Decimal | null): string | null {
    return value == null ? null : new Decimal(value).toFixed();
  }

  override getColumnType(): string {
    return `numeric(${this.numeric.precision},${this.numeric.scale})`;
  }
}

export const isDecimalType = (type: unknown): boolean => type instanceof DecimalType;

export class AmountType extends DecimalType {
  constructor() {
    super(AMOUNT);
  }
}

export class PriceType extends DecimalType {
  constructor() {
    super(PRICE);
  }
}

export class PercentType extends DecimalType {
  constructor() {
    super(PERCENT);
  }
}

export class CostType extends DecimalType {
  constructor() {
    super(COST);
  }
}

export class TotalType extends DecimalType {
  constructor() {
    super(TOTAL);
  }
}
