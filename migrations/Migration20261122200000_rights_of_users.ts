import { Migration } from '@mikro-orm/migrations';

/**
 * What becomes of an account and of a person's identity is decided by jobs. Under their own role users open an account and
 * hand in proofs of who they are; their own SQL can neither verify nor reinstate them.
 */
export class Migration20261122200000_rights_of_users extends Migration {
  override up(): void {
    this.addSql('revoke insert, update on users from nestegg_app;');
    this.addSql('grant insert (id, email, status, kyc_status) on users to nestegg_app;');
    this.addSql('grant update (kyc_status, version, updated_at) on users to nestegg_app;');

    // A date of verification stays with those who are verified: whoever may write the status alone cannot become it.
    this.addSql('alter table users no force row level security;');
    this.addSql(`update users set kyc_verified_at = null where kyc_status <> 'verified' and kyc_verified_at is not null;`);
    this.addSql('alter table users force row level security;');
    this.addSql('alter table users drop constraint users_kyc_verified_at;');
    this.addSql(
      `alter table users add constraint users_kyc_verified_at check ((kyc_status = 'verified') = (kyc_verified_at is not null)) not valid;`,
    );
    this.addSql(
      `comment on column users.kyc_verified_at is 'When the identity was verified; absent unless that counts.';`,
    );
  }

  override down(): void {
    this.addSql('alter table users drop constraint users_kyc_verified_at;');
    this.addSql(
      `alter table users add constraint users_kyc_verified_at check (kyc_status <> 'verified' or kyc_verified_at is not null);`,
    );
    this.addSql(`comment on column users.kyc_verified_at is 'When the identity was last verified.';`);
    this.addSql('revoke all (id, email, status, kyc_status, version, updated_at) on users from nestegg_app;');
    this.addSql('grant insert, update on users to nestegg_app;');
  }
}
