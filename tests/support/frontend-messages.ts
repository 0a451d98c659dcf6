/** What a client says to PostgreSQL, as far as a proxy needs to know it (protocol 3, "Message Formats" of the manual). */
export type FrontendMessage =
  | { kind: 'ssl-request' | 'gss-request' | 'cancel-request' }
  | { kind: 'startup'; parameters: Readonly<Record<string, string>> }
  | { kind: 'query'; text: string }
  | { kind: 'parse'; name: string; text: string }
  | { kind: 'bind'; portal: string }
  | { kind: 'other'; type: string };

/** The first message of a connection has no type: a number says what it is. */
const OPENINGS: Readonly<Record<number, 'ssl-request' | 'gss-request' | 'cancel-request'>> = {
  80877103: 'ssl-request',
  80877104: 'gss-request',
  80877102: 'cancel-request',
};

/** Cuts the bytes of one connection into messages, however they arrive. */
export class FrontendReader {
  private pending: Buffer = Buffer.alloc(0);
  private started = false;

  /** The messages that these bytes complete, each with its own bytes. */
  *read(chunk: Buffer): Generator<{ message: FrontendMessage; bytes: Buffer }> {
    this.pending = this.pending.length > 0 ? Buffer.concat([this.pending, chunk]) : chunk;
    while (true) {
      const typed = this.started ? 1 : 0;
      if (this.pending.length < typed + 4) return;
      const length = typed + this.pending.readInt32BE(typed);
      if (this.pending.length < length) return;
      const bytes = this.pending.subarray(0, length);
      this.pending = this.pending.subarray(length);
      yield { message: this.started ? readTyped(bytes) : this.readOpening(bytes), bytes };
    }
  }

  private readOpening(bytes: Buffer): FrontendMessage {
    const kind = OPENINGS[bytes.readInt32BE(4)];
    if (kind) return { kind };
    this.started = true;
    const words = bytes.toString('utf8', 8).split('\0');
    const parameters: Record<string, string> = {};
    for (let i = 0; words[i]; i += 2) parameters[words[i]!] = words[i + 1]!;
    return { kind: 'startup', parameters };
  }
}

function readTyped(bytes: Buffer): FrontendMessage {
  const type = String.fromCharCode(bytes[0]!);
  const [first = '', second = ''] = 'QPB'.includes(type) ? bytes.toString('utf8', 5).split('\0', 2) : [];
  switch (type) {
    case 'Q':
      return { kind: 'query', text: first };
    case 'P':
      return { kind: 'parse', name: first, text: second };
    case 'B':
      return { kind: 'bind', portal: first };
    default:
      return { kind: 'other', type };
  }
}
