import { type Opt, PrimaryKeyProp, type Ref, ref } from '@mikro-orm/core';
import { Check, Entity, Enum, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/es';
import type { User, UserPreferences } from '../identity/index.js';
import type { Transaction } from '../ledger/index.js';
import {
  CostType,
  type Decimal,
  newId,
  ownedBy,
  PlainText,
  parseInput,
  StateError,
  Timestamped,
  type Transitions,
  transition,
  ValidationError,
} from '../shared/index.js';
import type { AIExpert } from './ai-expert.entity.js';
import type { AITip } from './ai-tip.entity.js';

export const AI_INTERACTION_KINDS = ['question', 'tip_view', 'tip_act', 'tip_dismiss'] as const;
export type AIInteractionKind = (typeof AI_INTERACTION_KINDS)[number];

export const AI_INTERACTION_STATUSES = ['pending', 'completed', 'failed', 'refused'] as const;
export type AIInteractionStatus = (typeof AI_INTERACTION_STATUSES)[number];

const STATUS_AFTER: Transitions<AIInteractionStatus> = {
  pending: ['completed', 'failed', 'refused'],
  completed: [],
  failed: [],
  refused: [],
};

export const PROMPT_MAX = 4000;
export const RESPONSE_MAX = 20_000;

/** Stands where something personal stood. */
const ERASED = 'erased';

/** A question to an expert, perhaps about a tip, or what a person does with a tip. */
export type InteractionStart =
  | { kind: 'question'; expert: AIExpert; prompt: string; tip?: AITip }
  | { kind: 'tip_view' | 'tip_act' | 'tip_dismiss'; tip: AITip };

/** What the provider of a model reports of one request. */
export interface ModelUsage {
  /** The provider's own id of the request; it counts once. */
  requestId: string;
  inputTokens: number;
  outputTokens: number;
  /** In US dollars, with at most 6 decimals. */
  cost: Decimal;
}

/** One thing that a person asked an expert, or did with a tip. Only for people who have switched AI on. */
@Entity({ tableName: 'user_ai_interactions', ...ownedBy() })
@Unique({ name: 'user_ai_interactions_provider_request_unique', properties: ['user', '_providerRequestId' as never] })
@Index({ name: 'user_ai_interactions_quota_index', properties: ['user', 'kind', 'startedAt'] })
@Index({ name: 'user_ai_interactions_expert_id_index', properties: ['expert'] })
@Index({ name: 'user_ai_interactions_tip_id_index', properties: ['tip'] })
@Index({ name: 'user_ai_interactions_transaction_index', properties: ['user', 'transaction'] })
@Check({ name: 'user_ai_interactions_tip_present', expression: `kind = 'question' or tip_id is not null` })
@Check({
  name: 'user_ai_interactions_sent_with_question',
  expression: `num_nonnulls(prompt, model_id, prompt_version, disclaimer_version) = case when kind = 'question' then 4 else 0 end`,
})
@Check({
  name: 'user_ai_interactions_response',
  expression: `(kind = 'question' and status = 'completed') = (response is not null)`,
})
@Check({
  name: 'user_ai_interactions_usage_all',
  expression: `num_nonnulls(provider_request_id, input_tokens, output_tokens, cost) in (0, 4)`,
})
@Check({
  name: 'user_ai_interactions_usage_of_question',
  expression: `case when cost is null then response is null else kind = 'question' and status <> 'pending' end`,
})
@Check({
  name: 'user_ai_interactions_usage_not_negative',
  expression: `input_tokens >= 0 and output_tokens >= 0 and cost >= 0`,
})
@Check({ name: 'user_ai_interactions_finished_at', expression: `(status = 'pending') = (finished_at is null)` })
@Check({ name: 'user_ai_interactions_finished_later', expression: `finished_at >= started_at` })
@Check({
  name: 'user_ai_interactions_reason',
  expression: `(status in ('failed', 'refused')) = (reason is not null)`,
})
@Check({
  name: 'user_ai_interactions_transaction_of_act',
  expression: `(kind = 'tip_act' and status = 'completed') = (transaction_id is not null)`,
})
@Check({ name: 'user_ai_interactions_rating_range', expression: `rating >= 1 and rating <= 5` })
@Check({ name: 'user_ai_interactions_rating_when_completed', expression: `rating is null or status = 'completed'` })
@Check({ name: 'user_ai_interactions_rated_at', expression: `(rating is null) = (rated_at is null)` })
export class UserAIInteraction extends Timestamped {
  [PrimaryKeyProp]?: ['user', 'id'];

  @ManyToOne({ primary: true, deleteRule: 'cascade', updateRule: 'no action' })
  readonly user: Ref<User>;

  @PrimaryKey({ type: 'uuid' })
  readonly id: string = newId();

  /** What it is: a question, or a tip that was viewed, acted on or dismissed. */
  @Enum({ items: () => AI_INTERACTION_KINDS })
  readonly kind: AIInteractionKind;

  /** The version of the expert that was asked, or whose tip it is. */
  @ManyToOne({ deleteRule: 'cascade', updateRule: 'no action' })
  readonly expert: Ref<AIExpert>;

  /** The tip that it is about; absent for a question about none. */
  @ManyToOne({ nullable: true, deleteRule: 'cascade', updateRule: 'no action' })
  readonly tip?: Ref<AITip>;

  /** What the person asked, as it was sent; absent unless it is a question. */
  @Property({ length: PROMPT_MAX, nullable: true })
  readonly prompt?: string;

  /** The model that was asked, as its provider names it; absent unless it is a question. */
  @Property({ length: 100, nullable: true })
  readonly modelId?: string;

  /** Which prompt the model was given around the question; absent unless it is a question. */
  @Property({ length: 40, nullable: true })
  readonly promptVersion?: string;

  /** Which disclaimer stood beside the answer; absent unless it is a question. */
  @Property({ length: 40, nullable: true })
  readonly disclaimerVersion?: string;

  /** How it went: `pending → completed / failed / refused`. */
  @Enum({ items: () => AI_INTERACTION_STATUSES, accessor: 'status' })
  private _status: AIInteractionStatus = 'pending';

  /** When the person asked or acted; the quota counts by it. */
  @Property()
  readonly startedAt: Date;

  /** When it was completed, failed or refused; absent while pending. */
  @Property({ nullable: true })
  finishedAt?: Date;

  /** What the expert answered; absent unless a question was completed. */
  @Property({ length: RESPONSE_MAX, nullable: true })
  response?: string;

  /** The provider's id of the request, so that it counts once; absent unless the provider was asked. */
  @Property({ length: 120, nullable: true, accessor: 'providerRequestId' })
  private _providerRequestId?: string;

  /** Tokens that the model read; absent unless the provider was asked. */
  @Property({ type: 'integer', nullable: true })
  inputTokens?: number;

  /** Tokens that the model wrote; absent unless the provider was asked. */
  @Property({ type: 'integer', nullable: true })
  outputTokens?: number;

  /** What the provider charges for it, in US dollars; absent unless the provider was asked. */
  @Property({ type: CostType, nullable: true })
  cost?: Decimal;

  /** Why it failed or was refused, in a code such as `timeout`; absent otherwise. */
  @Property({ length: 80, nullable: true })
  reason?: string;

  /** The transaction in which the person acted on the tip; absent otherwise. */
  @ManyToOne({
    joinColumns: ['user_id', 'transaction_id'],
    nullable: true,
    deleteRule: 'cascade',
    updateRule: 'no action',
  })
  transaction?: Ref<Transaction>;

  /** How good the person found it, 1 to 5; absent until they say so. */
  @Property({ type: 'smallint', nullable: true, accessor: 'rating' })
  private _rating?: number;

  /** When the person last said how good they found it; absent until then. */
  @Property({ nullable: true })
  ratedAt?: Date;

  @Property({ version: true })
  readonly version!: Opt<number>;

  constructor(preferences: UserPreferences, start: InteractionStart, now: Date) {
    super();
    if (!preferences.aiEnabled)
      throw new StateError('interaction.ai-not-enabled', 'Switch AI on in your preferences first.');
    this.user = preferences.user;
    this.kind = start.kind;
    this.startedAt = now;
    this.tip = start.tip && ref(start.tip);
    if (start.kind === 'question') {
      start.expert.requireActive();
      this.expert = ref(start.expert);
      this.prompt = parseInput(PlainText(PROMPT_MAX), start.prompt);
      this.modelId = start.expert.modelId;
      this.promptVersion = start.expert.promptVersion;
      this.disclaimerVersion = start.expert.disclaimerVersion;
    } else {
      if (start.kind === 'tip_act') start.tip.requireCurrent(now);
      this.expert = start.tip.expert;
    }
  }

  get status(): Opt<AIInteractionStatus> {
    return this._status;
  }

  get providerRequestId(): string | undefined {
    return this._providerRequestId;
  }

  get rating(): Opt<number> | undefined {
    return this._rating;
  }

  /** The expert answered the question. */
  answer(response: string, usage: ModelUsage, now: Date): void {
    const next = this.after('completed');
    this.requireKind('question');
    const text = parseInput(PlainText(RESPONSE_MAX), response);
    this.charge(usage);
    this.response = text;
    this.finish(next, now);
  }

  /** The person has seen or dismissed the tip. */
  complete(now: Date): void {
    const next = this.after('completed');
    this.requireKind('tip_view', 'tip_dismiss');
    this.finish(next, now);
  }

  /** The person acted on the tip, in a transaction of their own. */
  act(transaction: Transaction, now: Date): void {
    const next = this.after('completed');
    this.requireKind('tip_act');
    this.transaction = ref(transaction);
    this.finish(next, now);
  }

  /** It came to nothing, and costs no quota. */
  fail(reason: string, now: Date, usage?: ModelUsage): void {
    this.endWithout('failed', reason, now, usage);
  }

  /** The expert or a rule declined to answer. */
  refuse(reason: string, now: Date, usage?: ModelUsage): void {
    this.endWithout('refused', reason, now, usage);
  }

  /** The person says how good it was; they may think again. */
  rate(rating: number, now: Date): void {
    if (this._status !== 'completed')
      throw new StateError('interaction.not-completed', `What is ${this._status} cannot be rated.`);
    if (!Number.isInteger(rating) || rating < 1 || rating > 5)
      throw new ValidationError('interaction.rating-range', 'A rating is a whole number from 1 to 5.');
    this._rating = rating;
    this.ratedAt = now;
  }

  /**
   * What was asked and answered is overwritten; that it was, of which model, and what it cost stays. What is pending fails,
   * so that no late answer brings anything back.
   */
  erase(now: Date): void {
    if (this._status === 'pending') this.fail(ERASED, now);
    // Read-only for everybody else.
    if (this.prompt !== undefined) Object.assign(this, { prompt: ERASED });
    if (this.response !== undefined) this.response = ERASED;
    if (this.reason !== undefined) this.reason = ERASED;
    // The provider's own id leads to what it was sent; what replaces it is unique as well.
    if (this._providerRequestId !== undefined) this._providerRequestId = this.id;
  }

  private endWithout(status: 'failed' | 'refused', reason: string, now: Date, usage?: ModelUsage): void {
    const next = this.after(status);
    const why = parseInput(PlainText(80), reason);
    if (usage) {
      this.requireKind('question');
      this.charge(usage);
    }
    this.reason = why;
    this.finish(next, now);
  }

  private charge({ requestId, inputTokens, outputTokens, cost }: ModelUsage): void {
    if (![inputTokens, outputTokens].every(tokens => Number.isInteger(tokens) && tokens >= 0) || !cost.gte(0))
      throw new ValidationError(
        'interaction.usage',
        'Tokens are whole numbers, and neither they nor the cost are below 0.',
      );
    this._providerRequestId = parseInput(PlainText(120), requestId);
    this.inputTokens = inputTokens;
    this.outputTokens = outputTokens;
    this.cost = cost;
  }

  private requireKind(...kinds: AIInteractionKind[]): void {
    if (!kinds.includes(this.kind))
      throw new StateError('interaction.wrong-kind', `This does not end a ${this.kind.replace('_', ' ')}.`, {
        kind: this.kind,
      });
  }

  private finish(status: AIInteractionStatus, now: Date): void {
    this._status = status;
    this.finishedAt = now;
  }

  private after(status: AIInteractionStatus): AIInteractionStatus {
    return transition('interaction', STATUS_AFTER, this._status, status);
  }
}
