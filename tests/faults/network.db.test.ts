import { describe, expect, test } from 'vitest';
import { asUser, circuitStateOf, configureCircuit, Transaction } from '../../src/index.js';
import { useDatabase } from '../support/database.js';
import { expectInTime, useLine } from './line.js';

const database = useDatabase();
const line = useLine(database);

const SALARY = ['salary: deposit of 10.00000000 posted'];
const DONE = { transactionId: expect.any(String) };

describe('a COMMIT whose answer is lost', () => {
  test('took effect once, and asking again by the key says so', async () => {
    const ann = await line.world.newInvestor();
    const lost = line.proxy.atNext(/^commit/i, link => link.loseAnswer());
    expect(await line.deposit(ann, 'salary')).toMatchObject({ ...DONE, attempts: 2 });
    await lost;
    expect(await line.effects(ann)).toEqual(SALARY);
    expect(await line.world.balances(ann)).toEqual({ 'cash USD': '10.00000000', 'external USD': '-10.00000000' });
    await line.expectRecovery();
  });

  test('of an investment took effect once, too', async () => {
    const ann = await line.world.newInvestor('100');
    void line.proxy.atNext(/^commit/i, link => link.loseAnswer());
    expect(await line.invest(ann, 'first-basket', '50')).toMatchObject({ ...DONE, attempts: 2 });
    expect((await line.effects(ann)).slice(1)).toEqual(['first-basket: basket_investment of 50.00000000 posted']);
    expect(await line.world.balances(ann)).toMatchObject({ 'cash USD': '50.00000000' });
    await line.expectRecovery();
  });

  test('is told to whoever has neither keys nor a look-up', async () => {
    const ann = await line.world.newInvestor();
    void line.proxy.atNext(/^commit/i, link => link.loseAnswer());
    const { error, attempts } = await line.deposit(ann, 'salary', '10', { onUnknownOutcome: undefined });
    expect({ error, attempts }).toMatchObject({ error: { code: 'outcome.unknown', retryable: false }, attempts: 1 });
    expect(await line.effects(ann)).toEqual(SALARY);
    await line.expectRecovery();
  });

  test('is looked up where there is a look-up, and not done again', async () => {
    const ann = await line.world.newInvestor();
    void line.proxy.atNext(/^commit/i, link => link.loseAnswer());
    const lookUp = () =>
      asUser(line.orm.em, ann.userId, async em => {
        const found = await em.findOne(Transaction, { user: ann.userId, idempotencyKey: 'salary' });
        return found ? { found: found.id } : undefined;
      });
    expect(await line.deposit(ann, 'salary', '10', { onUnknownOutcome: lookUp })).toMatchObject({
      ...DONE,
      attempts: 1,
    });
    expect(await line.effects(ann)).toEqual(SALARY);
    await line.expectRecovery();
  });

  test('five times in a row is done once all the same', async () => {
    const ann = await line.world.newInvestor();
    for (let time = 0; time < 4; time++) void line.proxy.atNext(/^commit/i, link => link.loseAnswer());
    expect(await line.deposit(ann, 'salary')).toMatchObject({ ...DONE, attempts: 5 });
    expect(await line.effects(ann)).toEqual(SALARY);
    await line.expectRecovery();
  });

  test('and never comes is an unknown outcome by the deadline; the key finds it later', async () => {
    const ann = await line.world.newInvestor();
    void line.proxy.atNext(/^commit/i, () => line.proxy.blackHole('to-client'));
    const outcome = await line.deposit(ann, 'salary', '10', { deadlineMs: 1_000 });
    expect(outcome.error).toMatchObject({ code: 'outcome.unknown' });
    expectInTime(outcome, 1_000);
    line.proxy.clear();
    expect(await line.deposit(ann, 'salary')).toMatchObject({ ...DONE, attempts: 1 });
    expect(await line.effects(ann)).toEqual(SALARY);
    await line.expectRecovery();
  });
});

