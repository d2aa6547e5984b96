/**
 * Where keys go: the matrix of hash settings, requests made from keys, and two that answer: the real haproxy
 * (asked over pipelined connections, the server's name comes back in a header) and our balancers over a shared
 * state of their own.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { BalanceFacts } from '../../src/balancers/balancer.ts';
import { createBalancer } from '../../src/balancers/create-balancer.ts';
import type { Config } from '../../src/model/config.ts';
import { ADMIN_FMAINT } from '../../src/state/server-words.ts';
import type { ServerWriter } from '../../src/state/server-writer.ts';
import type { SharedState } from '../../src/state/shared-state.ts';
import { createState } from './state.ts';

type KeyKind = 'source' | 'uri' | 'host' | 'header' | 'parameter' | 'form';

export interface PlacementCase {
  readonly balance: string;
  readonly hashType: string;
  readonly weights: readonly number[];
  readonly keys: KeyKind;
}

const BALANCES: readonly (readonly [string, KeyKind])[] = [
  ['source', 'source'],
  ['uri', 'uri'],
  ['uri whole', 'uri'],
  ['uri len 12 depth 2', 'uri'],
  ['uri path-only', 'uri'],
  ['hdr(x-key)', 'header'],
  ['hdr(host) use_domain_only', 'host'],
  ['url_param id', 'parameter'],
  ['hash req.fhdr(x-key)', 'header'],
  ['url_param id check_post', 'form'],
];
const WEIGHTS: readonly (readonly number[])[] = [
  [1, 1, 1, 1, 1],
  [10, 20, 0, 5, 1],
  [100, 40, 256, 3, 0],
];
const FUNCTIONS = ['sdbm', 'djb2', 'wt6', 'crc32'];

/** Every method, function and modifier with every key; `allWeights`: times every set of weights. */
export function placementMatrix(allWeights: boolean): PlacementCase[] {
  const cases: PlacementCase[] = [];
  for (const [balance, keys] of BALANCES)
    for (const method of ['map-based', 'consistent'])
      for (const name of FUNCTIONS)
        for (const modifier of ['', ' avalanche']) {
          const hashType = `${method} ${name}${modifier}`;
          const sets = allWeights ? WEIGHTS : [WEIGHTS[cases.length % WEIGHTS.length] as readonly number[]];
          for (const weights of sets) cases.push({ balance, hashType, weights, keys });
        }
  return cases;
}

export function backendName(index: number): string {
  return `b${index}`;
}

/** The backends of the cases; all servers are the same address, the balancer does not mind. */
function backendSections(cases: readonly PlacementCase[], address: string): string {
  return cases
    .map(({ balance, hashType, weights }, index) =>
      [
        `backend ${backendName(index)}`,
        `  balance ${balance}`,
        `  hash-type ${hashType}`,
        ...weights.map((weight, at) => `  server s${at + 1} ${address} weight ${weight}`),
      ].join('\n'),
    )
    .join('\n');
}

/**
 * A configuration for haproxy that answers each request with the name of the server it was sent to. Nobody listens at
 * the servers' address: that a connection fails is told with the name as well, and sooner than a server would answer.
 */
export function haproxyConfig(cases: readonly PlacementCase[], port: number, adminSocket?: string): string {
  return `global
  nbthread 1
${adminSocket === undefined ? '' : `  stats socket ${adminSocket} level admin`}
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 5s
  retries 0
  http-error status 503 content-type text/plain string -
frontend in
  bind 127.0.0.1:${port}
  http-request set-src hdr(x-src) if { hdr(x-src) -m found }
  http-after-response set-header x-s %s
  use_backend %[req.hdr(x-be)]
${backendSections(cases, `abns@lb-placement-${port}`)}
`;
}

/** Numbers that look random and are the same in each run. */
export function createNumbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface KeyedRequest {
  /** With a body it is a POST. */
  readonly body?: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
}

function keyedRequest(kind: KeyKind, number: (below: number) => number): KeyedRequest {
  const word = (): string => number(2 ** 31).toString(36);
  switch (kind) {
    case 'source':
      return { target: '/', headers: { host: 'h', 'x-src': number(4) === 0 ? ipv6(number) : ipv4(number) } };
    case 'uri':
      return { target: uri(number, word), headers: { host: 'h' } };
    case 'header':
      return { target: '/', headers: { host: 'h', 'x-key': headerValue(number, word) } };
    case 'host':
      return { target: '/', headers: { host: host(number, word) } };
    case 'form': {
      // No white space behind the value: HAProxy 2.6 takes it for a part of it, 3.4 does not.
      const body = `${number(2) === 0 ? 'xid=7&' : ''}id=${word()}${['', '&z=2'][number(2)]}`;
      return { target: `/${word()}`, headers: { host: 'h', 'content-length': String(body.length) }, body };
    }
    case 'parameter':
      return {
        target: `/${word()}?a=1&${number(2) === 0 ? 'xid=7&' : ''}id=${word()}${tail(number)}`,
        headers: { host: 'h' },
      };
  }
}

