import { type Opt, PrimaryKeyProp } from '@mikro-orm/core';
import { Check, Entity, Enum, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/es';
import {
  newId,
  parseInput,
  StateError,
  Timestamped,
  type Transitions,
  transition,
  ValidationError,
} from '../shared/index.js';
import { ExpertDetails } from './expert-details.js';

export const AI_EXPERT_STATUSES = ['draft', 'active', 'retired'] as const;
export type AIExpertStatus = (typeof AI_EXPERT_STATUSES)[number];

const STATUS_AFTER: Transitions<AIExpertStatus> = {
  draft: ['active', 'retired'],
  active: ['retired'],
  retired: [],
};

/** One version of a character that gives advice: who it is, and which model and prompt speak for it. An edit makes a new version. */
@Entity({ tableName: 'ai_experts' })
@Unique({ name: 'ai_experts_slug_version_unique', properties: ['slug', 'version'] })
@Unique({ name: 'ai_experts_one_active', properties: ['slug'], where: `status = 'active'` })
@Check({ name: 'ai_experts_slug_shape', expression: `slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'` })
@Check({ name: 'ai_experts_version_positive', expression: `version > 0` })
@Check({
  name: 'ai_experts_activated_at',
  expression: `case when status = 'draft' then activated_at is null else activated_at is not null or status = 'retired' end`,
})
@Check({ name: 'ai_experts_retired_at', expression: `(status = 'retired') = (retired_at is not null)` })
export class AIExpert extends Timestamped {
  [PrimaryKeyProp]?: 'id';

  @PrimaryKey({ type: 'uuid' })
  readonly id: string = newId();

  /** What all versions of the expert are called in programs. */
  @Property({ length: 60 })
  readonly slug: string;

  /** Counts the versions of the expert, from 1. */
  @Property({ type: 'integer' })
  readonly version: number;

  /** How people see it called. */
  @Property({ length: 80 })
  readonly name: string;

  /** How it thinks and speaks, as people are told. */
  @Property({ length: 2000 })
  readonly persona: string;

  /** What it knows about: dividends, crypto, saving for a home. */
  @Property({ length: 80 })
  readonly speciality: string;

  /** The model that answers for it, as its provider names it. */
  @Property({ length: 100 })
  readonly modelId: string;

  /** Which prompt the model is given. */
  @Property({ length: 40 })
  readonly promptVersion: string;

  /** Which disclaimer stands beside what it says. */
  @Property({ length: 40 })
  readonly disclaimerVersion: string;

  /** Whether it speaks: `draft → active → retired`, `draft → retired`; one active version per slug. */
  @Enum({ items: () => AI_EXPERT_STATUSES, accessor: 'status' })
  private _status: AIExpertStatus = 'draft';

  /** When it began to speak; absent if it never did. */
  @Property({ nullable: true })
  activatedAt?: Date;

  /** When it fell silent for good; absent until then. */
  @Property({ nullable: true })
  retiredAt?: Date;

  constructor(slug: string, details: ExpertDetails, version = 1) {
    super();
    if (!Number.isInteger(version) || version < 1)
      throw new ValidationError('expert.version', 'Versions are counted from 1.');
    const checked = parseInput(ExpertDetails, details);
    this.slug = slug;
    this.version = version;
    this.name = checked.name;
    this.persona = checked.persona;
    this.speciality = checked.speciality;
    this.modelId = checked.modelId;
    this.promptVersion = checked.promptVersion;
    this.disclaimerVersion = checked.disclaimerVersion;
  }

  get status(): Opt<AIExpertStatus> {
    return this._status;
  }

  /** The next version, a draft; this one stays as it is, so that what was said under it can be explained. */
  edit(changes: Partial<ExpertDetails>): AIExpert {
    const { name, persona, speciality, modelId, promptVersion, disclaimerVersion } = this;
    const details = { name, persona, speciality, modelId, promptVersion, disclaimerVersion, ...changes };
    return new AIExpert(this.slug, details, this.version + 1);
  }

  /** Begins to speak. Retire the version before first, in a flush of its own: one version of an expert speaks at a time. */
  activate(now: Date): void {
    this.become('active');
    this.activatedAt = now;
  }

  retire(now: Date): void {
    this.become('retired');
    this.retiredAt = now;
  }

  /** @throws {StateError} `expert.not-active`. */
  requireActive(): void {
    if (this._status !== 'active')
      throw new StateError('expert.not-active', `${this.name} is ${this._status} and gives no advice.`, {
        slug: this.slug,
        version: this.version,
      });
  }

  private become(status: AIExpertStatus): void {
    this._status = transition('expert', STATUS_AFTER, this._status, status);
  }
}
