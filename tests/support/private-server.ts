import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import {
  type EmbeddedPostgres,
  type EmbeddedSettings,
  startEmbeddedPostgres,
} from '../../src/testing/embedded-postgres.js';
import type { ServerAddress } from '../../src/testing/index.js';
import { migratedTemplate } from './template.js';

/** A server of one suite's own, which it may end and start again. Call it before `useDatabase({ on: () => server.address })`. */
export function usePrivateServer(wanted: EmbeddedSettings = {}) {
  let server: EmbeddedPostgres;
  let address: ServerAddress & { template: string };

  beforeAll(async () => {
    server = await startEmbeddedPostgres(wanted);
    const own = { url: server.url, runId: randomBytes(4).toString('hex') };
    address = { ...own, template: await migratedTemplate(own) };
  }, 60_000);

  afterAll(() => server?.stop());

  return {
    get postgres() {
      return server;
    },
    get address() {
      return address;
    },
  };
}
