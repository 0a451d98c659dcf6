/** Something that must always hold, as a query that counts what it looked at and what breaks it. */
export interface Invariant {
  /** A sentence: "every book closes to zero". */
  name: string;
  /** Selects one row with `checked` and `violations`, both bigint. */
  sql: string;
}
