import cliProgress from 'cli-progress';

export interface ProgressBar {
  /** One more is done. */
  tick(detail?: string): void;
  /** Leaves the terminal as it was. A bar that is not stopped keeps the process alive: stop it in a `finally`. */
  stop(): void;
}

type Stream = NodeJS.WritableStream & { isTTY?: boolean; columns?: number };

/** Shows how far a long piece of work is: a bar on a terminal, at most ten plain lines elsewhere. */
export function progressBar(label: string, total: number, stream: Stream = process.stderr): ProgressBar {
  return stream.isTTY ? terminalBar(label, total, stream) : plainLines(label, total, stream);
}

const LINES = 10;
const BAR_MAX = 30;
/** What stands beside the label and the bar: count, percentage, rate, time left and detail. */
const BESIDE_BAR = 50;

function plainLines(label: string, total: number, stream: Stream): ProgressBar {
  let done = 0;
  let written = 0;
  return {
    tick(detail) {
      done++;
      const due = Math.min(LINES, Math.floor((done * LINES) / total));
      if (due > written) stream.write(`${label}: ${done} of ${total}${detail ? ` (${detail})` : ''}\n`);
      written = Math.max(written, due);
    },
    stop() {},
  };
}

function terminalBar(label: string, total: number, stream: Stream): ProgressBar {
  const room = (stream.columns ?? 80) - label.length - BESIDE_BAR;
  const bar = new cliProgress.SingleBar({
    stream,
    barsize: Math.max(5, Math.min(BAR_MAX, room)),
    // Left on, so that an interrupted process does not leave the terminal without it.
    linewrap: true,
    format: (options, { progress, value, startTime }, { detail }) => {
      const seconds = (Date.now() - startTime) / 1000;
      const rate = seconds > 0 ? value / seconds : 0;
      const left = rate > 0 ? `${Math.ceil((total - value) / rate)} s left` : '';
      const done = `${value}/${total} ${Math.floor(progress * 100)} %`;
      const parts = [done, `${rate.toFixed(1)}/s`, left, detail].filter(Boolean);
      return `${label} [${cliProgress.Format.BarFormat(progress, options)}] ${parts.join(' | ')}`;
    },
  });
  bar.start(total, 0);
  return {
    tick: detail => bar.increment(1, { detail }),
    stop: () => bar.stop(),
  };
}