describe('a connection that is reset', () => {
  test.each([
    ['before its first statement', /nestegg_enter/],
    ['in the middle', /nestegg_post/],
    ['before its COMMIT arrives', /^commit/i],
  ])('%s: nothing was stored, and the second attempt stores it', async (_when, statement) => {
    const ann = await line.world.newInvestor();
    const reset = line.proxy.atNext(statement, link => link.reset());
    expect(await line.deposit(ann, 'salary')).toMatchObject({ ...DONE, attempts: 2 });
    await reset;
    expect(await line.effects(ann)).toEqual(SALARY);
    await line.expectRecovery();
  });

  test('is a lost connection to whoever tries once', async () => {
    const ann = await line.world.newInvestor();
    void line.proxy.atNext(/nestegg_post/, link => link.reset());
    const { error } = await line.deposit(ann, 'salary', '10', { attempts: 1 });
    expect(error).toMatchObject({ code: 'connection.lost', retryable: true });
    expect(await line.effects(ann)).toEqual([]);
    await line.expectRecovery();
  });
});

describe('a black hole', () => {
  test.each([
    ['before anything was said', /^begin/i, 'both', 'timeout.deadline', []],
    ['that swallows a posting', /nestegg_post/, 'to-server', 'timeout.deadline', []],
    ['that swallows the answer to a posting', /nestegg_post/, 'to-client', 'timeout.deadline', []],
    ['that swallows a COMMIT', /^commit/i, 'to-server', 'outcome.unknown', []],
    ['that swallows the answer to a COMMIT', /^commit/i, 'to-client', 'outcome.unknown', SALARY],
  ] as const)(
    '%s keeps nobody beyond the deadline, and leaves no connection behind',
    async (_which, statement, direction, code, stored) => {
      const ann = await line.world.newInvestor();
      const orm = await line.open({ pool: { max: 1 } });
      await line.deposit(ann, 'earlier', '1', { orm });
      void line.proxy.atNext(statement, () => line.proxy.blackHole(direction));
      const outcome = await line.deposit(ann, 'salary', '10', { orm, deadlineMs: 1_000 });
      expect(outcome.error).toMatchObject({ code });
      expectInTime(outcome, 1_000);
      expect((await line.effects(ann)).slice(1)).toEqual(stored);
      await line.expectRecovery(orm);
      expect(await line.deposit(ann, 'salary', '10', { orm })).toMatchObject(DONE);
      expect((await line.effects(ann)).slice(1)).toEqual(SALARY);
    },
  );

  test('is given up after the time for an answer where there is no deadline', async () => {
    const ann = await line.world.newInvestor();
    const orm = await line.open({ pool: { max: 1 }, timeouts: { answerMs: 500 } });
    void line.proxy.atNext(/nestegg_post/, () => line.proxy.blackHole());
    const start = performance.now();
    const asking = asUser(orm.em, ann.userId, em => em.execute(`select 'nestegg_post'`));
    await expect(asking).rejects.toMatchObject({ code: 'timeout.answer', retryable: false });
    expectInTime({ attempts: 1, milliseconds: performance.now() - start }, 1_000);
    await line.expectRecovery(orm);
  });

  test('where a new connection was to be made is an unreachable database', async () => {
    line.proxy.blackHole();
    const orm = await line.open({ timeouts: { connectMs: 300 } });
    const ann = await line.world.newInvestor();
    const outcome = await line.deposit(ann, 'salary', '10', { orm, attempts: 2 });
    expect(outcome).toMatchObject({ error: { code: 'connection.unreachable', retryable: true }, attempts: 2 });
    expectInTime(outcome, 700);
    await line.expectRecovery(orm);
  });
});

describe('a half-open connection', () => {
  test('is given up after the time for an answer, and the next call has a new one', async () => {
    const ann = await line.world.newInvestor();
    const orm = await line.open({ pool: { max: 1 }, timeouts: { answerMs: 500 } });
    await line.deposit(ann, 'earlier', '1', { orm });
    line.proxy.halfOpen();
    const outcome = await line.deposit(ann, 'salary', '10', { orm });
    expect(outcome).toMatchObject({ error: { code: 'timeout.answer', retryable: false }, attempts: 1 });
    expectInTime(outcome, 1_000);
    expect(await line.deposit(ann, 'salary', '10', { orm })).toMatchObject({ ...DONE, attempts: 1 });
    expect((await line.effects(ann)).slice(1)).toEqual(SALARY);
    await line.expectRecovery(orm);
  });
});

