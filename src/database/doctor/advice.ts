import { ConfigurationError, ConnectionError, type ConnectionReason } from '../errors.js';
import { translateConnectionError } from '../fault.js';

/** Where a connection was to lead; none of it is secret. */
export interface Destination {
  host: string;
  port: number;
  database: string;
  user: string;
}

export interface Advice {
  message: string;
  /** What to do about it. */
  next: string;
}

/** Why there is no connection, in plain words, and what to do next. Tells host, database and login, and nothing secret. */
export function adviceOn(error: unknown, to: Destination): Advice {
  const found = translateConnectionError(error);
  if (found instanceof ConnectionError) return adviceByReason(error, to)[found.reason];
  const [, message, next] = OTHERWISE.find(([code]) => code === found.code) ?? [];
  if (message && next) return { message, next };
  return {
    message: found.message,
    next: found instanceof ConfigurationError ? 'Set what is missing, where this runs.' : LOG,
  };
}

const OTHERWISE: readonly (readonly [code: string, message: string, next: string])[] = [
  [
    'overloaded.too-many-connections',
    'The server has as many connections as it takes.',
    'Lower DATABASE_POOL_MAX or the number of processes, put a pooler in between, or raise max_connections.',
  ],
  [
    'overloaded.pooler-queue',
    'The pooler had no connection to the server in time.',
    'Is the server behind it up? Otherwise its pool is too small for how long transactions take.',
  ],
];

const LOG = 'The log of the server says more.';

const at = ({ host, port }: Destination): string => `${host}:${port}`;

function adviceByReason(error: unknown, to: Destination): Record<ConnectionReason, Advice> {
  return {
    'host-unknown': {
      message: `The name ${to.host} leads nowhere from here (DNS).`,
      next: 'Is it spelled right? Some names are known only inside a private network, or a minute after they were made.',
    },
    refused: {
      message: `Nothing listens at ${at(to)}.`,
      next: 'Is the server running, is this its port, and does its listen_addresses include this address?',
    },
    unreachable: {
      message: `${at(to)} did not answer in time.`,
      next: 'A firewall or security group, a missing route or VPN, or a database that is paused and takes longer to wake up.',
    },
    tls: adviceOnTls(error, to),
    password: {
      message: `The server does not take the password of ${to.user}.`,
      next: 'Is it the right one, and of this login? With DATABASE_AUTH=iam: does the login have rds_iam, and the AWS identity rds-db:connect?',
    },
    'not-permitted': adviceOnPermission(error, to),
    'database-missing': {
      message: `The server has no database ${to.database}.`,
      next: `Is the name right? Otherwise, as an administrator: create database ${to.database} owner <who migrates>.`,
    },
    'starting-up': { message: 'The server is starting up.', next: 'Wait, and try again: recovery can take minutes.' },
    'shutting-down': { message: 'The server is shutting down.', next: 'Wait for it to come back, and try again.' },
    lost: {
      message: `${at(to)} ended the connection before it was one.`,
      next: 'Is this really PostgreSQL, or a load balancer without a server behind it? The log of the server says more.',
    },
  };
}

function adviceOnPermission(error: unknown, to: Destination): Advice {
  const { message, code } = error as { message: string; code?: string };
  if (/no encryption/.test(message))
    return { message: `The server does not let ${to.user} in without TLS.`, next: 'Set DATABASE_TLS=verify-full.' };
  if (/^unsupported startup parameter/.test(message) || code === '0A000')
    return {
      message: 'A pooler is in between, and takes no timeouts when a connection starts.',
      next: 'Set DATABASE_PROFILE=proxy, or serverless, and the timeouts on the role.',
    };
  return {
    message: `The server does not let ${to.user} into ${to.database}.`,
    next: 'Look at its pg_hba.conf, and at the right to connect: grant connect on database.',
  };
}

const UNKNOWN_AUTHORITY: Advice = {
  message: 'The server speaks TLS, with a certificate of an authority that is not trusted here.',
  next: 'Set DATABASE_TLS_CA to the file with that authority, or to rds for Amazon RDS.',
};

function adviceOnTls(error: unknown, to: Destination): Advice {
  const { message, code } = error as { message: string; code?: string };
  if (/does not support SSL/.test(message))
    return {
      message: `${at(to)} does not speak TLS.`,
      next: 'Turn it on there (ssl = on). Only where the network between is your own: DATABASE_TLS=disable.',
    };
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return {
      message: `The server has a certificate, but not for the name ${to.host}.`,
      next: 'Connect by a name that the certificate has; an alias in the DNS or an address does not do.',
    };
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return {
      message: 'The certificate of the server is not valid at this time.',
      next: 'Renew it there. Is the clock of this machine right?',
    };
  if (/SELF_SIGNED|UNABLE_TO|CERT_SIGNATURE|CERT_UNTRUSTED/.test(code ?? '')) return UNKNOWN_AUTHORITY;
  return {
    message: `TLS with ${at(to)} failed (${code ?? 'without a code'}).`,
    next: 'Does something in between end TLS by itself, or speak only versions before 1.2?',
  };
}
