/**
 * Choosing a server, taking a place and giving one back, with 64 requests under way, over 10, 500 and 4,000 servers:
 * `node dist/bench/micro/balancers.js [algorithm]`. What 4,000 servers cost more is to stay below 15 % of a request.
 */
import { createBalancer } from '../../src/balancers/create-balancer.ts';
import type { Proxy } from '../../src/model/proxy.ts';
import { SRV_RUNNING, SRV_STOPPED } from '../../src/state/server-words.ts';
import { factsOf } from '../../test/support/placement.ts';
import { backendOf, createState } from '../../test/support/state.ts';
import { measure } from './measure.ts';

const UNDER_WAY = 64;
const [wanted] = process.argv.slice(2);
const requests = Array.from({ length: 1024 }, (_, index) =>
  factsOf({
    target: `/some/path/to/a/resource-${index}.html?x=1`,
    headers: { 'x-src': `10.1.${index >> 8}.${index & 255}` },
  }),
);

function run(name: string, balance: string, servers: number, options: (index: number) => string): void {
  const made = createState(backendOf(balance, ...Array.from({ length: servers }, (_, i) => options(i))));
  const { queues } = made.control;
  const balancer = createBalancer(made.control, 0, made.config.proxies[0] as Proxy);
  const held = new Int32Array(UNDER_WAY).fill(-1);
  const request = (index: number): void => {
    const slot = index % UNDER_WAY;
    const old = held[slot] as number;
    if (old >= 0) queues.release(old);
    const server = balancer?.pick(requests[index & 1023] as (typeof requests)[number], -1) ?? -1;
    held[slot] = server >= 0 && queues.tryTake(server) ? server : -1;
  };
  measure(`${name}, ${servers} servers`, request);
  const started = performance.now();
  made.writer.setState(0, SRV_STOPPED);
  request(0);
  made.writer.setState(0, SRV_RUNNING);
  request(1);
  const elapsed = (performance.now() - started) / 2;
  console.log(
    `${`    first request after a change of state`.padEnd(56)} ${elapsed.toFixed(2).padStart(9)} ms`,
  );
}

const ALGORITHMS: readonly (readonly [string, string, (index: number) => string])[] = [
  ['roundrobin', 'roundrobin', () => ''],
  ['roundrobin by weight', 'roundrobin', index => `weight ${1 + (index % 7)}`],
  ['static-rr by weight', 'static-rr', index => `weight ${1 + (index % 7)}`],
  ['leastconn', 'leastconn', () => ''],
  ['leastconn by weight', 'leastconn', index => `weight ${1 + (index % 7)}`],
  ['leastconn with maxconn 20', 'leastconn', () => 'maxconn 20'],
  ['first with maxconn 20', 'first', () => 'maxconn 20'],
  ['random', 'random', () => ''],
  ['source', 'source', () => ''],
  ['uri', 'uri', () => ''],
  ['uri, consistent', 'uri\n hash-type consistent', () => ''],
];

for (const [name, balance, options] of ALGORITHMS)
  if (wanted === undefined || name.startsWith(wanted))
    for (const servers of [10, 500, 4000]) run(name, balance, servers, options);
