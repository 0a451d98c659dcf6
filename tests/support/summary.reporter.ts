import type { SerializedError } from 'vitest';
import type { Reporter, TestModule, TestSpecification, Vitest } from 'vitest/node';

/** Ends a run with what ran on what, and with the totals alone on the last line. */
export default class SummaryReporter implements Reporter {
  private vitest!: Vitest;
  private files = 0;

  onInit(vitest: Vitest): void {
    this.vitest = vitest;
  }

  onTestRunStart(files: readonly TestSpecification[]): void {
    this.files = files.length;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    // A file that was never reached, because the set-up failed, has not passed.
    const totals = { passed: 0, failed: unhandled.length + this.files - modules.length, skipped: 0 };
    const ran = new Map<string, number>();
    for (const module of modules) {
      const states = [...module.children.allTests()].map(test => test.result().state);
      // A file that does not load, or a hook that throws, has no test to carry the failure.
      if (module.state() === 'failed' && !states.includes('failed')) totals.failed += 1;
      for (const state of states) totals[state === 'pending' ? 'skipped' : state] += 1;
      const count = states.filter(state => state === 'passed' || state === 'failed').length;
      if (count > 0) ran.set(this.place(module), (ran.get(this.place(module)) ?? 0) + count);
    }
    const { passed, failed, skipped } = totals;
    this.vitest.logger.log([...ran].map(([place, count]) => `${count} ${place}`).join(', ') || 'no tests');
    this.vitest.logger.log(`${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`);
  }

  private place(module: TestModule): string {
    switch (module.project.name) {
      case 'postgres': {
        const { version, startedHere } = module.project.getProvidedContext().postgres;
        return `on PostgreSQL ${version} (${startedHere ? 'started by this run' : 'named by TEST_DATABASE_URL'})`;
      }
      case 'pglite':
        // Files that start it in processes of their own do not know its version.
        return `on PGlite ${module.meta().pglite ?? 'in other processes'}`;
      default:
        return module.project.name;
    }
  }
}
