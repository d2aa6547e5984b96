/** Certificates for tests: those of test/cases/tls (its make.sh says what they are), and configurations that name them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { loadCertificates } from '../../src/certificates/load-certificates.ts';
import { parseConfig } from '../../src/config-parser/parse.ts';

export const TLS_FOLDER = resolve('test/cases/tls');

export function tlsFile(name: string): string {
  return `${TLS_FOLDER}/${name}`;
}

export function tlsText(name: string): string {
  return readFileSync(tlsFile(name), 'latin1');
}

/** Loads what a `bind` line names; `before` stands above its frontend. */
export function loadBind(
  options: string,
  before = '',
  inFrontend = '',
): ReturnType<typeof loadCertificates> & { readonly said: readonly string[] } {
  const text = `${before}\ndefaults\n  mode http\n  timeout client 1s\nfrontend f\n  bind 127.0.0.1:1 ssl ${options}\n${inFrontend}\n`;
  const { config, diagnostics } = parseConfig([{ path: 'a.cfg', text }], {
    environment: {},
    readFile: () => ({ error: 'none' }),
  });
  assert.ok(config !== undefined, diagnostics.map(({ message }) => message).join('\n'));
  const loaded = loadCertificates(config);
  const said = loaded.diagnostics.map(({ severity, message }) => `${severity}: ${message}`);
  return { ...loaded, said };
}
