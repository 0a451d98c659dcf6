import type { TestProject } from 'vitest/node';
import { migrateUp, openDatabase } from '../../src/index.js';
import { prepareTemplate, type ServerAddress, startTestServer } from '../../src/testing/index.js';

declare module 'vitest' {
  interface ProvidedContext {
    postgres: ServerAddress & { version: string; startedHere: boolean; template: string };
  }
}

/** Starts the server and migrates the template before the first suite that wants a database; runs without one do not. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startTestServer();
  try {
    const { url, runId, version, startedHere } = server;
    const template = await prepareTemplate(server, { migrate });
    project.provide('postgres', { url, runId, version, startedHere, template });
    return () => server.stop();
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function migrate(url: string): Promise<void> {
  const orm = await openDatabase({ kind: 'server', url });
  orm.config.get('migrations').silent = true;
  try {
    await migrateUp(orm);
  } finally {
    await orm.close(true);
  }
}
