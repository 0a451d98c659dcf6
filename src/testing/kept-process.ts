import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';

/**
 * Runs a program and outlives whoever asked for it: its standard input closes when that process ends, in whatever way,
 * and then the program is stopped and its directory removed. Each line on the input is an order: the name of a signal
 * while the program runs, anything to start it again when it has ended. `$1` is the directory, `$2` the signal that stops
 * the program, `$3` what is said when it has ended; the rest is the command.
 */
const KEEPER = `
  trap '' INT TERM HUP PIPE
  home=$1; last=$2; ended=$3; shift 3; exec 3<&0 4>&2
  while :; do
    "$@" 2>&4 & program=$!
    exec 2>/dev/null
    { while read -r signal; do kill -s "$signal" $program; done; kill -s $last $program; } <&3 & watch=$!
    wait $program
    kill -KILL $watch
    wait $watch
    echo "$ended" >&4
    read -r order <&3 || break
  done
  rm -rf "$home"
`;

const ENDED = 'the program that is kept has ended';

interface KeptCommand {
  /** The program and its arguments. */
  command: readonly string[];
  /** A directory of its own, removed when the program is stopped. */
  home: string;
  /** The signal that ends it without waiting for its clients. */
  last: 'QUIT' | 'KILL';
  /** What it says on its standard error once it can be used. */
  ready: string;
  /** Whose process it is, where the own account will not do. */
  account?: { uid: number; gid: number };
}

/** A program that ends with this process, however that ends, and that may be killed and started again before. */
export class KeptProcess {
  private said = '';
  private heard: () => void = () => undefined;
  private readonly keeper: ChildProcessByStdio<Writable, null, Readable>;

  /** @throws {Error} with what the program said, when it ends before it is ready. */
  static async start(kept: KeptCommand): Promise<KeptProcess> {
    const process = new KeptProcess(kept);
    await process.untilReady().catch(async error => {
      await process.stop();
      throw error;
    });
    return process;
  }

  private constructor(private readonly kept: KeptCommand) {
    this.keeper = spawn('sh', ['-c', KEEPER, 'keeper', kept.home, kept.last, ENDED, ...kept.command], {
      ...kept.account,
      cwd: kept.home,
      env: { ...process.env, LC_ALL: 'C' },
      stdio: ['pipe', 'ignore', 'pipe'],
      // A session of its own: Ctrl-C reaches the tests, and the program goes when they are through with it.
      detached: true,
    });
    this.keeper.on('error', error => this.hear(`${error.message}\n${ENDED}`));
    this.keeper.on('exit', () => this.hear(ENDED));
    this.keeper.stdin.on('error', () => undefined);
    this.keeper.stderr.setEncoding('utf8').on('data', (text: string) => this.hear(text));
    // A process that forgets to stop the program can end all the same, and its end stops the program.
    this.beWaitedFor(false);
  }

  /** Sends a signal that does not end the program. */
  signal(name: 'HUP' | 'STOP' | 'CONT' | 'USR1'): void {
    this.keeper.stdin.write(`${name}\n`);
  }

  /** Ends the program by a signal; resolves when it has ended. Its directory stays. */
  async end(signal: 'KILL' | 'QUIT' | 'INT' | 'TERM'): Promise<void> {
    this.keeper.stdin.write(`${signal}\n`);
    await this.until(() => this.said.includes(ENDED));
  }

  /** Starts a program again that has ended; resolves when it is ready. */
  async startAgain(): Promise<void> {
    this.said = '';
    this.keeper.stdin.write('start\n');
    await this.untilReady();
  }

  /** Ends the program and removes its directory. */
  async stop(): Promise<void> {
    this.keeper.stdin.end();
    await this.until(() => this.keeper.exitCode !== null || this.keeper.signalCode !== null);
  }

  private async untilReady(): Promise<void> {
    await this.until(() => this.said.includes(this.kept.ready) || this.said.includes(ENDED));
    if (!this.said.includes(this.kept.ready)) throw new Error(this.said.replace(ENDED, '').trim());
  }

  private async until(come: () => boolean): Promise<void> {
    this.beWaitedFor(true);
    while (!come()) await new Promise<void>(resolve => (this.heard = resolve));
    this.beWaitedFor(false);
  }

  private hear(text: string): void {
    this.said = (this.said + text).slice(-8000);
    this.heard();
  }

  private beWaitedFor(wanted: boolean): void {
    for (const handle of [this.keeper, this.keeper.stdin as Socket, this.keeper.stderr as Socket])
      wanted ? handle.ref() : handle.unref();
  }
}
