/** Certificates for tests, made by openssl: an authority of their own, and what it signs. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryFolder } from './temporary-folder.ts';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
  /** Both, in one file. */
  readonly file: string;
}

interface Wishes {
  /** Common name. */
  readonly name: string;
  /** `DNS:a.example,IP:127.0.0.1` */
  readonly alternatives?: string;
  readonly expired?: boolean;
  /** More lines as an extensions file of openssl has them. */
  readonly extensions?: string;
}

/** Who signs an OCSP response. */
export interface OcspSigner {
  readonly cert: string;
  readonly key: string;
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export class Authority {
  readonly folder: string;
  /** Its certificate. */
  readonly file: string;
  #serial = 1;

  constructor(t: TestContext, name = 'Test Authority') {
    this.folder = temporaryFolder(t);
    this.file = join(this.folder, 'ca.pem');
    const key = ['-keyout', this.#path('ca.key'), '-out', this.file];
    this.#openssl('req', '-x509', ...KEY, ...key, '-days', '30', '-subj', `/CN=${name}`);
    writeFileSync(this.#path('index.txt'), '');
    writeFileSync(this.#path('ca.cnf'), CONFIGURATION);
  }

  get pem(): string {
    return readFileSync(this.file, 'latin1');
  }

  issue({ name, alternatives, expired, extensions = '' }: Wishes): Certificate {
    const serial = String(++this.#serial);
    const path = (suffix: string): string => this.#path(`${serial}.${suffix}`);
    this.#openssl('req', ...KEY, '-keyout', path('key'), '-out', path('csr'), '-subj', `/CN=${name}`);
    const names = alternatives === undefined ? '' : `subjectAltName=${alternatives}\n`;
    writeFileSync(path('ext'), `${names}${extensions}\n`);
    const days = expired === true ? ['-startdate', '20200101000000Z', '-enddate', '20200201000000Z'] : [];
    const files = ['-in', path('csr'), '-out', path('crt'), '-extfile', path('ext')];
    this.#openssl('ca', ...this.#settings, '-batch', '-notext', ...files, '-days', '30', ...days);
    const [cert, key] = [readFileSync(path('crt'), 'latin1'), readFileSync(path('key'), 'latin1')];
    writeFileSync(path('pem'), cert + key);
    return { cert, key, file: path('pem') };
  }

  /** What a request in DER asks for, if its signature is right, and the authority's own certificate behind it. */
  sign(request: Buffer): string {
    const serial = String(++this.#serial);
    const path = (suffix: string): string => this.#path(`${serial}.${suffix}`);
    writeFileSync(path('csr'), request);
    const by = ['-CA', this.file, '-CAkey', this.#path('ca.key'), '-set_serial', serial, '-days', '30'];
    const files = ['-inform', 'DER', '-in', path('csr'), '-out', path('crt'), '-copy_extensions', 'copyall'];
    this.#openssl('x509', '-req', ...files, ...by);
    return readFileSync(path('crt'), 'latin1') + this.pem;
  }

  /** A list on which those stand. */
  revoke(...revoked: readonly Certificate[]): string {
    for (const { file } of revoked) this.#openssl('ca', ...this.#settings, '-revoke', file);
    const list = this.#path(`list${++this.#serial}.pem`);
    this.#openssl('ca', ...this.#settings, '-gencrl', '-crldays', '30', '-out', list);
    return list;
  }

  /** The OCSP response of openssl to a request in DER; `signer`: another than the authority itself. */
  respond(request: Buffer, signer?: OcspSigner): Buffer {
    const number = ++this.#serial;
    const path = (suffix: string): string => this.#path(`${number}.${suffix}`);
    writeFileSync(path('req'), request);
    if (signer !== undefined) writeFileSync(path('signer'), signer.cert + signer.key);
    const own = ['-rsigner', this.file, '-rkey', this.#path('ca.key')];
    const by = signer === undefined ? own : ['-rsigner', path('signer')];
    const files = ['-index', this.#path('index.txt'), '-CA', this.file, '-reqin', path('req')];
    this.#openssl('ocsp', ...files, ...by, '-ndays', '1', '-respout', path('resp'));
    return readFileSync(path('resp'));
  }

  get #settings(): readonly string[] {
    return ['-config', this.#path('ca.cnf'), '-cert', this.file, '-keyfile', this.#path('ca.key')];
  }

  #path(name: string): string {
    return join(this.folder, name);
  }

  #openssl(...words: readonly string[]): void {
    execFileSync('openssl', words, { cwd: this.folder, stdio: 'pipe', timeout: 20_000 });
  }
}

const CONFIGURATION = `
[ca]
default_ca = own
[own]
database = ./index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
`;
