import { asWorker, type EntityManager } from '../database/index.js';
import { UserPreferences } from '../identity/index.js';
import { ledger } from '../ledger/index.js';
import { type Clock, instantOf, localDate, NesteggError, systemClock } from '../shared/index.js';
import { Portfolio } from './portfolio.entity.js';
import { lockPortfolio } from './portfolio.service.js';
import { reckonSnapshots } from './snapshot-reckoning.js';

/** Portfolios per transaction. */
const BATCH = 25;
const DAY_MS = 86_400_000;

/** Days of which a portfolio has no snapshot, because nobody ran the job on them. Days that a zone left out are none. */
export interface SnapshotGap {
  userId: string;
  portfolioId: string;
  /** First and last local date. */
  from: string;
  to: string;
  days: number;
}

/** What a pass of {@link takeDueSnapshots} came to. */
export interface SnapshotRun {
  taken: number;
  gaps: SnapshotGap[];
  /** Portfolios that could not be valued, such as for want of a price, and why; the next pass tries them again. */
  putOff: { userId: string; portfolioId: string; code: string }[];
}

interface Place {
  userId: string;
  portfolioId: string;
}
interface Due extends Place {
  zone: string;
}
const placeOf = ({ userId, portfolioId }: Place): Place => ({ userId, portfolioId });

/**
 * Takes the snapshot of today, by its owner's local date, of every open portfolio that has none yet; run it as often as dates
 * begin somewhere, such as every quarter of an hour. Any number of workers may do this at once, and again: a date counts once.
 * A few portfolios share a transaction and hold their owners' books while they are valued; whoever is busy comes last.
 * @param em such as `orm.em`.
 */
export async function takeDueSnapshots(
  em: EntityManager,
  clock: Clock = systemClock,
  { batchSize = BATCH }: { batchSize?: number } = {},
): Promise<SnapshotRun> {
  const run: SnapshotRun = { taken: 0, gaps: [], putOff: [] };
  const oneByOne: Place[] = [];
  const zones = await asWorker(em, inner => zonesLivedIn(inner, clock.now()));
  let after: Place = { userId: FIRST_ID, portfolioId: FIRST_ID };
  for (;;) {
    const start = after;
    const page = await takePage(em, clock, { zones, after: start, limit: batchSize });
    add(run, page);
    oneByOne.push(...page.left);
    if (page.due.length < batchSize) break;
    after = page.due.at(-1)!;
  }
  for (const place of oneByOne) {
    try {
      add(run, await asWorker(em, inner => takeOne(inner, clock, place)));
    } catch (error) {
      if (!(error instanceof NesteggError) || error.retryable) throw error;
      run.putOff.push({ ...place, code: error.code });
    }
  }
  return run;
}

const FIRST_ID = '00000000-0000-0000-0000-000000000000';

type Part = Pick<SnapshotRun, 'taken' | 'gaps'>;

function add(run: SnapshotRun, { taken, gaps }: Part): void {
  run.taken += taken;
  run.gaps.push(...gaps);
}

interface Page {
  zones: readonly string[];
  after: Place;
  limit: number;
}

/** One transaction for all that are due on a page; what is busy is left, and everything when one cannot be valued. */
async function takePage(em: EntityManager, clock: Clock, page: Page): Promise<Part & { due: Due[]; left: Place[] }> {
  let due: Due[] = [];
  try {
    return await asWorker(em, async inner => {
      due = await findDue(inner, clock.now(), page);
      const held = new Set<string>();
      for (const userId of new Set(due.map(place => place.userId)))
        if (await ledger.tryLockBook(inner, userId)) held.add(userId);
      const part = await takeAll(
        inner,
        clock.now(),
        due.filter(({ userId }) => held.has(userId)),
      );
      return { ...part, due, left: due.filter(({ userId }) => !held.has(userId)).map(placeOf) };
    });
  } catch (error) {
    if (!(error instanceof NesteggError) || error.retryable) throw error;
    return { taken: 0, gaps: [], due, left: due.map(placeOf) };
  }
}

