/**
 * What a configuration costs grows as it does, not faster. Judged by processor time of eight times as much beside once as
 * much (8 where it is linear, 64 where everything is compared with everything), and by counting.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../src/config-parser/parse.ts';
import type { Config } from '../../src/model/config.ts';
import { compileAll } from '../../src/proxy/runtime/check-rules.ts';
import { Runtime } from '../../src/proxy/runtime/compile-runtime.ts';
import type { DataThread } from '../../src/proxy/runtime/runtime.ts';

const TIMES = 8;
const MOST = 24;
const ATTEMPTS = 3;

const BEGIN = 'defaults\n mode http\n timeout connect 1s\n timeout client 1s\n timeout server 1s\n';
const ONE = 'frontend f\n bind 127.0.0.1:80\n';

const SHAPES: Readonly<Record<string, (index: number) => string>> = {
  'rules with a condition': i => ` http-request set-header x y${i} if { path_beg /p${i} }\n`,
  'hosts, each with an ACL and a use_backend': i =>
    ` acl h${i} hdr(host) -i h${i}\n use_backend b if h${i}\n`,
  'frontends without rules': i => `frontend f${i}\n bind 127.0.0.1:${i + 1024}\n default_backend b\n`,
  'frontends with rules': i =>
    `frontend f${i}\n bind 127.0.0.1:${i + 1024}\n http-request deny if { path /a }\n`,
  'backends with servers': i => `backend b${i}\n server s 127.0.0.1:80 check\n server t 127.0.0.1:81 check\n`,
};

function configOf(count: number, shape: (index: number) => string): Config {
  const lines = Array.from({ length: count }, (_, index) => shape(index)).join('');
  const text = `${BEGIN}backend b\n server s 127.0.0.1:80\n${ONE}${lines}`;
  const options = { environment: {}, readFile: () => ({ error: 'no file' }) };
  const { config } = parseConfig([{ path: 'large.cfg', text }], options);
  assert.ok(config);
  return config;
}

/** As each data thread does before it listens. */
function compileFrontends(config: Config): void {
  const thread = {
    state: { plan: { proxies: config.proxies.length, spareBackends: 0 } },
    logs: { channel: () => undefined },
  } as unknown as DataThread;
  const runtime = new Runtime(config, thread);
  for (const [row, { kind }] of config.proxies.entries()) if (kind !== 'backend') runtime.frontend(row);
}

function processorMs(count: number, shape: (index: number) => string): number {
  const before = process.cpuUsage();
  const config = configOf(count, shape);
  assert.deepEqual(compileAll(config).diagnostics, []);
  compileFrontends(config);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

for (const [name, shape] of Object.entries(SHAPES))
  test(`${name}: ${TIMES} times as many cost about ${TIMES} times as much`, () => {
    processorMs(200, shape);
    let least = Infinity;
    for (let attempt = 0; attempt < ATTEMPTS && least > MOST; attempt++)
      least = Math.min(least, processorMs(200 * TIMES, shape) / processorMs(200, shape));
    assert.ok(least <= MOST, `${least.toFixed(1)} times`);
  });

test('a frontend is compiled without looking at all others', () => {
  const readsOf = (count: number): number => {
    const config = configOf(count, SHAPES['frontends without rules'] as (index: number) => string);
    let reads = 0;
    const proxies = new Proxy(config.proxies, {
      get: (list, key) => {
        if (typeof key === 'string' && /^\d+$/.test(key)) reads++;
        return Reflect.get(list, key) as unknown;
      },
    });
    compileFrontends({ ...config, proxies });
    return reads;
  };
  assert.ok(readsOf(200) < 2.5 * readsOf(100));
});
