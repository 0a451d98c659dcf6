import { Migration } from '@mikro-orm/migrations';

/** What the file before asks of every row, asked of those that were there before it, while everybody goes on working. */
export class Migration20261122200100_rights_checked extends Migration {
  override up(): void {
    this.addSql('alter table users validate constraint users_kyc_verified_at;');
  }

  override down(): void {
    // A constraint that is not valid says what it says to every new row all the same.
    this.addSql('alter table users drop constraint users_kyc_verified_at;');
    this.addSql(
      `alter table users add constraint users_kyc_verified_at check ((kyc_status = 'verified') = (kyc_verified_at is not null)) not valid;`,
    );
  }
}
