import { type Opt, PrimaryKeyProp, type Ref, ref } from '@mikro-orm/core';
import { Check, Entity, Enum, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/es';
import { RISK_LEVELS, type RiskLevel } from '../identity/index.js';
import type { Asset } from '../market/index.js';
import type { Basket } from '../portfolio/index.js';
import {
  newId,
  PlainText,
  parseInput,
  StateError,
  Timestamped,
  type Transitions,
  transition,
  ValidationError,
} from '../shared/index.js';
import type { AIExpert } from './ai-expert.entity.js';
import { TipFacts, TipPrices } from './tip-evidence.js';

export const AI_TIP_STATUSES = ['draft', 'published', 'expired', 'withdrawn'] as const;
export type AITipStatus = (typeof AI_TIP_STATUSES)[number];

const STATUS_AFTER: Transitions<AITipStatus> = {
  draft: ['published'],
  published: ['expired', 'withdrawn'],
  expired: [],
  withdrawn: [],
};

/** What a tip is about. */
export type TipTarget = { basket: Basket } | { asset: Asset };

export interface TipDetails {
  title: string;
  body: string;
  target: TipTarget;
  /** 0 to 100. */
  confidence: number;
  risk: RiskLevel;
  dedupeKey: string;
  disclaimer: string;
}

/** What a tip is published with, and frozen. */
export interface TipEvidence {
  facts: TipFacts;
  prices: TipPrices;
  expiresAt: Date;
}

/** Advice of an expert to everybody about one basket or asset, for a time. It never invests by itself. */
@Entity({ tableName: 'ai_tips' })
@Unique({ name: 'ai_tips_dedupe_key_unique', properties: ['dedupeKey'] })
@Index({ name: 'ai_tips_expert_id_index', properties: ['expert'] })
@Index({ name: 'ai_tips_basket_id_index', properties: ['basket'] })
@Index({ name: 'ai_tips_asset_id_index', properties: ['asset'] })
@Index({ name: 'ai_tips_expiring_index', properties: ['_expiresAt' as never], where: `status = 'published'` })
@Check({ name: 'ai_tips_one_target', expression: `num_nonnulls(basket_id, asset_id) = 1` })
@Check({ name: 'ai_tips_confidence_range', expression: `confidence >= 0 and confidence <= 100` })
@Check({ name: 'ai_tips_disclaimer_present', expression: `btrim(disclaimer) <> ''` })
@Check({
  name: 'ai_tips_published_all',
  expression: `num_nonnulls(published_at, expires_at, facts, prices) = case when status = 'draft' then 0 else 4 end`,
})
@Check({ name: 'ai_tips_expires_after_published', expression: `expires_at > published_at` })
@Check({ name: 'ai_tips_expired_at', expression: `(status = 'expired') = (expired_at is not null)` })
@Check({ name: 'ai_tips_withdrawn_at', expression: `(status = 'withdrawn') = (withdrawn_at is not null)` })
@Check({ name: 'ai_tips_withdrawal_reason', expression: `(withdrawn_at is null) = (withdrawal_reason is null)` })
@Check({ name: 'ai_tips_facts_size', expression: `octet_length(facts::text) <= 65536` })
@Check({ name: 'ai_tips_prices_size', expression: `octet_length(prices::text) <= 65536` })
export class AITip extends Timestamped {
  [PrimaryKeyProp]?: 'id';

  @PrimaryKey({ type: 'uuid' })
  readonly id: string = newId();

  /** The version of the expert that gives it. */
  @ManyToOne({ deleteRule: 'restrict', updateRule: 'no action' })
  readonly expert: Ref<AIExpert>;

  /** The advice in a line. */
  @Property({ length: 120, accessor: 'title' })
  private _title: string;

  /** The advice and its grounds, as people read it. */
  @Property({ length: 4000, accessor: 'body' })
  private _body: string;

  /** The basket that it is about; absent when it is about an asset. */
  @ManyToOne({ nullable: true, deleteRule: 'restrict', updateRule: 'no action' })
  readonly basket?: Ref<Basket>;

  /** The asset that it is about; absent when it is about a basket. */
  @ManyToOne({ nullable: true, deleteRule: 'restrict', updateRule: 'no action' })
  readonly asset?: Ref<Asset>;

  /** How sure the expert is, 0 to 100. */
  @Property({ type: 'smallint' })
  readonly confidence: number;

  /** For which appetite for risk it is meant. */
  @Enum({ items: () => RISK_LEVELS })
  readonly risk: RiskLevel;

  /** What the tip is made of in a key: the same advice is not given twice. */
  @Property({ length: 120 })
  readonly dedupeKey: string;

  /** What people must read beside it. */
  @Property({ length: 1000 })
  readonly disclaimer: string;

  /** Which disclaimer that is; the one of its expert. */
  @Property({ length: 40 })
  readonly disclaimerVersion: string;

  /** Whether it counts: `draft → published → expired / withdrawn`. */
  @Enum({ items: () => AI_TIP_STATUSES, accessor: 'status' })
  private _status: AITipStatus = 'draft';

  /** What it rests on, as known when it was published: a list of statement, source and instant; absent for a draft. */
  @Property({ type: 'json', nullable: true, accessor: 'facts' })
  private _facts?: TipFacts;

  /** What its assets cost when it was published: a list of asset, quote, price, source and instant; absent for a draft. */
  @Property({ type: 'json', nullable: true, accessor: 'prices' })
  private _prices?: TipPrices;

  /** When people could read it first; absent for a draft. */
  @Property({ nullable: true })
  publishedAt?: Date;

  /** From when on it no longer counts; absent for a draft. */
  @Property({ nullable: true, accessor: 'expiresAt' })
  private _expiresAt?: Date;

  /** When it was taken off the list because its time was over; absent otherwise. */
  @Property({ nullable: true })
  expiredAt?: Date;

  /** When it was taken back before its time; absent otherwise. */
  @Property({ nullable: true })
  withdrawnAt?: Date;

  /** Why it was taken back; absent otherwise. */
  @Property({ length: 200, nullable: true })
  withdrawalReason?: string;

  @Property({ version: true })
  readonly version!: Opt<number>;

  constructor(expert: AIExpert, details: TipDetails) {
    super();
    expert.requireActive();
    if (!Number.isInteger(details.confidence) || details.confidence < 0 || details.confidence > 100)
      throw new ValidationError('tip.confidence-range', 'Confidence is a whole number from 0 to 100.');
    if (details.disclaimer.trim() === '')
      throw new ValidationError('tip.no-disclaimer', 'A tip comes with its disclaimer.');
    this.expert = ref(expert);
    this._title = details.title;
    this._body = details.body;
    if ('basket' in details.target) this.basket = ref(details.target.basket);
    else this.asset = ref(details.target.asset);
    this.confidence = details.confidence;
    this.risk = details.risk;
    this.dedupeKey = details.dedupeKey;
    this.disclaimer = details.disclaimer;
    this.disclaimerVersion = expert.disclaimerVersion;
  }

  get title(): string {
    return this._title;
  }

  get body(): string {
    return this._body;
  }

  get status(): Opt<AITipStatus> {
    return this._status;
  }

  get facts(): TipFacts | undefined {
    return this._facts;
  }

  get prices(): TipPrices | undefined {
    return this._prices;
  }

  get expiresAt(): Date | undefined {
    return this._expiresAt;
  }

  /** Only a draft is written anew. */
  rewrite(title: string, body: string): void {
    if (this._status !== 'draft')
      throw new StateError('tip.not-draft', `A tip that is ${this._status} is not written anew.`);
    this._title = title;
    this._body = body;
  }

  /** Gives the advice to everybody, together with what it rests on; from then on nothing of it changes. */
  publish({ facts, prices, expiresAt }: TipEvidence, now: Date): void {
    const next = this.after('published');
    if (!(expiresAt > now)) throw new ValidationError('tip.expires-before', 'A tip expires after it is published.');
    const [frozenFacts, frozenPrices] = [parseInput(TipFacts, facts), parseInput(TipPrices, prices)];
    this._status = next;
    this._facts = frozenFacts;
    this._prices = frozenPrices;
    this.publishedAt = now;
    this._expiresAt = expiresAt;
  }

  /** Takes a tip off the list whose time is over. */
  expire(now: Date): void {
    const next = this.after('expired');
    if (this._expiresAt && now < this._expiresAt)
      throw new StateError('tip.not-over', 'The time of this tip is not over; withdraw it instead.');
    this._status = next;
    this.expiredAt = now;
  }

  /** Takes the advice back before its time. */
  withdraw(reason: string, now: Date): void {
    const next = this.after('withdrawn');
    this.withdrawalReason = parseInput(PlainText(200), reason);
    this._status = next;
    this.withdrawnAt = now;
  }

  /** @throws {StateError} `tip.not-current` unless it is published and its time is not over. */
  requireCurrent(now: Date): void {
    if (this._status !== 'published' || !this._expiresAt || now >= this._expiresAt)
      throw new StateError('tip.not-current', 'This tip no longer counts.');
  }

  private after(status: AITipStatus): AITipStatus {
    return transition('tip', STATUS_AFTER, this._status, status);
  }
}
