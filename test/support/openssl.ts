/** The `openssl` program: certificates made with it, and what it prints, for tests that hold ours against it. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { requires } from './requirement.ts';

export function openssl(folder: string, ...args: string[]): string {
  return execFileSync('openssl', args, {
    cwd: folder,
    encoding: 'latin1',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** True when the test can go on. */
export function requiresOpenssl(t: TestContext): boolean {
  return requires(t, 'openssl');
}

export interface Subject {
  readonly name: string;
  /** As `openssl req -subj` takes it. */
  readonly subject: string;
  /** Whose name it is issued under; absent: its own. */
  readonly issuer?: string;
  readonly key?: readonly string[];
  /** Lines of extensions. */
  readonly extensions?: readonly string[];
  readonly options?: readonly string[];
}

const SMALL_KEY = ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];

/** Makes <name>.key and <name>.pem in that folder. */
export function makeCertificate(folder: string, wanted: Subject): void {
  const { name, subject, issuer, key = SMALL_KEY, extensions = [], options = [] } = wanted;
  const extensionFile = join(folder, `${name}.ext`);
  writeFileSync(extensionFile, ['[own]', ...extensions, ''].join('\n'));
  const request = ['req', '-new', '-nodes', '-utf8', '-newkey', ...key, '-keyout', `${name}.key`];
  openssl(folder, ...request, '-out', `${name}.csr`, '-subj', subject, '-multivalue-rdn');
  const signer =
    issuer === undefined ? ['-signkey', `${name}.key`] : ['-CA', `${issuer}.pem`, '-CAkey', `${issuer}.key`];
  const signed = ['x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...signer];
  const serial = options.includes('-set_serial') ? [] : ['-set_serial', '4097'];
  openssl(folder, ...signed, ...serial, '-extfile', extensionFile, '-extensions', 'own', ...options);
}

export function derOf(folder: string, name: string): Buffer {
  openssl(folder, 'x509', '-in', `${name}.pem`, '-outform', 'DER', '-out', `${name}.der`);
  return readFileSync(join(folder, `${name}.der`));
}
