import type { FrontendMessage } from './frontend-messages.js';

/** RDS Proxy pins a session on any longer statement text. */
const TEXT_MAX = 16 * 1024;

/** What PgBouncer takes in a startup packet without being told to ignore it, and RDS Proxy without pinning. */
const STARTUP_PARAMETERS = ['user', 'database', 'application_name', 'client_encoding'];

/** Statements that leave something on the session, by the words that they start with. */
const STATEMENTS: readonly RegExp[] = [
  /^(set|reset)\b/,
  /^(prepare|execute|deallocate|discard)\b/,
  /^create\s+(or\s+replace\s+)?((global|local)\s+)?temp(orary)?\b/,
  /^(declare|fetch|move|close)\b/,
  /^(listen|unlisten)\b/,
  /^load\b/,
];

/** What leaves something on the session wherever it stands in a statement. */
const CALLS: readonly RegExp[] = [
  /\bset_config\s*\(/,
  /\b(nextval|setval|currval|lastval)\s*\(/,
  // Their twins with `xact` in the name end with the transaction.
  /\bpg_(try_)?advisory_(lock|unlock)\w*\s*\(/,
  /\binto\s+((global|local)\s+)?temp(orary)?\b/,
  /\bpg_temp\s*\./,
];

/**
 * Why a message pins the session to one backend behind RDS Proxy, or breaks behind PgBouncer in transaction mode; nothing
 * when it does neither. What a function does inside is invisible to both, and so it is here. `NOTIFY` is delivered at
 * commit and does not pin. `SET LOCAL` does for its transaction, by one of AWS's two descriptions, so it counts.
 */
export function pinningReason(message: FrontendMessage): string | undefined {
  switch (message.kind) {
    case 'startup': {
      const [stranger] = Object.keys(message.parameters).filter(name => !STARTUP_PARAMETERS.includes(name));
      return stranger && `startup parameter ${stranger}`;
    }
    case 'cancel-request':
      return 'CancelRequest';
    case 'query':
      return reasonInText(message.text);
    case 'parse':
      return message.name ? `named statement ${message.name}` : reasonInText(message.text);
    case 'bind':
      return message.portal ? `named portal ${message.portal}` : undefined;
    default:
      return undefined;
  }
}

function reasonInText(text: string): string | undefined {
  const size = Buffer.byteLength(text);
  if (size > TEXT_MAX) return `statement text of ${size} bytes: ${excerpt(text)}`;
  const statements = codeOf(text)
    .split(';')
    .map(statement => statement.trim());
  const pinning = statements.find(
    statement => STATEMENTS.some(start => start.test(statement)) || CALLS.some(call => call.test(statement)),
  );
  return pinning && excerpt(pinning);
}

const excerpt = (text: string) => text.replaceAll(/\s+/g, ' ').slice(0, 80);

/** Comments, strings with backslashes, strings, dollar-quoted strings, quoted names, and all other characters. */
const TOKEN =
  /--[^\n]*|\/\*[\s\S]*?\*\/|\be'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|\$([a-z_]\w*)?\$[\s\S]*?\$\1\$|"((?:[^"]|"")*)"/gi;

/** A text's code in lower case: values and comments are taken out, so that nobody's name is mistaken for a statement. */
function codeOf(text: string): string {
  return text
    .replaceAll(TOKEN, (token, _tag, name) => {
      if (token.startsWith('-') || token.startsWith('/')) return ' ';
      return name === undefined ? "''" : name.replaceAll(/\W/g, '_');
    })
    .toLowerCase();
}