describe('a slow line', () => {
  test('of 50 ms each way only makes a deposit slow', async () => {
    const ann = await line.world.newInvestor();
    line.proxy.slow(50);
    const outcome = await line.deposit(ann, 'salary');
    expect(outcome).toMatchObject({ ...DONE, attempts: 1 });
    expect(outcome.milliseconds).toBeGreaterThan(500);
    expect(await line.effects(ann)).toEqual(SALARY);
    await line.expectRecovery();
  });

  test.each([
    ['slow', () => line.proxy.slow(200)],
    ['trickling', () => line.proxy.trickle(2, 20)],
  ])('that is too %s for the deadline takes nobody beyond it', async (_how, begin) => {
    const ann = await line.world.newInvestor();
    begin();
    const outcome = await line.deposit(ann, 'salary', '10', { deadlineMs: 800 });
    expect(outcome.error).toMatchObject({ code: 'timeout.deadline' });
    expectInTime(outcome, 800);
    line.proxy.clear();
    expect(await line.effects(ann)).toEqual([]);
    expect(await line.deposit(ann, 'salary')).toMatchObject(DONE);
    expect(await line.effects(ann)).toEqual(SALARY);
    await line.expectRecovery();
  });

  test('that trickles brings a deposit in the end', async () => {
    const ann = await line.world.newInvestor();
    line.proxy.trickle(50, 5);
    expect(await line.deposit(ann, 'salary')).toMatchObject({ ...DONE, attempts: 1 });
    expect(await line.effects(ann)).toEqual(SALARY);
    await line.expectRecovery();
  });
});

describe('a database that refuses connections', () => {
  test('is told as such after five attempts, and is used again as soon as it is back', async () => {
    const ann = await line.world.newInvestor();
    await line.proxy.refuse();
    const outcome = await line.deposit(ann, 'salary');
    expect(outcome).toMatchObject({ error: { code: 'connection.refused', retryable: true }, attempts: 5 });
    expectInTime(outcome, 1_000);
    await line.proxy.accept();
    expect(await line.deposit(ann, 'salary')).toMatchObject({ ...DONE, attempts: 1 });
    expect(await line.effects(ann)).toEqual(SALARY);
    await line.expectRecovery();
  });

  test('that is back before the attempts are used up is not noticed', async () => {
    const ann = await line.world.newInvestor();
    await line.proxy.refuse();
    const depositing = line.deposit(ann, 'salary', '10', { attempts: 100 });
    await new Promise(resolve => setTimeout(resolve, 300));
    await line.proxy.accept();
    const outcome = await depositing;
    expect(outcome).toMatchObject(DONE);
    expect(outcome.attempts).toBeGreaterThan(1);
    expect(await line.effects(ann)).toEqual(SALARY);
    await line.expectRecovery();
  });

  test('is not asked any more by many, and asked again by itself', async () => {
    const ann = await line.world.newInvestor();
    const orm = await line.open();
    configureCircuit(orm, { failures: 5, halfOpenAfterMs: 500 });
    await line.proxy.refuse();
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, i) => line.deposit(ann, `salary-${i}`, '10', { orm })),
    );
    expect(circuitStateOf(orm)).toBe('open');
    const rejected = await line.deposit(ann, 'salary', '10', { orm });
    expect(rejected).toMatchObject({ error: { code: 'overloaded.circuit-open', retryable: false }, attempts: 1 });
    expect(rejected.milliseconds).toBeLessThan(100);
    for (const outcome of outcomes) {
      expect(outcome.error).toMatchObject({
        code: expect.stringMatching(/^(connection.refused|overloaded.circuit-open)$/),
      });
      expectInTime(outcome, 1_000);
    }
    await line.proxy.accept();
    await new Promise(resolve => setTimeout(resolve, 600));
    expect(await line.deposit(ann, 'salary', '10', { orm })).toMatchObject({ ...DONE, attempts: 1 });
    expect(circuitStateOf(orm)).toBe('closed');
    expect(await line.effects(ann)).toEqual(SALARY);
    await line.expectRecovery(orm);
  });
});

test('what was refused for a reason of the business is not tried again, however bad the line is', async () => {
  const ann = await line.world.newInvestor('5');
  line.proxy.slow(20);
  const outcome = await line.invest(ann, 'too-much', '500');
  expect(outcome).toMatchObject({ error: { code: 'ledger.insufficient-funds' }, attempts: 1 });
  await line.expectRecovery();
});
