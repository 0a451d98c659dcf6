import { Migration } from '@mikro-orm/migrations';

const INDEXES = {
  ledger_entries_debit_history_index: 'ledger_entries (user_id, debit_id, asset_id, created_at, debit_number)',
  ledger_entries_credit_history_index: 'ledger_entries (user_id, credit_id, asset_id, created_at, credit_number)',
  transactions_expiry_index: `transactions (expires_at) where status = 'pending'`,
};

const REPLACED = {
  ledger_entries_debit_index: 'ledger_entries (user_id, debit_id, asset_id, id)',
  ledger_entries_credit_index: 'ledger_entries (user_id, credit_id, asset_id, id)',
};

/** The indexes that statements read by, in place of those by id. Built while everybody goes on working. */
export class Migration20261122190300_history_indexed extends Migration {
  override isTransactional(): boolean {
    return false;
  }

  override up(): void {
    this.replace(REPLACED, INDEXES);
  }

  override down(): void {
    this.replace(INDEXES, REPLACED);
  }

  /** Begins anew where it was interrupted: an index that was left half built is dropped and built again. */
  private replace(old: Record<string, string>, wanted: Record<string, string>): void {
    for (const [name, on] of Object.entries(wanted)) {
      this.addSql(`drop index concurrently if exists ${name};`);
      this.addSql(`create index concurrently if not exists ${name} on ${on};`);
    }
    for (const name of Object.keys(old)) this.addSql(`drop index concurrently if exists ${name};`);
  }
}
