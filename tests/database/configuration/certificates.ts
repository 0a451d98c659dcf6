import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';

/** Nothing that npm installs: tests that need it are skipped where it is missing. */
const OPENSSL = 'openssl';

export const hasOpenssl = spawnSync(OPENSSL, ['version']).status === 0;

/** An authority of a test's own, whose certificates are made in a folder. */
export class TestAuthority {
  /** What clients who trust it are given. */
  readonly certificate: string;

  constructor(
    private readonly folder: string,
    private readonly name: string,
  ) {
    this.certificate = join(folder, `${name}.crt`);
    this.openssl('req', '-x509', ...this.newKey(name), '-days', '2', '-subj', `/CN=${name}`, '-out', this.certificate);
  }

  /**
   * Makes a key, and a certificate that names its owner.
   * @param owner such as `DNS:localhost` or `IP:127.0.0.1`.
   */
  certify(owner: string): { key: string; certificate: string } {
    const name = `${this.name}-${owner.replace(/\W/g, '-')}`;
    const [request, certificate, extensions] = ['csr', 'crt', 'ext'].map(end => join(this.folder, `${name}.${end}`));
    writeFileSync(extensions!, `subjectAltName=${owner}\n`);
    this.openssl('req', ...this.newKey(name), '-subj', '/CN=server', '-out', request!);
    const signer = ['-CA', this.certificate, '-CAkey', join(this.folder, `${this.name}.key`), '-CAcreateserial'];
    this.openssl(
      ...['x509', '-req', '-in', request!, ...signer, '-days', '2', '-extfile', extensions!, '-out', certificate!],
    );
    return {
      key: readFileSync(join(this.folder, `${name}.key`), 'utf8'),
      certificate: readFileSync(certificate!, 'utf8'),
    };
  }

  private newKey(name: string): string[] {
    const key = join(this.folder, `${name}.key`);
    return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key];
  }

  private openssl(...args: string[]): void {
    execFileSync(OPENSSL, args, { stdio: 'pipe' });
  }
}

/** Lets a running server speak TLS. Its superuser writes the files, so that they are the server's own as it demands. */
export async function serveTls(superuser: pg.Client, files: { key: string; certificate: string }): Promise<void> {
  for (const [file, content] of [
    ['server.key', files.key],
    ['server.crt', files.certificate],
  ]) {
    const lines = content!
      .trim()
      .split('\n')
      .map(line => superuser.escapeLiteral(line));
    await superuser.query(`copy (select unnest(array[${lines}])) to program 'umask 077 && cat > ${file}'`);
  }
  await superuser.query('alter system set ssl = on');
  await superuser.query('select pg_reload_conf()');
}
