/** Starts the program for tests of TLS on `bind` lines. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { ask } from './admin-client.ts';
import { type Balancer, startBalancer } from './balancer.ts';
import { freePort } from './free-port.ts';
import { tlsFile } from './tls-material.ts';

/** The certificate of most tests. */
export const SITE = `crt ${tlsFile('rsa.pem')}`;

const DEFAULTS = `
defaults
  mode http
  timeout connect 5s
  timeout client 10s
  timeout server 10s
`;

interface Setting {
  readonly port: number;
  readonly balancer: Balancer;
  readonly admin: string;
}

/** A program with one line of TLS. `bind`: what stands behind `ssl`. */
export async function startTls(
  t: TestContext,
  bind: string,
  lines = '  http-request return status 200 content-type text/plain lf-string "%[src] %[ssl_fc] %[ssl_fc_protocol]"',
  before = '',
  env: Readonly<Record<string, string>> = {},
): Promise<Setting> {
  const [port, admin] = [await freePort(), await freePort()];
  const balancer = await startBalancer(
    t,
    `global\n  nbthread 1\n  stats socket 127.0.0.1:${admin} level admin\n${before}${DEFAULTS}frontend fe\n  bind 127.0.0.1:${port} ssl ${bind}\n${lines}\n`,
    { ports: [port, admin], env },
  );
  return { port, balancer, admin: String(admin) };
}

/** A number of `show info`. */
export async function infoOf(admin: string, name: string): Promise<number> {
  const found = new RegExp(`^${name}: (\\d+)`, 'm').exec(await ask(Number(admin), 'show info'));
  assert.ok(found !== null);
  return Number(found[1]);
}
