import { createRequire } from 'node:module';
import { ConfigurationError } from '../errors.js';

const PACKAGE = '@aws-sdk/rds-signer';

/** As much of the signer as is needed: the package is there only for those who ask for it. */
interface Signer {
  getAuthToken(): Promise<string>;
}
type SignerClass = new (address: { hostname: string; port: number; username: string }) => Signer;

export function isSignerInstalled(): boolean {
  try {
    createRequire(import.meta.url).resolve(PACKAGE);
    return true;
  } catch {
    return false;
  }
}

/**
 * Signs in with AWS credentials instead of a password. A token is good for new connections during 15 minutes, so each
 * connection gets one of its own; credentials and region are looked up where every AWS tool does (`AWS_REGION`, the role of
 * the function or the machine). Signing asks nobody over the network.
 */
export function iamToken(hostname: string, port: number, username: string): () => Promise<string> {
  let signer: Promise<Signer> | undefined;
  const sign = async () => {
    const { Signer } = (await import(PACKAGE)) as { Signer: SignerClass };
    return new Signer({ hostname, port, username });
  };
  return async () => {
    try {
      signer ??= sign();
      return await (await signer).getAuthToken();
    } catch (error) {
      signer = undefined;
      const { name } = error as Error;
      throw new ConfigurationError(
        'DATABASE_AUTH',
        `is iam, but no token could be signed (${name}): are AWS_REGION and credentials of AWS there?`,
      );
    }
  };
}
