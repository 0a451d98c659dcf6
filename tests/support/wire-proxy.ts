import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { type FrontendMessage, FrontendReader } from './frontend-messages.js';

type Direction = 'to-server' | 'to-client';

/** What happens to bytes on their way. */
type Line =
  | { is: 'clear' }
  | { is: 'slow'; milliseconds: number; bytes: number }
  | { is: 'dead'; direction: Direction | 'both' };

/**
 * A network between clients and a PostgreSQL server that can be listened to, and made to fail while it is in use. It has
 * no TLS, like a network inside of one machine.
 */
export class WireProxy {
  private line: Line = { is: 'clear' };
  private lineChanged = Promise.withResolvers<void>();
  private readonly links = new Set<Link>();
  private readonly awaited: { pattern: RegExp; act: (link: Link) => Promise<void> }[] = [];
  private readonly listener = createServer({ noDelay: true, allowHalfOpen: true }, client => this.join(client));
  private port = 0;

  /** Listens on a free port for connections to the server at this URL. */
  static async listen(url: string, heard: (message: FrontendMessage) => void = () => undefined): Promise<WireProxy> {
    const proxy = new WireProxy(new URL(url), heard);
    await proxy.accept();
    return proxy;
  }

  private constructor(
    private target: URL,
    private readonly heard: (message: FrontendMessage) => void,
  ) {}

  /** The same URL, but by way of this proxy and without TLS. */
  through(url: string): string {
    const detour = new URL(url);
    detour.host = `127.0.0.1:${this.port}`;
    for (const parameter of ['sslmode', 'sslrootcert']) detour.searchParams.delete(parameter);
    return detour.href;
  }

  /** How many connections there are now. */
  get connections(): number {
    return this.links.size;
  }

  /** Connections from now on lead to another server, as when a name is moved in a failover. */
  pointTo(url: string): void {
    this.target = new URL(url);
  }

  /** Everything passes again, what was held back included, and nothing is awaited any more. */
  clear(): void {
    this.awaited.length = 0;
    this.become({ is: 'clear' });
  }

  /** Every piece arrives that much later. */
  slow(milliseconds: number): void {
    this.become({ is: 'slow', milliseconds, bytes: Number.POSITIVE_INFINITY });
  }

  /** Some bytes arrive from time to time. */
  trickle(bytes: number, milliseconds: number): void {
    this.become({ is: 'slow', milliseconds, bytes });
  }

  /** Nothing arrives any more and nobody is told, not even of the end of a connection. */
  blackHole(direction: Direction | 'both' = 'both'): void {
    this.become({ is: 'dead', direction });
  }

  /** The server's end of every connection is gone, as when its machine has crashed; the client's end hears nothing. */
  halfOpen(): void {
    for (const link of this.links) link.loseServer();
  }

  /** Resets every connection (RST). */
  reset(): void {
    for (const link of this.links) link.reset();
  }

  /** Resets every connection and refuses new ones, until {@link accept}. */
  async refuse(): Promise<void> {
    this.reset();
    this.listener.close();
    await once(this.listener, 'close');
  }

  async accept(): Promise<void> {
    this.listener.listen(this.port, '127.0.0.1');
    await once(this.listener, 'listening');
    this.port = (this.listener.address() as { port: number }).port;
  }

  /** Once, before the next statement like this goes on to the server, which waits for it. Resolves when it was done. */
  atNext(pattern: RegExp, act: (link: Link) => void | Promise<void>): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.awaited.push({ pattern, act: async link => Promise.try(act, link).then(resolve, reject) });
    return promise;
  }

  async close(): Promise<void> {
    this.clear();
    if (this.listener.listening) await this.refuse();
  }

  private join(client: Socket): void {
    const { hostname, port } = this.target;
    const server = connect({ host: hostname, port: Number(port || 5432), noDelay: true, allowHalfOpen: true });
    const link = new Link(client, server);
    this.links.add(link);
    void Promise.allSettled([this.carryToServer(link), this.carryToClient(link)]).then(() => {
      link.close();
      this.links.delete(link);
    });
  }

  private async carryToServer(link: Link): Promise<void> {
    const reader = new FrontendReader();
    try {
      for await (const chunk of link.client) {
        for (const { message, bytes } of reader.read(chunk)) {
          this.heard(message);
          if (message.kind === 'ssl-request' || message.kind === 'gss-request') {
            link.client.write('N');
            continue;
          }
          await this.meet(message, link);
          await this.carry(bytes, link.server, 'to-server');
        }
      }
      await this.passage('to-server');
      link.server.end();
    } catch {
      await this.passage('to-server');
      link.server.destroy();
    }
  }

  private async carryToClient(link: Link): Promise<void> {
    try {
      for await (const chunk of link.server) {
        if (link.losesAnswer) link.client.destroy();
        else await this.carry(chunk, link.client, 'to-client');
      }
      await this.passage('to-client');
      link.client.end();
    } catch {
      await this.passage('to-client');
      if (!link.hasLostServer) link.client.destroy();
    }
  }

  private async meet(message: FrontendMessage, link: Link): Promise<void> {
    if (!('text' in message)) return;
    const index = this.awaited.findIndex(({ pattern }) => pattern.test(message.text));
    if (index >= 0) await this.awaited.splice(index, 1)[0]!.act(link);
  }

  private async carry(bytes: Buffer, to: Socket, direction: Direction): Promise<void> {
    await this.passage(direction);
    for (let rest = bytes; rest.length > 0; ) {
      const size = this.line.is === 'slow' ? this.line.bytes : rest.length;
      if (this.line.is === 'slow') await setTimeout(this.line.milliseconds);
      to.write(rest.subarray(0, size));
      rest = rest.subarray(size);
    }
  }

  /** Waits while the line is dead in this direction. */
  private async passage(direction: Direction): Promise<void> {
    while (this.line.is === 'dead' && [direction, 'both'].includes(this.line.direction)) await this.lineChanged.promise;
  }

  private become(line: Line): void {
    this.line = line;
    this.lineChanged.resolve();
    this.lineChanged = Promise.withResolvers();
  }
}

/** One connection by way of a proxy. */
export class Link {
  losesAnswer = false;
  hasLostServer = false;

  constructor(
    readonly client: Socket,
    readonly server: Socket,
  ) {
    for (const socket of [client, server]) socket.on('error', () => undefined);
  }

  /** What the server calls `client_port`. */
  get clientPort(): number {
    return this.server.localPort!;
  }

  /** The server gets what is on its way and acts on it; the connection is cut when its answer comes. */
  loseAnswer(): void {
    this.losesAnswer = true;
  }

  loseServer(): void {
    this.hasLostServer = true;
    this.server.resetAndDestroy();
  }

  reset(): void {
    this.client.resetAndDestroy();
    this.server.resetAndDestroy();
  }

  close(): void {
    this.client.destroy();
    this.server.destroy();
  }
}
