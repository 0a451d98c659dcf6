import type { TestProject } from 'vitest/node';
import { type ServerAddress, startTestServer } from '../../src/testing/index.js';
import { migratedTemplate } from './template.js';

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
    const template = await migratedTemplate(server);
    project.provide('postgres', { url, runId, version, startedHere, template });
    return () => server.stop();
  } catch (error) {
    await server.stop();
    throw error;
  }
}