function tail(number: (below: number) => number): string {
  return ['', '&z=2', '&id=twice'][number(3)] as string;
}

function ipv4(number: (below: number) => number): string {
  return [1 + number(223), number(256), number(256), number(256)].join('.');
}

function ipv6(number: (below: number) => number): string {
  return Array.from({ length: 8 }, () => number(65536).toString(16)).join(':');
}

function uri(number: (below: number) => number, word: () => string): string {
  const path = `/${word()}${number(2) === 0 ? `/${word()}` : ''}${number(3) === 0 ? `/deep/${word()}.html` : ''}`;
  const query = number(3) === 0 ? `?q=${word()}/${word()}` : '';
  const authority = number(5) === 0 ? 'http://h' : '';
  return authority + path + query;
}

function headerValue(number: (below: number) => number, word: () => string): string {
  switch (number(5)) {
    case 0:
      return `${word()}, ${word()}`;
    case 1:
      return `"${word()},x" ,${word()}`;
    case 2:
      return `\u00e9${word()}\u00ff${word()}`;
    default:
      return word();
  }
}

function host(number: (below: number) => number, word: () => string): string {
  switch (number(4)) {
    case 0:
      return word();
    case 1:
      return `${word()}.com`;
    case 2:
      return `www.${word()}.co.uk`;
    default:
      return `a.${word()}.example:8080`;
  }
}

/** As many requests as go into one buffer of haproxy; with more it answers 400 to some (2.6). */
const PIPELINED = 80;

/** Asks haproxy where the requests go; pipelined, in order. */
export async function askHaproxy(
  port: number,
  backend: string,
  requests: readonly KeyedRequest[],
): Promise<string[]> {
  const socket = connect(port, '127.0.0.1');
  const names: string[] = [];
  let rest = '';
  const sendNext = (): void => {
    const next = requests.slice(names.length, names.length + PIPELINED);
    if (next.length === 0) socket.destroy();
    else socket.write(next.map(request => renderRequest(request, backend)).join(''), 'latin1');
  };
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    rest += chunk;
    const last = rest.lastIndexOf('\r\n\r\n');
    if (last < 0) return;
    for (const match of rest.slice(0, last).matchAll(/^x-s: (\S+)/gm)) names.push(match[1] as string);
    rest = rest.slice(last + 4);
    if (names.length % PIPELINED === 0 || names.length === requests.length) sendNext();
  });
  sendNext();
  await once(socket, 'close');
  if (names.length !== requests.length)
    throw new Error(
      `${backend}: ${names.length} of ${requests.length} answers, the last: ${rest.slice(0, 200)}`,
    );
  return names;
}

function renderRequest({ target, headers, body }: KeyedRequest, backend: string): string {
  const lines = Object.entries({ ...headers, 'x-be': backend }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return `${methodOf(body)} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`;
}

/** s1 s2 s1: `aba`. */
export function letters(servers: readonly string[]): string {
  return servers.map(name => String.fromCharCode(96 + Number(name.slice(1)))).join('');
}

/** The same requests in every run. */
export function requestsOf({ keys }: PlacementCase, index: number, count: number): KeyedRequest[] {
  const number = createNumbers(index + 1);
  return Array.from({ length: count }, () => keyedRequest(keys, number));
}

export class OwnPlacement {
  readonly #config: Config;
  readonly #state: SharedState;
  readonly #writer: ServerWriter;

  constructor(cases: readonly PlacementCase[]) {
    const { config, control, writer } = createState(backendSections(cases, '127.0.0.1:80'));
    this.#config = config;
    this.#state = control;
    this.#writer = writer;
  }

  place(index: number, requests: readonly KeyedRequest[]): string[] {
    const proxy = this.#config.proxies[index];
    if (proxy === undefined) throw new Error(`no backend ${index}`);
    const balancer = createBalancer(this.#state, index, proxy);
    if (balancer === undefined) throw new Error(`no balancer for ${proxy.name}`);
    const first = this.#state.plan.firstServer[index] as number;
    return requests.map(request => `s${balancer.pick(factsOf(request), -1) - first + 1}`);
  }

  disable(index: number, server: number): void {
    this.#writer.setAdmin((this.#state.plan.firstServer[index] as number) + server, ADMIN_FMAINT, 0);
  }
}

function methodOf(body: string | undefined): string {
  return body === undefined ? 'GET' : 'POST';
}

export function factsOf({ target, headers, body }: KeyedRequest): BalanceFacts {
  const source = headers['x-src'] ?? '127.0.0.1';
  return {
    remote: { family: source.includes(':') ? 6 : 4, host: source, port: 1 },
    request: {
      method: methodOf(body),
      target,
      version: 11,
      headers: { get: (name: string) => headers[name] },
    },
    payload: () => body ?? '',
    expression: () => headers['x-key'],
  } as unknown as BalanceFacts;
}