async function takeAll(em: EntityManager, now: Date, due: readonly Due[]): Promise<Part> {
  if (due.length === 0) return { taken: 0, gaps: [] };
  const portfolios = await em.find(
    Portfolio,
    { user: { $in: due.map(({ userId }) => userId) }, id: { $in: due.map(({ portfolioId }) => portfolioId) } },
    { populate: ['currency'] },
  );
  const wanted = due.flatMap(({ userId, portfolioId, zone }) => {
    const portfolio = portfolios.find(({ user, id }) => user.id === userId && id === portfolioId);
    return portfolio?.status === 'active' ? [{ portfolio, zone, date: localDate(now, zone) }] : [];
  });
  const taken = await reckonSnapshots(em, wanted, now);
  await em.flush();
  const gaps = taken.flatMap(({ snapshot, previousDate }) => {
    const { zone } = due.find(({ portfolioId }) => portfolioId === snapshot.portfolio.id)!;
    const place = { userId: snapshot.user.id, portfolioId: snapshot.portfolio.id };
    return previousDate ? gapBetween(previousDate, snapshot.date, zone).map(gap => ({ ...place, ...gap })) : [];
  });
  return { taken: taken.length, gaps };
}

async function takeOne(em: EntityManager, clock: Clock, place: Place): Promise<Part> {
  await lockPortfolio(em, place.userId, place.portfolioId);
  const now = clock.now();
  const preferences = await em.findOneOrFail(UserPreferences, { user: place.userId });
  return takeAll(em, now, [{ ...place, zone: preferences.timeZoneAt(now) }]);
}

/** The dates between two that existed in a zone: some left a day out to cross the date line. */
function gapBetween(before: string, date: string, zone: string): { from: string; to: string; days: number }[] {
  const dates = [];
  for (let day = Date.parse(before) + DAY_MS; day < Date.parse(date); day += DAY_MS) {
    const missed = new Date(day).toISOString().slice(0, 10);
    if (localDate(instantOf(missed, '12:00', zone), zone) === missed) dates.push(missed);
  }
  return dates.length > 0 ? [{ from: dates[0]!, to: dates.at(-1)!, days: dates.length }] : [];
}

async function zonesLivedIn(em: EntityManager, now: Date): Promise<string[]> {
  const rows = await em.execute<{ zone: string }[]>(`select distinct ${ZONE} as zone from user_preferences u`, [now]);
  return rows.map(({ zone }) => zone);
}

/** The zone that counts at an instant: the parameter. */
const ZONE = `case when u.next_time_zone_from <= ? then u.next_time_zone else u.time_zone end`;

/** A page of open portfolios without a snapshot of their owner's today, in the order of their keys. */
async function findDue(em: EntityManager, now: Date, { zones, after, limit }: Page): Promise<Due[]> {
  // What day it is somewhere is reckoned here alone: the server may know other rules of a zone, or not know it at all.
  const today = localDate(now, 'UTC');
  const elsewhere = zones.map(zone => ({ zone, date: localDate(now, zone) })).filter(({ date }) => date !== today);
  const rows = await em.execute<{ user_id: string; id: string; zone: string }[]>(
    `select p.user_id, p.id, ${ZONE} as zone
     from portfolios p
     join user_preferences u on u.user_id = p.user_id
     left join unnest(string_to_array(?, ','), string_to_array(?, ',')::date[]) as z(zone, date) on z.zone = ${ZONE}
     where p.status = 'active' and (p.user_id, p.id) > (?, ?)
       and not exists (
         select from portfolio_snapshots s
         where s.user_id = p.user_id and s.portfolio_id = p.id and s.date >= coalesce(z.date, ?::date)
       )
     order by p.user_id, p.id limit ?`,
    [
      now,
      elsewhere.map(({ zone }) => zone).join(','),
      elsewhere.map(({ date }) => date).join(','),
      now,
      after.userId,
      after.portfolioId,
      today,
      limit,
    ],
  );
  return rows.map(row => ({ userId: row.user_id, portfolioId: row.id, zone: row.zone }));
}
