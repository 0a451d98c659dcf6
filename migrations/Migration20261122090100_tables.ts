import { Migration } from '@mikro-orm/migrations';

export class Migration20261122090100_tables extends Migration {
  override up(): void {
    this.addSql(`create table "assets" ("id" uuid not null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "code" varchar(32) not null, "name" varchar(120) not null, "kind" text not null, "chain" text null, "contract_address" varchar(64) null, "decimals" smallint null, "display_scale" smallint not null, "price_max_age_seconds" int not null, "status" text not null, "version" int not null default 1, primary key ("id"));`);
    this.addSql(`comment on table "assets" is 'Something that can be owned and priced: a currency, a token, a share.';`);
    this.addSql(`comment on column "assets"."id" is 'UUIDv7, made in the application.';`);
    this.addSql(`comment on column "assets"."created_at" is 'When the row was stored.';`);
    this.addSql(`comment on column "assets"."updated_at" is 'When the row was last changed.';`);
    this.addSql(`comment on column "assets"."code" is 'Short unique name, such as USD or AAPL.';`);
    this.addSql(`comment on column "assets"."name" is 'Full name for people.';`);
    this.addSql(`comment on column "assets"."kind" is 'What it is: a currency, a token that follows one, another token, a share.';`);
    this.addSql(`comment on column "assets"."chain" is 'The network that a token lives on; absent for what lives on none.';`);
    this.addSql(`comment on column "assets"."contract_address" is 'The token''s contract in canonical form; absent for a chain''s own coin.';`);
    this.addSql(`comment on column "assets"."decimals" is 'Decimals of the token on its chain, 0 to 36.';`);
    this.addSql(`comment on column "assets"."display_scale" is 'Decimals that people are shown, 0 to 18.';`);
    this.addSql(`comment on column "assets"."price_max_age_seconds" is 'How old a price may be when a decision rests on it, in seconds.';`);
    this.addSql(`comment on column "assets"."status" is 'Whether it trades: active ↔ halted, both → retired. Halted: no buying, selling goes on.';`);
    this.addSql(`comment on column "assets"."version" is 'Counts the changes of the row: one made to an older version is refused.';`);
    this.addSql(`alter table "assets" add constraint "assets_code_unique" unique ("code");`);
    this.addSql(`alter table "assets" add constraint "assets_chain_contract_address_unique" unique ("chain", "contract_address");`);

    this.addSql(`create table "asset_prices" ("id" uuid not null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "asset_id" uuid not null, "quote_id" uuid not null, "as_of" timestamptz not null, "price" numeric(28,12) not null, "source" varchar(40) not null, "provisional" boolean not null, primary key ("id"));`);
    this.addSql(`comment on table "asset_prices" is 'What one unit of an asset cost in a quote currency at an instant, and who said so.';`);
    this.addSql(`comment on column "asset_prices"."id" is 'UUIDv7, made in the application.';`);
    this.addSql(`comment on column "asset_prices"."created_at" is 'When the row was stored.';`);
    this.addSql(`comment on column "asset_prices"."updated_at" is 'When the row was last changed.';`);
    this.addSql(`comment on column "asset_prices"."asset_id" is 'What was priced.';`);
    this.addSql(`comment on column "asset_prices"."quote_id" is 'The currency of the price.';`);
    this.addSql(`comment on column "asset_prices"."as_of" is 'The instant that the price was observed for.';`);
    this.addSql(`comment on column "asset_prices"."price" is 'Price of one unit.';`);
    this.addSql(`comment on column "asset_prices"."source" is 'Who observed it.';`);
    this.addSql(`comment on column "asset_prices"."provisional" is 'Whether a final price may still replace it.';`);
    this.addSql(`create index "asset_prices_quote_id_index" on "asset_prices" ("quote_id");`);
    this.addSql(`create index "asset_prices_latest_index" on "asset_prices" ("asset_id", "quote_id", "as_of");`);
    this.addSql(`alter table "asset_prices" add constraint "asset_prices_observation_unique" unique ("asset_id", "quote_id", "source", "as_of");`);

    this.addSql(`create table "baskets" ("id" uuid not null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "slug" varchar(60) not null, "name" varchar(80) not null, "description" varchar(1000) not null, "risk" text not null, "category" varchar(40) not null, "minimum_investment" numeric(18,8) not null, "fee_rate" numeric(7,4) not null, "curator" varchar(80) not null, "status" text not null, "composition_version" int not null, "retired_at" timestamptz null, "version" int not null default 1, primary key ("id"));`);
    this.addSql(`comment on table "baskets" is 'A composition of assets by weight that many users invest in. Each published composition is a version of its own and stays; the weights of an active basket''s version sum to exactly 100, which the database checks at commit.';`);
    this.addSql(`comment on column "baskets"."id" is 'UUIDv7, made in the application.';`);
    this.addSql(`comment on column "baskets"."created_at" is 'When the row was stored.';`);
    this.addSql(`comment on column "baskets"."updated_at" is 'When the row was last changed.';`);
    this.addSql(`comment on column "baskets"."slug" is 'Short unique name in addresses, such as four-giants.';`);
    this.addSql(`comment on column "baskets"."name" is 'Name for people.';`);
    this.addSql(`comment on column "baskets"."description" is 'What the basket is for, for people.';`);
    this.addSql(`comment on column "baskets"."risk" is 'How much risk it carries.';`);
    this.addSql(`comment on column "baskets"."category" is 'What it is filed under.';`);
    this.addSql(`comment on column "baskets"."minimum_investment" is 'The smallest amount that may be invested at once.';`);
    this.addSql(`comment on column "baskets"."fee_rate" is 'Percent of an invested amount, taken out of it; below 100.';`);
    this.addSql(`comment on column "baskets"."curator" is 'Who composes it.';`);
    this.addSql(`comment on column "baskets"."status" is 'Whether it is on offer: draft → active ↔ paused, active → retired. Paused: no buying, redeeming goes on.';`);
    this.addSql(`comment on column "baskets"."composition_version" is 'The version of the composition that counts; 0 before the first is published.';`);
    this.addSql(`comment on column "baskets"."retired_at" is 'When it was taken off for good.';`);
    this.addSql(`comment on column "baskets"."version" is 'The version of the composition, from 1.';`);
    this.addSql(`alter table "baskets" add constraint "baskets_slug_unique" unique ("slug");`);

    this.addSql(`create table "basket_assets" ("id" uuid not null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "basket_id" uuid not null, "version" int not null, "position" smallint not null, "asset_id" uuid not null, "weight" numeric(7,4) not null, "min_weight" numeric(7,4) not null, "max_weight" numeric(7,4) not null, primary key ("id"));`);
    this.addSql(`comment on table "basket_assets" is 'One asset of one version of a basket''s composition. Never changed: a new composition is a new version.';`);
    this.addSql(`comment on column "basket_assets"."id" is 'UUIDv7, made in the application.';`);
    this.addSql(`comment on column "basket_assets"."created_at" is 'When the row was stored.';`);
    this.addSql(`comment on column "basket_assets"."updated_at" is 'When the row was last changed.';`);
    this.addSql(`comment on column "basket_assets"."basket_id" is 'The basket composed.';`);
    this.addSql(`comment on column "basket_assets"."version" is 'The version of the composition, from 1.';`);
    this.addSql(`comment on column "basket_assets"."position" is 'Order of publication, from 1; equal remainders of a split are served in this order.';`);
    this.addSql(`comment on column "basket_assets"."asset_id" is 'What is bought.';`);
    this.addSql(`comment on column "basket_assets"."weight" is 'Percent of an investment that goes into it.';`);
    this.addSql(`comment on column "basket_assets"."min_weight" is 'The lowest percentage before a rebalance.';`);
    this.addSql(`comment on column "basket_assets"."max_weight" is 'The highest percentage before a rebalance.';`);
    this.addSql(`create index "basket_assets_asset_id_index" on "basket_assets" ("asset_id");`);
    this.addSql(`alter table "basket_assets" add constraint "basket_assets_version_asset_unique" unique ("basket_id", "version", "asset_id");`);

    this.addSql(`create table "users" ("id" uuid not null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "email" varchar(254) not null, "email_verified_at" timestamptz null, "status" text not null, "suspended_at" timestamptz null, "closing_at" timestamptz null, "closed_at" timestamptz null, "erased_at" timestamptz null, "kyc_status" text not null, "kyc_verified_at" timestamptz null, "version" int not null default 1, primary key ("id"));`);
    this.addSql(`comment on table "users" is 'A person with an account. Personal data lives in the profile; here are only the address to sign in with and two states.';`);
    this.addSql(`comment on column "users"."id" is 'UUIDv7, made in the application.';`);
    this.addSql(`comment on column "users"."created_at" is 'When the row was stored.';`);
    this.addSql(`comment on column "users"."updated_at" is 'When the row was last changed.';`);
    this.addSql(`comment on column "users"."email" is 'The address to sign in with, in its normal form; after erasure a placeholder.';`);
    this.addSql(`comment on column "users"."email_verified_at" is 'When the address was proved to be the person''s; absent until then.';`);
    this.addSql(`comment on column "users"."status" is 'What the account may do: active ↔ suspended, active → closing → closed → erased.';`);
    this.addSql(`comment on column "users"."suspended_at" is 'When the account was last suspended.';`);
    this.addSql(`comment on column "users"."closing_at" is 'When the account stopped taking new business.';`);
    this.addSql(`comment on column "users"."closed_at" is 'When the account was closed for good.';`);
    this.addSql(`comment on column "users"."erased_at" is 'When the personal data was overwritten.';`);
    this.addSql(`comment on column "users"."kyc_status" is 'What is known of the person''s identity: none → pending → verified / rejected, verified → expired.';`);
    this.addSql(`comment on column "users"."kyc_verified_at" is 'When the identity was last verified.';`);
    this.addSql(`comment on column "users"."version" is 'Counts the changes of the row: one made to an older version is refused.';`);
    this.addSql(`alter table "users" add constraint "users_email_unique" unique ("email");`);

    this.addSql(`create table "transactions" ("user_id" uuid not null, "id" uuid not null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "type" text not null, "status" text not null, "asset_id" uuid not null, "amount" numeric(18,8) not null, "portfolio_id" uuid null, "basket_id" uuid null, "occurred_at" timestamptz not null, "posted_at" timestamptz null, "closed_at" timestamptz null, "reversed_at" timestamptz null, "failure_reason" varchar(200) null, "idempotency_key" varchar(120) not null, "request_hash" varchar(64) not null, "closing_key" varchar(120) null, "closing_hash" varchar(64) null, "external_source" varchar(40) null, "external_reference" varchar(120) null, "reverses_id" uuid null, primary key ("user_id", "id"));`);
    this.addSql(`comment on table "transactions" is 'A business event of a user''s book: pending → posted | voided | failed | expired, posted → reversed. Read only here, like the accounts: every step is a call of nestegg_post. A correction is a reversing transaction, at most one per transaction.';`);
    this.addSql(`comment on column "transactions"."user_id" is 'The transaction that this one takes back.';`);
    this.addSql(`comment on column "transactions"."id" is 'UUIDv7, made in the application.';`);
    this.addSql(`comment on column "transactions"."created_at" is 'When the row was stored.';`);
    this.addSql(`comment on column "transactions"."updated_at" is 'When the row was last changed.';`);
    this.addSql(`comment on column "transactions"."type" is 'What kind of business event this is.';`);
    this.addSql(`comment on column "transactions"."status" is 'How far it has come: pending → posted | voided | failed | expired, posted → reversed.';`);
    this.addSql(`comment on column "transactions"."asset_id" is 'What the event is about as its owner would say it: 100 USD deposited, 100 USD invested, 2 shares sold.';`);
    this.addSql(`comment on column "transactions"."amount" is 'How much of the asset, more than 0; when settled, what arrived.';`);
    this.addSql(`comment on column "transactions"."portfolio_id" is 'The portfolio that the event concerns.';`);
    this.addSql(`comment on column "transactions"."basket_id" is 'The basket that the event concerns.';`);
    this.addSql(`comment on column "transactions"."occurred_at" is 'When the event happened in the business.';`);
    this.addSql(`comment on column "transactions"."posted_at" is 'When it took effect.';`);
    this.addSql(`comment on column "transactions"."closed_at" is 'When it ended without taking effect.';`);
    this.addSql(`comment on column "transactions"."reversed_at" is 'When it was reversed.';`);
    this.addSql(`comment on column "transactions"."failure_reason" is 'Why it came to nothing, for people.';`);
    this.addSql(`comment on column "transactions"."idempotency_key" is 'The caller''s key of the request that opened it: one effect per key.';`);
    this.addSql(`comment on column "transactions"."request_hash" is 'SHA-256 of the request that the key stands for, in hex.';`);
    this.addSql(`comment on column "transactions"."closing_key" is 'Key and hash of the request that ended the pending state.';`);
    this.addSql(`comment on column "transactions"."closing_hash" is 'SHA-256 of the request that ended the pending state, in hex.';`);
    this.addSql(`comment on column "transactions"."external_source" is 'Who else knows this event, such as a payment provider.';`);
    this.addSql(`comment on column "transactions"."external_reference" is 'The event''s name over there.';`);
    this.addSql(`comment on column "transactions"."reverses_id" is 'The transaction that this one takes back.';`);
    this.addSql(`create index "transactions_asset_id_index" on "transactions" ("asset_id");`);
    this.addSql(`create index "transactions_pending_index" on "transactions" ("user_id", "created_at") where status = 'pending';`);
    this.addSql(`create index "transactions_portfolio_index" on "transactions" ("user_id", "portfolio_id", "occurred_at") where portfolio_id is not null;`);
    this.addSql(`alter table "transactions" add constraint "transactions_reverses_unique" unique ("user_id", "reverses_id");`);
    this.addSql(`alter table "transactions" add constraint "transactions_external_reference_unique" unique ("user_id", "external_source", "external_reference");`);
    this.addSql(`alter table "transactions" add constraint "transactions_closing_key_unique" unique ("user_id", "closing_key");`);
    this.addSql(`alter table "transactions" add constraint "transactions_idempotency_key_unique" unique ("user_id", "idempotency_key");`);

    this.addSql(`create table "portfolios" ("user_id" uuid not null, "id" uuid not null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "name" varchar(80) not null, "currency_id" uuid not null, "risk" text not null, "goal_amount" numeric(18,8) null, "goal_date" date null, "is_default" boolean not null, "status" text not null, "closed_at" timestamptz null, "version" int not null default 1, primary key ("user_id", "id"));`);
    this.addSql(`comment on table "portfolios" is 'Holdings with one purpose, valued in one currency.';`);
    this.addSql(`comment on column "portfolios"."user_id" is 'The user whose row this is.';`);
    this.addSql(`comment on column "portfolios"."id" is 'UUIDv7, made in the application.';`);
    this.addSql(`comment on column "portfolios"."created_at" is 'When the row was stored.';`);
    this.addSql(`comment on column "portfolios"."updated_at" is 'When the row was last changed.';`);
    this.addSql(`comment on column "portfolios"."name" is 'The owner''s name for it, unique among open ones.';`);
    this.addSql(`comment on column "portfolios"."currency_id" is 'The currency that it is valued and invested in.';`);
    this.addSql(`comment on column "portfolios"."risk" is 'How much risk the owner wants here.';`);
    this.addSql(`comment on column "portfolios"."goal_amount" is 'The value that the owner aims for.';`);
    this.addSql(`comment on column "portfolios"."goal_date" is 'The local date by which the goal should be reached.';`);
    this.addSql(`comment on column "portfolios"."is_default" is 'Whether it is used when none is named; one per user.';`);
    this.addSql(`comment on column "portfolios"."status" is 'Whether it takes business: active → closed.';`);
    this.addSql(`comment on column "portfolios"."closed_at" is 'When it was closed.';`);
    this.addSql(`comment on column "portfolios"."version" is 'Counts the changes of the row: one made to an older version is refused.';`);
    this.addSql(`create index "portfolios_currency_id_index" on "portfolios" ("currency_id");`);
    this.addSql(`create unique index "portfolios_one_default" on "portfolios" ("user_id") where is_default;`);
    this.addSql(`create unique index "portfolios_name_unique" on "portfolios" ("user_id", "name") where status = 'active';`);

    this.addSql(`create table "round_up_rules" ("user_id" uuid not null, "id" uuid not null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "funding_source" varchar(80) not null, "round_to" smallint not null, "multiplier" smallint not null, "threshold" numeric(18,8) not null, "monthly_cap" numeric(18,8) null, "mode" text not null, "portfolio_id" uuid not null, "basket_id" uuid not null, "status" text not null, "cancelled_at" timestamptz null, "version" int not null default 1, primary key ("user_id", "id"));`);
    this.addSql(`comment on table "round_up_rules" is 'Purchases from one source rounded up, and the difference invested. One active rule per source.';`);
    this.addSql(`comment on column "round_up_rules"."user_id" is 'The portfolio invested into.';`);
    this.addSql(`comment on column "round_up_rules"."id" is 'UUIDv7, made in the application.';`);
    this.addSql(`comment on column "round_up_rules"."created_at" is 'When the row was stored.';`);
    this.addSql(`comment on column "round_up_rules"."updated_at" is 'When the row was last changed.';`);
    this.addSql(`comment on column "round_up_rules"."funding_source" is 'The card or account whose purchases are rounded up.';`);
    this.addSql(`comment on column "round_up_rules"."round_to" is 'Purchases are rounded up to a multiple of this: 1, 5 or 10.';`);
    this.addSql(`comment on column "round_up_rules"."multiplier" is 'The difference is taken this many times, 1 to 10.';`);
    this.addSql(`comment on column "round_up_rules"."threshold" is 'The sum of ready round-ups at which they are invested.';`);
    this.addSql(`comment on column "round_up_rules"."monthly_cap" is 'The most that round-ups may add up to in a local month.';`);
    this.addSql(`comment on column "round_up_rules"."mode" is 'Whether the sweep happens by itself or when asked for.';`);
    this.addSql(`comment on column "round_up_rules"."portfolio_id" is 'The portfolio invested into.';`);
    this.addSql(`comment on column "round_up_rules"."basket_id" is 'The basket bought.';`);
    this.addSql(`comment on column "round_up_rules"."status" is 'Whether purchases count: active ↔ paused, both → cancelled.';`);
    this.addSql(`comment on column "round_up_rules"."cancelled_at" is 'When it was cancelled.';`);
    this.addSql(`comment on column "round_up_rules"."version" is 'Counts the changes of the row: one made to an older version is refused.';`);
    this.addSql(`create index "round_up_rules_basket_id_index" on "round_up_rules" ("basket_id");`);
    this.addSql(`create index "round_up_rules_portfolio_index" on "round_up_rules" ("user_id", "portfolio_id");`);
    this.addSql(`create unique index "round_up_rules_one_active" on "round_up_rules" ("user_id", "funding_source") where status = 'active';`);

    this.addSql(`create table "round_ups" ("user_id" uuid not null, "id" uuid not null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "rule_id" uuid not null, "funding_source" varchar(80) not null, "purchase_reference" varchar(120) not null, "purchased_at" timestamptz not null, "purchase_amount" numeric(18,8) not null, "amount" numeric(18,8) not null, "amount_max" numeric(18,8) not null, "status" text not null, "ready_at" timestamptz null, "transaction_id" uuid null, "cancelled_at" timestamptz null, primary key ("user_id", "id"));`);
    this.addSql(`comment on table "round_ups" is 'The difference that one purchase adds. A purchase counts once, however often its source reports it.';`);
    this.addSql(`comment on column "round_ups"."user_id" is 'The investment that swept it.';`);
    this.addSql(`comment on column "round_ups"."id" is 'UUIDv7, made in the application.';`);
    this.addSql(`comment on column "round_ups"."created_at" is 'When the row was stored.';`);
    this.addSql(`comment on column "round_ups"."updated_at" is 'When the row was last changed.';`);
    this.addSql(`comment on column "round_ups"."rule_id" is 'The rule that applied.';`);
    this.addSql(`comment on column "round_ups"."funding_source" is 'The card or account that paid.';`);
    this.addSql(`comment on column "round_ups"."purchase_reference" is 'The purchase''s name at its source; it counts once.';`);
    this.addSql(`comment on column "round_ups"."purchased_at" is 'When the purchase was made.';`);
    this.addSql(`comment on column "round_ups"."purchase_amount" is 'What the purchase cost.';`);
    this.addSql(`comment on column "round_ups"."amount" is 'What it adds, 0 up to amount_max.';`);
    this.addSql(`comment on column "round_ups"."amount_max" is 'round_to × multiplier of the rule when the purchase was recorded: no round-up is larger.';`);
    this.addSql(`comment on column "round_ups"."status" is 'How far it has come: pending → ready → swept, or → cancelled.';`);
    this.addSql(`comment on column "round_ups"."ready_at" is 'When the purchase was final.';`);
    this.addSql(`comment on column "round_ups"."transaction_id" is 'The investment that swept it.';`);
    this.addSql(`comment on column "round_ups"."cancelled_at" is 'When the purchase was refunded.';`);
    this.addSql(`create index "round_ups_transaction_index" on "round_ups" ("user_id", "transaction_id");`);
    this.addSql(`create index "round_ups_rule_index" on "round_ups" ("user_id", "rule_id", "status");`);
    this.addSql(`alter table "round_ups" add constraint "round_ups_purchase_unique" unique ("user_id", "funding_source", "purchase_reference");`);

    this.addSql(`create table "portfolio_snapshots" ("user_id" uuid not null, "id" uuid not null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "portfolio_id" uuid not null, "date" date not null, "taken_at" timestamptz not null, "start_value" numeric(18,8) not null, "net_deposits" numeric(18,8) not null, "fees" numeric(18,8) not null, "market_change" numeric(18,8) not null, "value" numeric(18,8) not null, "oldest_price_age_seconds" int not null, primary key ("user_id", "id"));`);
    this.addSql(`comment on table "portfolio_snapshots" is 'A portfolio''s value on a local date, and what made it differ from the snapshot before: deposits, the market, fees.';`);
    this.addSql(`comment on column "portfolio_snapshots"."user_id" is 'The portfolio that was valued.';`);
    this.addSql(`comment on column "portfolio_snapshots"."id" is 'UUIDv7, made in the application.';`);
    this.addSql(`comment on column "portfolio_snapshots"."created_at" is 'When the row was stored.';`);
    this.addSql(`comment on column "portfolio_snapshots"."updated_at" is 'When the row was last changed.';`);
    this.addSql(`comment on column "portfolio_snapshots"."portfolio_id" is 'The portfolio that was valued.';`);
    this.addSql(`comment on column "portfolio_snapshots"."date" is 'The local date of the portfolio''s owner, YYYY-MM-DD.';`);
    this.addSql(`comment on column "portfolio_snapshots"."taken_at" is 'The instant that it was valued at.';`);
    this.addSql(`comment on column "portfolio_snapshots"."start_value" is 'The value of the snapshot before; 0 for the first.';`);
    this.addSql(`comment on column "portfolio_snapshots"."net_deposits" is 'What went into the portfolio since then less what came out, fees included.';`);
    this.addSql(`comment on column "portfolio_snapshots"."fees" is 'Fees paid in the portfolio since the snapshot before.';`);
    this.addSql(`comment on column "portfolio_snapshots"."market_change" is 'What the market did to the value since then, rounding included.';`);
    this.addSql(`comment on column "portfolio_snapshots"."value" is 'What the holdings were worth.';`);
    this.addSql(`comment on column "portfolio_snapshots"."oldest_price_age_seconds" is 'Age of the oldest price used, in seconds.';`);
    this.addSql(`alter table "portfolio_snapshots" add constraint "portfolio_snapshots_date_unique" unique ("user_id", "portfolio_id", "date");`);

    this.addSql(`create table "outbox_events" ("user_id" uuid not null, "id" uuid not null, "type" varchar(80) not null, "payload" jsonb not null, "occurred_at" timestamptz not null, "dispatched_at" timestamptz null, "created_at" timestamptz not null default now(), primary key ("user_id", "id"));`);
    this.addSql(`comment on table "outbox_events" is 'Something that happened to a user, stored in the commit that made it happen, for others to act on a moment later.';`);
    this.addSql(`comment on column "outbox_events"."user_id" is 'The user whose row this is.';`);
    this.addSql(`comment on column "outbox_events"."id" is 'UUIDv7, made in the application.';`);
    this.addSql(`comment on column "outbox_events"."type" is 'Noun and past tense: transaction.posted.';`);
    this.addSql(`comment on column "outbox_events"."payload" is 'What a handler needs to know, ids and amounts as text; at most 64 KB.';`);
    this.addSql(`comment on column "outbox_events"."occurred_at" is 'When it happened in the business.';`);
    this.addSql(`comment on column "outbox_events"."dispatched_at" is 'When its handlers were done; absent while it waits.';`);
    this.addSql(`comment on column "outbox_events"."created_at" is 'When the row was stored.';`);
    this.addSql(`create index "outbox_events_waiting_index" on "outbox_events" ("created_at") where dispatched_at is null;`);

    this.addSql(`create table "ledger_accounts" ("user_id" uuid not null, "id" uuid not null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "kind" text not null, "asset_id" uuid not null, "portfolio_id" uuid null, "basket_id" uuid null, "balance" numeric(18,8) not null default '0.00000000', primary key ("user_id", "id"));`);
    this.addSql(`comment on table "ledger_accounts" is 'One account of a user''s closed book; it holds one asset. Read only here: nestegg_post alone opens accounts and moves balances, and the database refuses everybody else.';`);
    this.addSql(`comment on column "ledger_accounts"."user_id" is 'The user whose row this is.';`);
    this.addSql(`comment on column "ledger_accounts"."id" is 'UUIDv7, made in the application.';`);
    this.addSql(`comment on column "ledger_accounts"."created_at" is 'When the row was stored.';`);
    this.addSql(`comment on column "ledger_accounts"."updated_at" is 'When the row was last changed.';`);
    this.addSql(`comment on column "ledger_accounts"."kind" is 'What the account is for; the first four are the user''s own, the others the other side of the book.';`);
    this.addSql(`comment on column "ledger_accounts"."asset_id" is 'The one asset that the account holds.';`);
    this.addSql(`comment on column "ledger_accounts"."portfolio_id" is 'The portfolio whose holding or collateral this is.';`);
    this.addSql(`comment on column "ledger_accounts"."basket_id" is 'The basket through which the holding was bought; absent when bought directly.';`);
    this.addSql(`comment on column "ledger_accounts"."balance" is 'What has entered less what has left; own accounts are never below zero.';`);
    this.addSql(`create index "ledger_accounts_asset_id_index" on "ledger_accounts" ("asset_id");`);
    this.addSql(`create unique index ledger_accounts_place_unique on ledger_accounts (user_id, kind, asset_id, portfolio_id, basket_id) nulls not distinct;`);
    this.addSql(`alter table "ledger_accounts" add constraint "ledger_accounts_id_asset_unique" unique ("user_id", "id", "asset_id");`);

    this.addSql(`create table "portfolio_holdings" ("user_id" uuid not null, "id" uuid not null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "portfolio_id" uuid not null, "asset_id" uuid not null, "basket_id" uuid null, "account_id" uuid not null, "cost_basis" numeric(18,8) not null, "realised_gain" numeric(18,8) not null, "version" int not null default 1, primary key ("user_id", "id"));`);
    this.addSql(`comment on table "portfolio_holdings" is 'What a portfolio holds of one asset, through one basket or directly, and what that cost. The quantity lives in the ledger account; the average cost lives here. No quantity, no cost.';`);
    this.addSql(`comment on column "portfolio_holdings"."user_id" is 'The ledger account where the quantity is.';`);
    this.addSql(`comment on column "portfolio_holdings"."id" is 'UUIDv7, made in the application.';`);
    this.addSql(`comment on column "portfolio_holdings"."created_at" is 'When the row was stored.';`);
    this.addSql(`comment on column "portfolio_holdings"."updated_at" is 'When the row was last changed.';`);
    this.addSql(`comment on column "portfolio_holdings"."portfolio_id" is 'The portfolio that holds it.';`);
    this.addSql(`comment on column "portfolio_holdings"."asset_id" is 'What is held.';`);
    this.addSql(`comment on column "portfolio_holdings"."basket_id" is 'The basket through which it was bought; absent when bought directly.';`);
    this.addSql(`comment on column "portfolio_holdings"."account_id" is 'The ledger account where the quantity is.';`);
    this.addSql(`comment on column "portfolio_holdings"."cost_basis" is 'What the units held have cost, in the portfolio''s currency.';`);
    this.addSql(`comment on column "portfolio_holdings"."realised_gain" is 'What sales have brought beyond the cost of what was sold.';`);
    this.addSql(`comment on column "portfolio_holdings"."version" is 'Counts the changes of the row: one made to an older version is refused.';`);
    this.addSql(`alter table "portfolio_holdings" add constraint "portfolio_holdings_user_id_account_id_unique" unique ("user_id", "account_id");`);
    this.addSql(`create index "portfolio_holdings_basket_id_index" on "portfolio_holdings" ("basket_id");`);
    this.addSql(`create index "portfolio_holdings_asset_id_index" on "portfolio_holdings" ("asset_id");`);
    this.addSql(`create unique index portfolio_holdings_place_unique on portfolio_holdings (user_id, portfolio_id, asset_id, basket_id) nulls not distinct;`);

    this.addSql(`create table "ledger_entries" ("user_id" uuid not null, "id" uuid not null, "transaction_id" uuid not null, "position" smallint not null, "debit_id" uuid not null, "asset_id" uuid not null, "credit_id" uuid not null, "amount" numeric(18,8) not null, "debit_balance" numeric(18,8) not null, "credit_balance" numeric(18,8) not null, "created_at" timestamptz not null default now(), primary key ("user_id", "id"));`);
    this.addSql(`comment on table "ledger_entries" is 'A positive amount of one asset that left one account of a book (debit) and entered another (credit). Balanced by construction; the keys forbid two users, two assets or the same account twice. Never changed, never deleted.';`);
    this.addSql(`comment on column "ledger_entries"."user_id" is 'The account that the amount entered.';`);
    this.addSql(`comment on column "ledger_entries"."id" is 'UUIDv7, made in the application.';`);
    this.addSql(`comment on column "ledger_entries"."transaction_id" is 'The business event that this belongs to.';`);
    this.addSql(`comment on column "ledger_entries"."position" is '1 for the first entry of its transaction.';`);
    this.addSql(`comment on column "ledger_entries"."debit_id" is 'The account that the amount left.';`);
    this.addSql(`comment on column "ledger_entries"."asset_id" is 'What was moved; both accounts hold it.';`);
    this.addSql(`comment on column "ledger_entries"."credit_id" is 'The account that the amount entered.';`);
    this.addSql(`comment on column "ledger_entries"."amount" is 'How much was moved, more than 0.';`);
    this.addSql(`comment on column "ledger_entries"."debit_balance" is 'The balance of the debited account after this entry.';`);
    this.addSql(`comment on column "ledger_entries"."credit_balance" is 'The balance of the credited account after this entry.';`);
    this.addSql(`comment on column "ledger_entries"."created_at" is 'When the row was stored.';`);
    this.addSql(`create index "ledger_entries_asset_id_index" on "ledger_entries" ("asset_id");`);
    this.addSql(`create index "ledger_entries_credit_index" on "ledger_entries" ("user_id", "credit_id", "asset_id", "id");`);
    this.addSql(`create index "ledger_entries_debit_index" on "ledger_entries" ("user_id", "debit_id", "asset_id", "id");`);
    this.addSql(`alter table "ledger_entries" add constraint "ledger_entries_position_unique" unique ("user_id", "transaction_id", "position");`);

    this.addSql(`create table "transaction_fees" ("user_id" uuid not null, "id" uuid not null, "transaction_id" uuid not null, "kind" text not null, "asset_id" uuid not null, "amount" numeric(18,8) not null, "rate" numeric(7,4) null, "entry_id" uuid null, "created_at" timestamptz not null default now(), primary key ("user_id", "id"));`);
    this.addSql(`comment on table "transaction_fees" is 'What a transaction cost its owner, the rate it was reckoned at, and the entry that took it. Frozen once stored.';`);
    this.addSql(`comment on column "transaction_fees"."user_id" is 'The entry that took the fee; absent for a fee of 0.';`);
    this.addSql(`comment on column "transaction_fees"."id" is 'UUIDv7, made in the application.';`);
    this.addSql(`comment on column "transaction_fees"."transaction_id" is 'The transaction that cost this.';`);
    this.addSql(`comment on column "transaction_fees"."kind" is 'Who or what the fee is for.';`);
    this.addSql(`comment on column "transaction_fees"."asset_id" is 'What the fee was paid in.';`);
    this.addSql(`comment on column "transaction_fees"."amount" is 'The fee, 0 or more.';`);
    this.addSql(`comment on column "transaction_fees"."rate" is 'Percent of the amount that the fee was reckoned on; absent for a fixed fee.';`);
    this.addSql(`comment on column "transaction_fees"."entry_id" is 'The entry that took the fee; absent for a fee of 0.';`);
    this.addSql(`comment on column "transaction_fees"."created_at" is 'When the row was stored.';`);
    this.addSql(`create index "transaction_fees_asset_id_index" on "transaction_fees" ("asset_id");`);
    this.addSql(`create index "transaction_fees_entry_index" on "transaction_fees" ("user_id", "entry_id");`);
    this.addSql(`create index "transaction_fees_transaction_index" on "transaction_fees" ("user_id", "transaction_id");`);

    this.addSql(`create table "auto_invest_rules" ("user_id" uuid not null, "id" uuid not null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "portfolio_id" uuid not null, "basket_id" uuid not null, "amount" numeric(18,8) not null, "frequency" text not null, "anchor_date" date not null, "local_time" varchar(5) not null, "time_zone" varchar(64) not null, "next_run_at" timestamptz null, "end_date" date null, "max_runs" int null, "runs" int not null, "catch_up" text not null, "status" text not null, "pause_reason" varchar(200) null, "ended_at" timestamptz null, "version" int not null default 1, primary key ("user_id", "id"));`);
    this.addSql(`comment on table "auto_invest_rules" is 'An amount invested in a basket again and again at a local time.';`);
    this.addSql(`comment on column "auto_invest_rules"."user_id" is 'The portfolio invested into.';`);
    this.addSql(`comment on column "auto_invest_rules"."id" is 'UUIDv7, made in the application.';`);
    this.addSql(`comment on column "auto_invest_rules"."created_at" is 'When the row was stored.';`);
    this.addSql(`comment on column "auto_invest_rules"."updated_at" is 'When the row was last changed.';`);
    this.addSql(`comment on column "auto_invest_rules"."portfolio_id" is 'The portfolio invested into.';`);
    this.addSql(`comment on column "auto_invest_rules"."basket_id" is 'The basket bought.';`);
    this.addSql(`comment on column "auto_invest_rules"."amount" is 'What each run invests, fee included.';`);
    this.addSql(`comment on column "auto_invest_rules"."frequency" is 'How often it runs.';`);
    this.addSql(`comment on column "auto_invest_rules"."anchor_date" is 'Local date of the first occurrence; all others are counted from it.';`);
    this.addSql(`comment on column "auto_invest_rules"."local_time" is 'Local wall-clock time of a run, HH:MM.';`);
    this.addSql(`comment on column "auto_invest_rules"."time_zone" is 'IANA zone of date and time.';`);
    this.addSql(`comment on column "auto_invest_rules"."next_run_at" is 'When it runs next; absent unless active.';`);
    this.addSql(`comment on column "auto_invest_rules"."end_date" is 'Last local date on which it may run.';`);
    this.addSql(`comment on column "auto_invest_rules"."max_runs" is 'Successful runs after which it is completed.';`);
    this.addSql(`comment on column "auto_invest_rules"."runs" is 'Runs that succeeded.';`);
    this.addSql(`comment on column "auto_invest_rules"."catch_up" is 'What happens to missed occurrences: made up for once, or skipped.';`);
    this.addSql(`comment on column "auto_invest_rules"."status" is 'Whether it runs: active ↔ paused, both → cancelled, active → completed.';`);
    this.addSql(`comment on column "auto_invest_rules"."pause_reason" is 'Why it is paused.';`);
    this.addSql(`comment on column "auto_invest_rules"."ended_at" is 'When it was cancelled or completed.';`);
    this.addSql(`comment on column "auto_invest_rules"."version" is 'Counts the changes of the row: one made to an older version is refused.';`);
    this.addSql(`create index "auto_invest_rules_basket_id_index" on "auto_invest_rules" ("basket_id");`);
    this.addSql(`create index "auto_invest_rules_portfolio_index" on "auto_invest_rules" ("user_id", "portfolio_id");`);
    this.addSql(`create index "auto_invest_rules_due_index" on "auto_invest_rules" ("next_run_at") where status = 'active';`);

    this.addSql(`create table "auto_invest_runs" ("user_id" uuid not null, "id" uuid not null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "rule_id" uuid not null, "scheduled_for" timestamptz not null, "status" text not null, "reason" varchar(80) null, "transaction_id" uuid null, "finished_at" timestamptz null, primary key ("user_id", "id"));`);
    this.addSql(`comment on table "auto_invest_runs" is 'One occurrence of a rule and what became of it. An occurrence is run once.';`);
    this.addSql(`comment on column "auto_invest_runs"."user_id" is 'The investment made.';`);
    this.addSql(`comment on column "auto_invest_runs"."id" is 'UUIDv7, made in the application.';`);
    this.addSql(`comment on column "auto_invest_runs"."created_at" is 'When the row was stored.';`);
    this.addSql(`comment on column "auto_invest_runs"."updated_at" is 'When the row was last changed.';`);
    this.addSql(`comment on column "auto_invest_runs"."rule_id" is 'The rule that was due.';`);
    this.addSql(`comment on column "auto_invest_runs"."scheduled_for" is 'The occurrence, by the rule''s calendar.';`);
    this.addSql(`comment on column "auto_invest_runs"."status" is 'What became of it: pending → succeeded / skipped / failed.';`);
    this.addSql(`comment on column "auto_invest_runs"."reason" is 'An error code such as ledger.insufficient-funds, or missed.';`);
    this.addSql(`comment on column "auto_invest_runs"."transaction_id" is 'The investment made.';`);
    this.addSql(`comment on column "auto_invest_runs"."finished_at" is 'When its outcome was known.';`);
    this.addSql(`create index "auto_invest_runs_transaction_index" on "auto_invest_runs" ("user_id", "transaction_id");`);
    this.addSql(`alter table "auto_invest_runs" add constraint "auto_invest_runs_occurrence_unique" unique ("user_id", "rule_id", "scheduled_for");`);

    this.addSql(`create table "user_preferences" ("user_id" uuid not null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "base_currency" varchar(3) not null default 'USD', "locale" varchar(35) not null default 'en-US', "time_zone" varchar(64) not null default 'UTC', "next_time_zone" varchar(64) null, "next_time_zone_from" timestamptz null, "day_start_hour" smallint not null default 0, "risk_tolerance" text not null default 'moderate', "ai_enabled" boolean not null default false, "theme" text not null default 'system', "version" int not null default 1, primary key ("user_id"));`);
    this.addSql(`comment on table "user_preferences" is 'How a person wants the app to be: their money, their language, and above all their local day.';`);
    this.addSql(`comment on column "user_preferences"."user_id" is 'The user whose row this is.';`);
    this.addSql(`comment on column "user_preferences"."created_at" is 'When the row was stored.';`);
    this.addSql(`comment on column "user_preferences"."updated_at" is 'When the row was last changed.';`);
    this.addSql(`comment on column "user_preferences"."base_currency" is 'The currency that totals are shown in, ISO 4217.';`);
    this.addSql(`comment on column "user_preferences"."locale" is 'Language and region, BCP 47.';`);
    this.addSql(`comment on column "user_preferences"."time_zone" is 'IANA zone that the person''s days are counted in, until the next one takes effect.';`);
    this.addSql(`comment on column "user_preferences"."next_time_zone" is 'IANA zone that was asked for and counts from next_time_zone_from on.';`);
    this.addSql(`comment on column "user_preferences"."next_time_zone_from" is 'The local midnight from which the next zone counts.';`);
    this.addSql(`comment on column "user_preferences"."day_start_hour" is 'Hour at which the person''s day starts, 0 to 23.';`);
    this.addSql(`comment on column "user_preferences"."risk_tolerance" is 'How much risk the person says to bear.';`);
    this.addSql(`comment on column "user_preferences"."ai_enabled" is 'Whether AI experts may be asked on the person''s behalf.';`);
    this.addSql(`comment on column "user_preferences"."theme" is 'How the app looks.';`);
    this.addSql(`comment on column "user_preferences"."version" is 'Counts the changes of the row: one made to an older version is refused.';`);

    this.addSql(`create table "user_profiles" ("user_id" uuid not null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "given_name" varchar(100) null, "family_name" varchar(100) null, "display_name" varchar(60) null, "birth_date" date null, "country" varchar(2) null, "avatar_url" varchar(500) null, primary key ("user_id"));`);
    this.addSql(`comment on table "user_profiles" is 'What is known of the person. All personal data except e-mail and wallets is here, so that erasing is one place.';`);
    this.addSql(`comment on column "user_profiles"."user_id" is 'The user whose row this is.';`);
    this.addSql(`comment on column "user_profiles"."created_at" is 'When the row was stored.';`);
    this.addSql(`comment on column "user_profiles"."updated_at" is 'When the row was last changed.';`);
    this.addSql(`comment on column "user_profiles"."given_name" is 'Given name as on an identity document.';`);
    this.addSql(`comment on column "user_profiles"."family_name" is 'Family name as on an identity document.';`);
    this.addSql(`comment on column "user_profiles"."display_name" is 'The name other people see.';`);
    this.addSql(`comment on column "user_profiles"."birth_date" is 'Date of birth.';`);
    this.addSql(`comment on column "user_profiles"."country" is 'Country of residence, ISO 3166-1 alpha-2.';`);
    this.addSql(`comment on column "user_profiles"."avatar_url" is 'Where the person''s picture is.';`);

    this.addSql(`create table "user_wallets" ("id" uuid not null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "user_id" uuid not null, "chain" text not null, "address" varchar(64) not null, "is_primary" boolean not null, primary key ("id"));`);
    this.addSql(`comment on table "user_wallets" is 'A wallet of a user''s own on some chain. One address belongs to one user in the whole app.';`);
    this.addSql(`comment on column "user_wallets"."id" is 'UUIDv7, made in the application.';`);
    this.addSql(`comment on column "user_wallets"."created_at" is 'When the row was stored.';`);
    this.addSql(`comment on column "user_wallets"."updated_at" is 'When the row was last changed.';`);
    this.addSql(`comment on column "user_wallets"."user_id" is 'The user whose row this is.';`);
    this.addSql(`comment on column "user_wallets"."chain" is 'The network that the wallet is on.';`);
    this.addSql(`comment on column "user_wallets"."address" is 'The address in its canonical form: EIP-55 checksum on EVM networks, base58 on Solana.';`);
    this.addSql(`comment on column "user_wallets"."is_primary" is 'Whether this is the wallet that is proposed first; one per user.';`);
    this.addSql(`create index "user_wallets_user_id_index" on "user_wallets" ("user_id");`);
    this.addSql(`create unique index "user_wallets_one_primary" on "user_wallets" ("user_id") where is_primary;`);
    this.addSql(`alter table "user_wallets" add constraint "user_wallets_chain_address_unique" unique ("chain", "address");`);

    this.addSql(`alter table "assets" add constraint "assets_price_max_age_positive" check (price_max_age_seconds > 0);`);
    this.addSql(`alter table "assets" add constraint "assets_display_scale_range" check (display_scale >= 0 and display_scale <= 18);`);
    this.addSql(`alter table "assets" add constraint "assets_chain_has_decimals" check ((chain is null) = (decimals is null));`);
    this.addSql(`alter table "assets" add constraint "assets_decimals_range" check (decimals >= 0 and decimals <= 36);`);
    this.addSql(`alter table "assets" add constraint "assets_contract_has_chain" check (chain is not null or contract_address is null);`);
    this.addSql(`alter table "assets" add constraint "assets_code_shape" check (code ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,31}\$');`);
    this.addSql(`alter table "assets" add constraint "assets_kind_check" check ("kind" in ('fiat', 'stablecoin', 'crypto', 'equity'));`);
    this.addSql(`alter table "assets" add constraint "assets_chain_check" check ("chain" in ('ethereum', 'polygon', 'arbitrum', 'optimism', 'base', 'solana'));`);
    this.addSql(`alter table "assets" add constraint "assets_status_check" check ("status" in ('active', 'halted', 'retired'));`);

    this.addSql(`alter table "asset_prices" add constraint "asset_prices_asset_id_foreign" foreign key ("asset_id") references "assets" ("id") on update no action on delete restrict;`);
    this.addSql(`alter table "asset_prices" add constraint "asset_prices_quote_id_foreign" foreign key ("quote_id") references "assets" ("id") on update no action on delete restrict;`);
    this.addSql(`alter table "asset_prices" add constraint "asset_prices_as_of_range" check (as_of >= '1900-01-01 00:00:00+00'::timestamptz and as_of < '2200-01-01 00:00:00+00'::timestamptz);`);
    this.addSql(`alter table "asset_prices" add constraint "asset_prices_not_of_itself" check (asset_id <> quote_id);`);
    this.addSql(`alter table "asset_prices" add constraint "asset_prices_price_positive" check (price > 0);`);
    this.addSql(`alter table "asset_prices" add constraint "asset_prices_price_not_nan" check (price <> 'NaN');`);

    this.addSql(`alter table "baskets" add constraint "baskets_retired_at" check ((status = 'retired') = (retired_at is not null));`);
    this.addSql(`alter table "baskets" add constraint "baskets_composition_version_range" check (composition_version >= 0 and (status = 'draft' or composition_version > 0));`);
    this.addSql(`alter table "baskets" add constraint "baskets_fee_rate_range" check (fee_rate >= 0 and fee_rate < 100);`);
    this.addSql(`alter table "baskets" add constraint "baskets_minimum_investment_positive" check (minimum_investment > 0);`);
    this.addSql(`alter table "baskets" add constraint "baskets_slug_shape" check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*\$');`);
    this.addSql(`alter table "baskets" add constraint "baskets_risk_check" check ("risk" in ('conservative', 'moderate', 'aggressive'));`);
    this.addSql(`alter table "baskets" add constraint "baskets_status_check" check ("status" in ('draft', 'active', 'paused', 'retired'));`);
    this.addSql(`alter table "baskets" add constraint "baskets_minimum_investment_not_nan" check (minimum_investment <> 'NaN');`);
    this.addSql(`alter table "baskets" add constraint "baskets_fee_rate_not_nan" check (fee_rate <> 'NaN');`);

    this.addSql(`alter table "basket_assets" add constraint "basket_assets_basket_id_foreign" foreign key ("basket_id") references "baskets" ("id") on update no action on delete restrict;`);
    this.addSql(`alter table "basket_assets" add constraint "basket_assets_asset_id_foreign" foreign key ("asset_id") references "assets" ("id") on update no action on delete restrict;`);
    this.addSql(`alter table "basket_assets" add constraint "basket_assets_band_range" check (min_weight >= 0 and max_weight <= 100);`);
    this.addSql(`alter table "basket_assets" add constraint "basket_assets_weight_band" check (min_weight <= weight and weight <= max_weight);`);
    this.addSql(`alter table "basket_assets" add constraint "basket_assets_weight_range" check (weight > 0 and weight <= 100);`);
    this.addSql(`alter table "basket_assets" add constraint "basket_assets_version_positive" check (version > 0);`);
    this.addSql(`alter table "basket_assets" add constraint "basket_assets_weight_not_nan" check (weight <> 'NaN');`);
    this.addSql(`alter table "basket_assets" add constraint "basket_assets_min_weight_not_nan" check (min_weight <> 'NaN');`);
    this.addSql(`alter table "basket_assets" add constraint "basket_assets_max_weight_not_nan" check (max_weight <> 'NaN');`);

    this.addSql(`alter table "users" add constraint "users_kyc_verified_at" check (kyc_status <> 'verified' or kyc_verified_at is not null);`);
    this.addSql(`alter table "users" add constraint "users_erased_at" check ((status = 'erased') = (erased_at is not null));`);
    this.addSql(`alter table "users" add constraint "users_closed_at" check (not (status in ('closed', 'erased')) or closed_at is not null);`);
    this.addSql(`alter table "users" add constraint "users_closing_at" check (not (status in ('closing', 'closed', 'erased')) or closing_at is not null);`);
    this.addSql(`alter table "users" add constraint "users_suspended_at" check (status <> 'suspended' or suspended_at is not null);`);
    this.addSql(`alter table "users" add constraint "users_email_normal" check (email = lower(btrim(email)) and email ~ '^[^@[:space:]]+@[^@[:space:]]+\$');`);
    this.addSql(`alter table "users" add constraint "users_status_check" check ("status" in ('active', 'suspended', 'closing', 'closed', 'erased'));`);
    this.addSql(`alter table "users" add constraint "users_kyc_status_check" check ("kyc_status" in ('none', 'pending', 'verified', 'rejected', 'expired'));`);
    this.addSql(`alter table "users" enable row level security;`);
    this.addSql(`alter table "users" force row level security;`);
    this.addSql(`create policy "own_rows" on "users" using (id = nestegg_user_id()) with check (id = nestegg_user_id());`);
    this.addSql(`create policy "worker_all_rows" on "users" to "nestegg_worker" using (true) with check (true);`);
    this.addSql(`create policy "readonly_all_rows" on "users" for select to "nestegg_readonly" using (true);`);

    this.addSql(`alter table "transactions" add constraint "transactions_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete restrict;`);
    this.addSql(`alter table "transactions" add constraint "transactions_asset_id_foreign" foreign key ("asset_id") references "assets" ("id") on update no action on delete restrict;`);
    this.addSql(`alter table "transactions" add constraint "transactions_user_id_reverses_id_foreign" foreign key ("user_id", "reverses_id") references "transactions" ("user_id", "id") on update no action on delete restrict;`);
    this.addSql(`alter table "transactions" add constraint "transactions_closing_both" check (num_nonnulls(closing_key, closing_hash) <> 1);`);
    this.addSql(`alter table "transactions" add constraint "transactions_external_both" check (num_nonnulls(external_source, external_reference) <> 1);`);
    this.addSql(`alter table "transactions" add constraint "transactions_reversal_reverses" check ((type = 'reversal') = (reverses_id is not null));`);
    this.addSql(`alter table "transactions" add constraint "transactions_reversed_at" check ((status = 'reversed') = (reversed_at is not null));`);
    this.addSql(`alter table "transactions" add constraint "transactions_closed_at" check ((status in ('voided', 'failed', 'expired')) = (closed_at is not null));`);
    this.addSql(`alter table "transactions" add constraint "transactions_posted_at" check ((status in ('posted', 'reversed')) = (posted_at is not null));`);
    this.addSql(`alter table "transactions" add constraint "transactions_amount_positive" check (amount > 0);`);
    this.addSql(`alter table "transactions" add constraint "transactions_type_check" check ("type" in ('deposit', 'withdrawal', 'buy', 'sell', 'basket_investment', 'basket_redemption', 'rebalance', 'round_up', 'auto_invest', 'reward', 'transfer', 'loan_disbursement', 'loan_repayment', 'interest', 'collateral_lock', 'collateral_release', 'liquidation', 'fee', 'reversal', 'adjustment'));`);
    this.addSql(`alter table "transactions" add constraint "transactions_status_check" check ("status" in ('pending', 'posted', 'voided', 'failed', 'expired', 'reversed'));`);
    this.addSql(`alter table "transactions" add constraint "transactions_amount_not_nan" check (amount <> 'NaN');`);
    this.addSql(`alter table "transactions" enable row level security;`);
    this.addSql(`alter table "transactions" force row level security;`);
    this.addSql(`create policy "own_rows" on "transactions" using (user_id = nestegg_user_id()) with check (user_id = nestegg_user_id());`);
    this.addSql(`create policy "worker_all_rows" on "transactions" to "nestegg_worker" using (true) with check (true);`);
    this.addSql(`create policy "readonly_all_rows" on "transactions" for select to "nestegg_readonly" using (true);`);

    this.addSql(`alter table "portfolios" add constraint "portfolios_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete restrict;`);
    this.addSql(`alter table "portfolios" add constraint "portfolios_currency_id_foreign" foreign key ("currency_id") references "assets" ("id") on update no action on delete restrict;`);
    this.addSql(`alter table "portfolios" add constraint "portfolios_default_is_active" check (status = 'active' or not is_default);`);
    this.addSql(`alter table "portfolios" add constraint "portfolios_closed_at" check ((status = 'closed') = (closed_at is not null));`);
    this.addSql(`alter table "portfolios" add constraint "portfolios_goal_date_has_amount" check (goal_date is null or goal_amount is not null);`);
    this.addSql(`alter table "portfolios" add constraint "portfolios_goal_amount_positive" check (goal_amount > 0);`);
    this.addSql(`alter table "portfolios" add constraint "portfolios_risk_check" check ("risk" in ('conservative', 'moderate', 'aggressive'));`);
    this.addSql(`alter table "portfolios" add constraint "portfolios_status_check" check ("status" in ('active', 'closed'));`);
    this.addSql(`alter table "portfolios" add constraint "portfolios_goal_amount_not_nan" check (goal_amount <> 'NaN');`);
    this.addSql(`alter table "portfolios" enable row level security;`);
    this.addSql(`alter table "portfolios" force row level security;`);
    this.addSql(`create policy "own_rows" on "portfolios" using (user_id = nestegg_user_id()) with check (user_id = nestegg_user_id());`);
    this.addSql(`create policy "worker_all_rows" on "portfolios" to "nestegg_worker" using (true) with check (true);`);
    this.addSql(`create policy "readonly_all_rows" on "portfolios" for select to "nestegg_readonly" using (true);`);

    this.addSql(`alter table "round_up_rules" add constraint "round_up_rules_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete restrict;`);
    this.addSql(`alter table "round_up_rules" add constraint "round_up_rules_user_id_portfolio_id_foreign" foreign key ("user_id", "portfolio_id") references "portfolios" ("user_id", "id") on update no action on delete restrict;`);
    this.addSql(`alter table "round_up_rules" add constraint "round_up_rules_basket_id_foreign" foreign key ("basket_id") references "baskets" ("id") on update no action on delete restrict;`);
    this.addSql(`alter table "round_up_rules" add constraint "round_up_rules_cancelled_at" check ((status = 'cancelled') = (cancelled_at is not null));`);
    this.addSql(`alter table "round_up_rules" add constraint "round_up_rules_monthly_cap_positive" check (monthly_cap > 0);`);
    this.addSql(`alter table "round_up_rules" add constraint "round_up_rules_threshold_positive" check (threshold > 0);`);
    this.addSql(`alter table "round_up_rules" add constraint "round_up_rules_multiplier_range" check (multiplier >= 1 and multiplier <= 10);`);
    this.addSql(`alter table "round_up_rules" add constraint "round_up_rules_round_to" check (round_to in (1, 5, 10));`);
    this.addSql(`alter table "round_up_rules" add constraint "round_up_rules_mode_check" check ("mode" in ('auto', 'manual'));`);
    this.addSql(`alter table "round_up_rules" add constraint "round_up_rules_status_check" check ("status" in ('active', 'paused', 'cancelled'));`);
    this.addSql(`alter table "round_up_rules" add constraint "round_up_rules_threshold_not_nan" check (threshold <> 'NaN');`);
    this.addSql(`alter table "round_up_rules" add constraint "round_up_rules_monthly_cap_not_nan" check (monthly_cap <> 'NaN');`);
    this.addSql(`alter table "round_up_rules" enable row level security;`);
    this.addSql(`alter table "round_up_rules" force row level security;`);
    this.addSql(`create policy "own_rows" on "round_up_rules" using (user_id = nestegg_user_id()) with check (user_id = nestegg_user_id());`);
    this.addSql(`create policy "worker_all_rows" on "round_up_rules" to "nestegg_worker" using (true) with check (true);`);
    this.addSql(`create policy "readonly_all_rows" on "round_up_rules" for select to "nestegg_readonly" using (true);`);

    this.addSql(`alter table "round_ups" add constraint "round_ups_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete restrict;`);
    this.addSql(`alter table "round_ups" add constraint "round_ups_user_id_rule_id_foreign" foreign key ("user_id", "rule_id") references "round_up_rules" ("user_id", "id") on update no action on delete restrict;`);
    this.addSql(`alter table "round_ups" add constraint "round_ups_user_id_transaction_id_foreign" foreign key ("user_id", "transaction_id") references "transactions" ("user_id", "id") on update no action on delete restrict;`);
    this.addSql(`alter table "round_ups" add constraint "round_ups_cancelled_at" check ((status = 'cancelled') = (cancelled_at is not null));`);
    this.addSql(`alter table "round_ups" add constraint "round_ups_swept_transaction" check ((status = 'swept') = (transaction_id is not null));`);
    this.addSql(`alter table "round_ups" add constraint "round_ups_ready_at" check (not (status in ('ready', 'swept')) or ready_at is not null);`);
    this.addSql(`alter table "round_ups" add constraint "round_ups_amount_range" check (amount >= 0 and amount <= amount_max);`);
    this.addSql(`alter table "round_ups" add constraint "round_ups_purchase_amount_positive" check (purchase_amount > 0);`);
    this.addSql(`alter table "round_ups" add constraint "round_ups_status_check" check ("status" in ('pending', 'ready', 'swept', 'cancelled'));`);
    this.addSql(`alter table "round_ups" add constraint "round_ups_purchase_amount_not_nan" check (purchase_amount <> 'NaN');`);
    this.addSql(`alter table "round_ups" add constraint "round_ups_amount_not_nan" check (amount <> 'NaN');`);
    this.addSql(`alter table "round_ups" add constraint "round_ups_amount_max_not_nan" check (amount_max <> 'NaN');`);
    this.addSql(`alter table "round_ups" enable row level security;`);
    this.addSql(`alter table "round_ups" force row level security;`);
    this.addSql(`create policy "own_rows" on "round_ups" using (user_id = nestegg_user_id()) with check (user_id = nestegg_user_id());`);
    this.addSql(`create policy "worker_all_rows" on "round_ups" to "nestegg_worker" using (true) with check (true);`);
    this.addSql(`create policy "readonly_all_rows" on "round_ups" for select to "nestegg_readonly" using (true);`);

    this.addSql(`alter table "portfolio_snapshots" add constraint "portfolio_snapshots_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete restrict;`);
    this.addSql(`alter table "portfolio_snapshots" add constraint "portfolio_snapshots_user_id_portfolio_id_foreign" foreign key ("user_id", "portfolio_id") references "portfolios" ("user_id", "id") on update no action on delete restrict;`);
    this.addSql(`alter table "portfolio_snapshots" add constraint "portfolio_snapshots_price_age" check (oldest_price_age_seconds >= 0);`);
    this.addSql(`alter table "portfolio_snapshots" add constraint "portfolio_snapshots_not_negative" check (start_value >= 0 and value >= 0 and fees >= 0);`);
    this.addSql(`alter table "portfolio_snapshots" add constraint "portfolio_snapshots_bridge" check (start_value + net_deposits + market_change - fees = value);`);
    this.addSql(`alter table "portfolio_snapshots" add constraint "portfolio_snapshots_start_value_not_nan" check (start_value <> 'NaN');`);
    this.addSql(`alter table "portfolio_snapshots" add constraint "portfolio_snapshots_net_deposits_not_nan" check (net_deposits <> 'NaN');`);
    this.addSql(`alter table "portfolio_snapshots" add constraint "portfolio_snapshots_fees_not_nan" check (fees <> 'NaN');`);
    this.addSql(`alter table "portfolio_snapshots" add constraint "portfolio_snapshots_market_change_not_nan" check (market_change <> 'NaN');`);
    this.addSql(`alter table "portfolio_snapshots" add constraint "portfolio_snapshots_value_not_nan" check (value <> 'NaN');`);
    this.addSql(`alter table "portfolio_snapshots" enable row level security;`);
    this.addSql(`alter table "portfolio_snapshots" force row level security;`);
    this.addSql(`create policy "own_rows" on "portfolio_snapshots" using (user_id = nestegg_user_id()) with check (user_id = nestegg_user_id());`);
    this.addSql(`create policy "worker_all_rows" on "portfolio_snapshots" to "nestegg_worker" using (true) with check (true);`);
    this.addSql(`create policy "readonly_all_rows" on "portfolio_snapshots" for select to "nestegg_readonly" using (true);`);

    this.addSql(`alter table "outbox_events" add constraint "outbox_events_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete restrict;`);
    this.addSql(`alter table "outbox_events" add constraint "outbox_events_payload_size" check (octet_length(payload::text) <= 65536);`);
    this.addSql(`alter table "outbox_events" add constraint "outbox_events_type_shape" check (type ~ '^[a-z-]+[.][a-z-]+\$');`);
    this.addSql(`alter table "outbox_events" enable row level security;`);
    this.addSql(`alter table "outbox_events" force row level security;`);
    this.addSql(`create policy "own_rows" on "outbox_events" using (user_id = nestegg_user_id()) with check (user_id = nestegg_user_id());`);
    this.addSql(`create policy "worker_all_rows" on "outbox_events" to "nestegg_worker" using (true) with check (true);`);
    this.addSql(`create policy "readonly_all_rows" on "outbox_events" for select to "nestegg_readonly" using (true);`);

    this.addSql(`alter table "ledger_accounts" add constraint "ledger_accounts_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete restrict;`);
    this.addSql(`alter table "ledger_accounts" add constraint "ledger_accounts_asset_id_foreign" foreign key ("asset_id") references "assets" ("id") on update no action on delete restrict;`);
    this.addSql(`alter table "ledger_accounts" add constraint "ledger_accounts_place" check (case when kind = 'holding' then portfolio_id is not null else portfolio_id is null and basket_id is null or kind = 'collateral' end);`);
    this.addSql(`alter table "ledger_accounts" add constraint "ledger_accounts_own_not_negative" check (balance >= 0 or not (kind in ('cash', 'holding', 'reserved', 'collateral')));`);
    this.addSql(`alter table "ledger_accounts" add constraint "ledger_accounts_kind_check" check ("kind" in ('cash', 'holding', 'reserved', 'collateral', 'external', 'market', 'fees', 'rewards', 'debt', 'interest', 'rounding'));`);
    this.addSql(`alter table "ledger_accounts" add constraint "ledger_accounts_balance_not_nan" check (balance <> 'NaN');`);
    this.addSql(`alter table "ledger_accounts" enable row level security;`);
    this.addSql(`alter table "ledger_accounts" force row level security;`);
    this.addSql(`create policy "own_rows" on "ledger_accounts" using (user_id = nestegg_user_id()) with check (user_id = nestegg_user_id());`);
    this.addSql(`create policy "worker_all_rows" on "ledger_accounts" to "nestegg_worker" using (true) with check (true);`);
    this.addSql(`create policy "readonly_all_rows" on "ledger_accounts" for select to "nestegg_readonly" using (true);`);

    this.addSql(`alter table "portfolio_holdings" add constraint "portfolio_holdings_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete restrict;`);
    this.addSql(`alter table "portfolio_holdings" add constraint "portfolio_holdings_user_id_portfolio_id_foreign" foreign key ("user_id", "portfolio_id") references "portfolios" ("user_id", "id") on update no action on delete restrict;`);
    this.addSql(`alter table "portfolio_holdings" add constraint "portfolio_holdings_asset_id_foreign" foreign key ("asset_id") references "assets" ("id") on update no action on delete restrict;`);
    this.addSql(`alter table "portfolio_holdings" add constraint "portfolio_holdings_basket_id_foreign" foreign key ("basket_id") references "baskets" ("id") on update no action on delete restrict;`);
    this.addSql(`alter table "portfolio_holdings" add constraint "portfolio_holdings_user_id_account_id_foreign" foreign key ("user_id", "account_id") references "ledger_accounts" ("user_id", "id") on update no action on delete restrict;`);
    this.addSql(`alter table "portfolio_holdings" add constraint "portfolio_holdings_cost_basis_not_negative" check (cost_basis >= 0);`);
    this.addSql(`alter table "portfolio_holdings" add constraint "portfolio_holdings_cost_basis_not_nan" check (cost_basis <> 'NaN');`);
    this.addSql(`alter table "portfolio_holdings" add constraint "portfolio_holdings_realised_gain_not_nan" check (realised_gain <> 'NaN');`);
    this.addSql(`alter table "portfolio_holdings" enable row level security;`);
    this.addSql(`alter table "portfolio_holdings" force row level security;`);
    this.addSql(`create policy "own_rows" on "portfolio_holdings" using (user_id = nestegg_user_id()) with check (user_id = nestegg_user_id());`);
    this.addSql(`create policy "worker_all_rows" on "portfolio_holdings" to "nestegg_worker" using (true) with check (true);`);
    this.addSql(`create policy "readonly_all_rows" on "portfolio_holdings" for select to "nestegg_readonly" using (true);`);

    this.addSql(`alter table "ledger_entries" add constraint "ledger_entries_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete restrict;`);
    this.addSql(`alter table "ledger_entries" add constraint "ledger_entries_user_id_transaction_id_foreign" foreign key ("user_id", "transaction_id") references "transactions" ("user_id", "id") on update no action on delete restrict;`);
    this.addSql(`alter table "ledger_entries" add constraint "ledger_entries_user_id_debit_id_asset_id_foreign" foreign key ("user_id", "debit_id", "asset_id") references "ledger_accounts" ("user_id", "id", "asset_id") on update no action on delete restrict;`);
    this.addSql(`alter table "ledger_entries" add constraint "ledger_entries_user_id_credit_id_asset_id_foreign" foreign key ("user_id", "credit_id", "asset_id") references "ledger_accounts" ("user_id", "id", "asset_id") on update no action on delete restrict;`);
    this.addSql(`alter table "ledger_entries" add constraint "ledger_entries_asset_id_foreign" foreign key ("asset_id") references "assets" ("id") on update no action on delete restrict;`);
    this.addSql(`alter table "ledger_entries" add constraint "ledger_entries_two_accounts" check (debit_id <> credit_id);`);
    this.addSql(`alter table "ledger_entries" add constraint "ledger_entries_amount_positive" check (amount > 0);`);
    this.addSql(`alter table "ledger_entries" add constraint "ledger_entries_amount_not_nan" check (amount <> 'NaN');`);
    this.addSql(`alter table "ledger_entries" add constraint "ledger_entries_debit_balance_not_nan" check (debit_balance <> 'NaN');`);
    this.addSql(`alter table "ledger_entries" add constraint "ledger_entries_credit_balance_not_nan" check (credit_balance <> 'NaN');`);
    this.addSql(`alter table "ledger_entries" enable row level security;`);
    this.addSql(`alter table "ledger_entries" force row level security;`);
    this.addSql(`create policy "own_rows" on "ledger_entries" using (user_id = nestegg_user_id()) with check (user_id = nestegg_user_id());`);
    this.addSql(`create policy "worker_all_rows" on "ledger_entries" to "nestegg_worker" using (true) with check (true);`);
    this.addSql(`create policy "readonly_all_rows" on "ledger_entries" for select to "nestegg_readonly" using (true);`);

    this.addSql(`alter table "transaction_fees" add constraint "transaction_fees_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete restrict;`);
    this.addSql(`alter table "transaction_fees" add constraint "transaction_fees_user_id_transaction_id_foreign" foreign key ("user_id", "transaction_id") references "transactions" ("user_id", "id") on update no action on delete restrict;`);
    this.addSql(`alter table "transaction_fees" add constraint "transaction_fees_asset_id_foreign" foreign key ("asset_id") references "assets" ("id") on update no action on delete restrict;`);
    this.addSql(`alter table "transaction_fees" add constraint "transaction_fees_user_id_entry_id_foreign" foreign key ("user_id", "entry_id") references "ledger_entries" ("user_id", "id") on update no action on delete restrict;`);
    this.addSql(`alter table "transaction_fees" add constraint "transaction_fees_has_entry" check ((amount = 0) = (entry_id is null));`);
    this.addSql(`alter table "transaction_fees" add constraint "transaction_fees_rate_range" check (rate >= 0 and rate <= 100);`);
    this.addSql(`alter table "transaction_fees" add constraint "transaction_fees_amount_not_negative" check (amount >= 0);`);
    this.addSql(`alter table "transaction_fees" add constraint "transaction_fees_kind_check" check ("kind" in ('platform', 'network', 'spread', 'provider'));`);
    this.addSql(`alter table "transaction_fees" add constraint "transaction_fees_amount_not_nan" check (amount <> 'NaN');`);
    this.addSql(`alter table "transaction_fees" add constraint "transaction_fees_rate_not_nan" check (rate <> 'NaN');`);
    this.addSql(`alter table "transaction_fees" enable row level security;`);
    this.addSql(`alter table "transaction_fees" force row level security;`);
    this.addSql(`create policy "own_rows" on "transaction_fees" using (user_id = nestegg_user_id()) with check (user_id = nestegg_user_id());`);
    this.addSql(`create policy "worker_all_rows" on "transaction_fees" to "nestegg_worker" using (true) with check (true);`);
    this.addSql(`create policy "readonly_all_rows" on "transaction_fees" for select to "nestegg_readonly" using (true);`);

    this.addSql(`alter table "auto_invest_rules" add constraint "auto_invest_rules_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete restrict;`);
    this.addSql(`alter table "auto_invest_rules" add constraint "auto_invest_rules_user_id_portfolio_id_foreign" foreign key ("user_id", "portfolio_id") references "portfolios" ("user_id", "id") on update no action on delete restrict;`);
    this.addSql(`alter table "auto_invest_rules" add constraint "auto_invest_rules_basket_id_foreign" foreign key ("basket_id") references "baskets" ("id") on update no action on delete restrict;`);
    this.addSql(`alter table "auto_invest_rules" add constraint "auto_invest_rules_ended_at" check ((status in ('cancelled', 'completed')) = (ended_at is not null));`);
    this.addSql(`alter table "auto_invest_rules" add constraint "auto_invest_rules_paused_reason" check ((status = 'paused') = (pause_reason is not null));`);
    this.addSql(`alter table "auto_invest_rules" add constraint "auto_invest_rules_active_next_run" check ((status = 'active') = (next_run_at is not null));`);
    this.addSql(`alter table "auto_invest_rules" add constraint "auto_invest_rules_end_after_anchor" check (end_date >= anchor_date);`);
    this.addSql(`alter table "auto_invest_rules" add constraint "auto_invest_rules_local_time_shape" check (local_time ~ '^([01][0-9]|2[0-3]):[0-5][0-9]\$');`);
    this.addSql(`alter table "auto_invest_rules" add constraint "auto_invest_rules_runs_not_negative" check (runs >= 0);`);
    this.addSql(`alter table "auto_invest_rules" add constraint "auto_invest_rules_max_runs_positive" check (max_runs > 0);`);
    this.addSql(`alter table "auto_invest_rules" add constraint "auto_invest_rules_amount_positive" check (amount > 0);`);
    this.addSql(`alter table "auto_invest_rules" add constraint "auto_invest_rules_frequency_check" check ("frequency" in ('daily', 'weekly', 'biweekly', 'monthly'));`);
    this.addSql(`alter table "auto_invest_rules" add constraint "auto_invest_rules_catch_up_check" check ("catch_up" in ('one', 'skip'));`);
    this.addSql(`alter table "auto_invest_rules" add constraint "auto_invest_rules_status_check" check ("status" in ('active', 'paused', 'cancelled', 'completed'));`);
    this.addSql(`alter table "auto_invest_rules" add constraint "auto_invest_rules_amount_not_nan" check (amount <> 'NaN');`);
    this.addSql(`alter table "auto_invest_rules" enable row level security;`);
    this.addSql(`alter table "auto_invest_rules" force row level security;`);
    this.addSql(`create policy "own_rows" on "auto_invest_rules" using (user_id = nestegg_user_id()) with check (user_id = nestegg_user_id());`);
    this.addSql(`create policy "worker_all_rows" on "auto_invest_rules" to "nestegg_worker" using (true) with check (true);`);
    this.addSql(`create policy "readonly_all_rows" on "auto_invest_rules" for select to "nestegg_readonly" using (true);`);

    this.addSql(`alter table "auto_invest_runs" add constraint "auto_invest_runs_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete restrict;`);
    this.addSql(`alter table "auto_invest_runs" add constraint "auto_invest_runs_user_id_rule_id_foreign" foreign key ("user_id", "rule_id") references "auto_invest_rules" ("user_id", "id") on update no action on delete restrict;`);
    this.addSql(`alter table "auto_invest_runs" add constraint "auto_invest_runs_user_id_transaction_id_foreign" foreign key ("user_id", "transaction_id") references "transactions" ("user_id", "id") on update no action on delete restrict;`);
    this.addSql(`alter table "auto_invest_runs" add constraint "auto_invest_runs_reason" check ((status in ('skipped', 'failed')) = (reason is not null));`);
    this.addSql(`alter table "auto_invest_runs" add constraint "auto_invest_runs_succeeded_transaction" check ((status = 'succeeded') = (transaction_id is not null));`);
    this.addSql(`alter table "auto_invest_runs" add constraint "auto_invest_runs_finished_at" check ((status = 'pending') = (finished_at is null));`);
    this.addSql(`alter table "auto_invest_runs" add constraint "auto_invest_runs_status_check" check ("status" in ('pending', 'succeeded', 'skipped', 'failed'));`);
    this.addSql(`alter table "auto_invest_runs" enable row level security;`);
    this.addSql(`alter table "auto_invest_runs" force row level security;`);
    this.addSql(`create policy "own_rows" on "auto_invest_runs" using (user_id = nestegg_user_id()) with check (user_id = nestegg_user_id());`);
    this.addSql(`create policy "worker_all_rows" on "auto_invest_runs" to "nestegg_worker" using (true) with check (true);`);
    this.addSql(`create policy "readonly_all_rows" on "auto_invest_runs" for select to "nestegg_readonly" using (true);`);

    this.addSql(`alter table "user_preferences" add constraint "user_preferences_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete cascade;`);
    this.addSql(`alter table "user_preferences" add constraint "user_preferences_next_time_zone" check (num_nonnulls(next_time_zone, next_time_zone_from) <> 1);`);
    this.addSql(`alter table "user_preferences" add constraint "user_preferences_day_start_hour_range" check (day_start_hour >= 0 and day_start_hour <= 23);`);
    this.addSql(`alter table "user_preferences" add constraint "user_preferences_base_currency_iso" check (base_currency ~ '^[A-Z]{3}\$');`);
    this.addSql(`alter table "user_preferences" add constraint "user_preferences_risk_tolerance_check" check ("risk_tolerance" in ('conservative', 'moderate', 'aggressive'));`);
    this.addSql(`alter table "user_preferences" add constraint "user_preferences_theme_check" check ("theme" in ('system', 'light', 'dark'));`);
    this.addSql(`alter table "user_preferences" enable row level security;`);
    this.addSql(`alter table "user_preferences" force row level security;`);
    this.addSql(`create policy "own_rows" on "user_preferences" using (user_id = nestegg_user_id()) with check (user_id = nestegg_user_id());`);
    this.addSql(`create policy "worker_all_rows" on "user_preferences" to "nestegg_worker" using (true) with check (true);`);
    this.addSql(`create policy "readonly_all_rows" on "user_preferences" for select to "nestegg_readonly" using (true);`);

    this.addSql(`alter table "user_profiles" add constraint "user_profiles_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete cascade;`);
    this.addSql(`alter table "user_profiles" add constraint "user_profiles_birth_date_range" check (birth_date >= '1900-01-01'::date and birth_date <= '2100-01-01'::date);`);
    this.addSql(`alter table "user_profiles" add constraint "user_profiles_country_iso" check (country ~ '^[A-Z]{2}\$');`);
    this.addSql(`alter table "user_profiles" enable row level security;`);
    this.addSql(`alter table "user_profiles" force row level security;`);
    this.addSql(`create policy "own_rows" on "user_profiles" using (user_id = nestegg_user_id()) with check (user_id = nestegg_user_id());`);
    this.addSql(`create policy "worker_all_rows" on "user_profiles" to "nestegg_worker" using (true) with check (true);`);
    this.addSql(`create policy "readonly_all_rows" on "user_profiles" for select to "nestegg_readonly" using (true);`);

    this.addSql(`alter table "user_wallets" add constraint "user_wallets_user_id_foreign" foreign key ("user_id") references "users" ("id") on update no action on delete cascade;`);
    this.addSql(`alter table "user_wallets" add constraint "user_wallets_address_shape" check (case when chain = 'solana' then address ~ '^[1-9A-HJ-NP-Za-km-z]{32,44}\$' else address ~ '^0x[0-9a-fA-F]{40}\$' end);`);
    this.addSql(`alter table "user_wallets" add constraint "user_wallets_chain_check" check ("chain" in ('ethereum', 'polygon', 'arbitrum', 'optimism', 'base', 'solana'));`);
    this.addSql(`alter table "user_wallets" enable row level security;`);
    this.addSql(`alter table "user_wallets" force row level security;`);
    this.addSql(`create policy "own_rows" on "user_wallets" using (user_id = nestegg_user_id()) with check (user_id = nestegg_user_id());`);
    this.addSql(`create policy "worker_all_rows" on "user_wallets" to "nestegg_worker" using (true) with check (true);`);
    this.addSql(`create policy "readonly_all_rows" on "user_wallets" for select to "nestegg_readonly" using (true);`);
  }

  override down(): void {
    // Later tables first: they point at earlier ones. The books refuse to be emptied, so a table goes as a whole.
    for (const table of [
      'user_wallets',
      'user_profiles',
      'user_preferences',
      'auto_invest_runs',
      'auto_invest_rules',
      'transaction_fees',
      'ledger_entries',
      'portfolio_holdings',
      'ledger_accounts',
      'outbox_events',
      'portfolio_snapshots',
      'round_ups',
      'round_up_rules',
      'portfolios',
      'transactions',
      'users',
      'basket_assets',
      'baskets',
      'asset_prices',
      'assets',
    ]) {
      this.addSql(`drop table "${table}" cascade;`);
    }
  }
}
