/** The certificate of a measurement, signed by itself: load generators do not look. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const KEYS = {
  rsa: ['rsa:2048'],
  ecdsa: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
} as const;

/** Makes it, by openssl, and gives the file of certificate and key. */
export function certificateFile(kind: keyof typeof KEYS, folder: string): string {
  const certificate = join(folder, 'certificate');
  const key = join(folder, 'key');
  const names = ['-subj', '/CN=bench.example', '-days', '2'];
  const files = ['-nodes', '-keyout', key, '-out', certificate];
  execFileSync('openssl', ['req', '-x509', '-newkey', ...KEYS[kind], ...names, ...files], { stdio: 'pipe' });
  const both = join(folder, 'certificate.pem');
  writeFileSync(both, readFileSync(certificate, 'latin1') + readFileSync(key, 'latin1'));
  return both;
}
