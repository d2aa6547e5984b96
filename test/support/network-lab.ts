/**
 * A small network of its own for a test: namespaces on a bridge, a client that asks a virtual address every 10 ms, and
 * routers - this program or keepalived - in the namespaces. Everything it starts it stops by pid, and its namespaces
 * go when the test ends.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { LB } from './balancer.ts';
import { removeFolder } from './temporary-folder.ts';
import type { InstanceSnapshot, VrrpSnapshot } from '../../src/model/vrrp-snapshot.ts';
import { setTimeout as sleep } from 'node:timers/promises';

export type RouterKind = 'lb' | 'keepalived';

const SUPPORT = new URL('.', import.meta.url).pathname;
const STATE_FOLDER = '/run/lb';
/** keepalived's, `keepalived --signum=JSON`. */
const JSON_SIGNAL = 36;
/** How long the client waits for an answer, and a little. */
const PATIENCE_MS = 230;
/** The time between two requests of the client. */
const PERIOD_MS = 10;
const NEAR_INDEX = 10;
const FAR_INDEX = 100;
let labs = 0;

function run(command: string): string {
  const [program = '', ...words] = command.split(' ');
  return execFileSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** A process whose lines can be waited for. */
export class Watched {
  readonly lines: string[] = [];
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  #waiting: (() => void)[] = [];

  constructor(child: ChildProcess) {
    this.child = child;
    this.ended = new Promise(resolve => child.once('close', () => resolve()));
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', line => {
        this.lines.push(line);
        const waiting = this.#waiting;
        this.#waiting = [];
        for (const resume of waiting) resume();
      });
    }
  }

  /** Resolves with the first line from `from` on that matches. */
  async line(pattern: RegExp, from = 0, timeoutMs = 45_000): Promise<string> {
    const deadline = Date.now() + timeoutMs;
    for (let at = from; ; at++) {
      while (at >= this.lines.length) {
        const left = deadline - Date.now();
        if (left <= 0)
          throw new Error(
            `no line ${String(pattern)} within ${timeoutMs} ms, the last: ${this.lines.slice(-30).join('\n')}`,
          );
        await Promise.race([
          new Promise<void>(resolve => this.#waiting.push(resolve)),
          sleep(left, undefined, { ref: false }),
        ]);
      }
      const line = this.lines[at] ?? '';
      if (pattern.test(line)) return line;
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  describe(): string {
    const { spawnargs, exitCode, signalCode } = this.child;
    const command = spawnargs.slice(3, 7).join(' ');
    return [`${command}: ${signalCode ?? exitCode ?? 'runs'}`, ...this.lines.slice(-8)].join('\n  ');
  }
}

export class Router {
  readonly kind: RouterKind;
  readonly node: string;
  readonly watched: Watched;
  readonly #config: string;

  constructor(kind: RouterKind, node: string, watched: Watched, config: string) {
    this.kind = kind;
    this.node = node;
    this.watched = watched;
    this.#config = config;
  }

  /** Waits until an instance says that it has entered a state; lines before `from` do not count. */
  async enters(state: 'MASTER' | 'BACKUP' | 'FAULT', instance = 'V', from = 0): Promise<void> {
    const pattern =
      this.kind === 'lb'
        ? new RegExp(`vrrp instance ${instance}: \\w+ -> ${state} `)
        : new RegExp(`\\(${instance}\\) entering ${state} STATE`, 'i');
    await this.watched.line(pattern, from);
  }

  /** How far the output has come: for `enters` from here on. */
  get mark(): number {
    return this.watched.lines.length;
  }

  /** The state it was in last. */
  state(instance = 'V'): string {
    const pattern =
      this.kind === 'lb'
        ? new RegExp(`vrrp instance ${instance}: \\w+ -> (\\w+) `)
        : new RegExp(`\\(${instance}\\) entering (\\w+) STATE`, 'i');
    const found = this.watched.lines
      .map(line => pattern.exec(line)?.[1])
      .filter(state => state !== undefined);
    return found.at(-1) ?? 'INIT';
  }

  /** The process that speaks VRRP. */
  get vrrpPid(): number {
    if (this.kind === 'keepalived') return descendantsOf(this.watched.child.pid ?? 0).at(-1) ?? 0;
    const line = this.watched.lines.findLast(text => text.includes('vrrp: started as process')) ?? '';
    return Number(/process (\d+)/.exec(line)?.[1]);
  }

  /** What speaks VRRP comes first, what serves comes second. */
  beOnTime(): void {
    const { pid = 0 } = this.watched.child;
    if (this.kind === 'lb') beOnTime(pid, 1);
    for (const one of this.kind === 'lb' ? [this.vrrpPid] : descendantsOf(pid)) beOnTime(one);
  }

  async snapshot(): Promise<VrrpSnapshot> {
    const path = `${this.#config}.json`;
    rmSync(path, { force: true });
    process.kill(this.vrrpPid, JSON_SIGNAL);
    const text = (): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
    await until(() => text().endsWith(']\n'));
    return snapshotIn(text());
  }

  reload(config: string): void {
    writeFileSync(this.#config, config);
    this.watched.signal('SIGHUP');
  }

  async stop(): Promise<void> {
    this.watched.signal('SIGTERM');
    await this.watched.ended;
  }
}

/** What one of the routers is to say, in the order of `Router.enters`. */
type Expected = readonly [router: Router, state: 'MASTER' | 'BACKUP' | 'FAULT', instance?: string];

/** Acts, and waits until every router has entered its state because of that: what it said before does not count. */
export async function upon(act: () => unknown, ...expected: readonly Expected[]): Promise<void> {
  const marks = expected.map(([router]) => router.mark);
  await act();
  await Promise.all(
    expected.map(([router, state, instance], at) => router.enters(state, instance ?? 'V', marks[at] ?? 0)),
  );
}

interface Sample {
  /** When the request was made, Date.now(). */
  readonly at: number;
  /** The node that answered, or an empty text. */
  readonly by: string;
  readonly error: string;
  readonly tookMs: number;
}

/** Asks all the time; answers with what it saw. */
export class SteadyClient {
  readonly #watched: Watched;

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  take(): Sample[] {
    return this.#watched.lines.filter(line => line.startsWith('{')).map(line => JSON.parse(line) as Sample);
  }

  async answers(by: string, from = 0): Promise<void> {
    await this.#watched.line(new RegExp(`"by":"${by}"`), from);
  }

  /** From its first answer on. */
  beOnTime(): void {
    void this.#watched.line(/^\{/).then(
      () => beOnTime(this.#watched.child.pid),
      () => undefined,
    );
  }

  /** It has begun, answered or not. */
  async asks(): Promise<void> {
    await this.#watched.line(/^\{/);
  }

  get mark(): number {
    return this.#watched.lines.length;
  }

  /** Of a client with requests in flight: waits for all of them, none is begun any more. */
  async finish(): Promise<void> {
    this.#watched.signal('SIGTERM');
    await this.#watched.ended;
  }

  /**
   * The longest time without service in the samples from `from` on: between two requests that were answered, with one
   * between them that was not. A client that did not get to ask has lost nothing: at either end not more counts than
   * the time between two requests. Answers may come in another order than requests: those under way are waited for.
   */
  async outageMs(from = 0): Promise<number> {
    let longest = 0;
    let lastGood: number | undefined;
    let firstBad: number | undefined;
    let lastBad = 0;
    for (const { by, at } of await this.#samplesFrom(from)) {
      if (by === '') {
        firstBad ??= at;
        lastBad = at;
        continue;
      }
      if (firstBad !== undefined && lastGood !== undefined) {
        const before = Math.min(firstBad - lastGood, PERIOD_MS);
        const after = Math.min(at - lastBad, PERIOD_MS);
        longest = Math.max(longest, before + lastBad - firstBad + after);
      }
      lastGood = at;
      firstBad = undefined;
    }
    return longest;
  }

  /** When the first answer came of `by`, after the last request that somebody else answered. */
  async settledAt(by: string, from = 0): Promise<number> {
    const answered = (await this.#samplesFrom(from)).filter(sample => sample.by !== '');
    const others = answered.findLastIndex(sample => sample.by !== by);
    const times = answered.slice(others + 1).map(({ at, tookMs }) => at + tookMs);
    if (times.length === 0) throw new Error(`${answered.at(-1)?.by} answers, not ${by}`);
    return Math.min(...times);
  }

  /** In the order of requests, with the last one before. */
  async #samplesFrom(from: number): Promise<Sample[]> {
    await sleep(PATIENCE_MS);
    return this.take()
      .slice(Math.max(0, from - 1))
      .toSorted((one, other) => one.at - other.at);
  }
}

export class Lab {
  readonly prefix: string;
  readonly folder = mkdtempSync(join(tmpdir(), 'lb-vrrp-'));
  readonly #names: string[] = [];
  readonly #processes: Watched[] = [];
  #files = 0;
  /** Where `lb` finds programs. */
  #path = process.env['PATH'];

  constructor() {
    labs++;
    this.prefix = `lb${process.pid % 100_000}x${labs}`;
  }

  /** Nodes `a`, `b`, ... get 10.9.0.1, .2, ... and fd09::1, ...; `client` is 10.9.0.9. Each has `links` interfaces. */
  static create(t: TestContext, nodes: readonly string[], links = 1): Lab {
    const lab = new Lab();
    t.after(() => lab.destroy());
    for (let link = 0; link < links; link++) {
      lab.#addNamespace(`br${link}`);
      lab.in(`br${link}`, 'ip link add br0 type bridge mcast_snooping 0');
      lab.in(`br${link}`, 'ip link set dev br0 up');
    }
    for (const [index, node] of [...nodes, 'client'].entries())
      lab.#addNode(node, node === 'client' ? 9 : index + 1, links);
    return lab;
  }

  #addNamespace(name: string): void {
    run(`ip netns add ${this.prefix}${name}`);
    this.#names.push(name);
    this.in(name, 'ip link set dev lo up');
  }

  #addNode(node: string, number: number, links: number): void {
    this.#addNamespace(node);
    // IPv6 addresses are not usable while duplicates are looked for
    this.in(node, 'sysctl -q -w net.ipv6.conf.default.accept_dad=0');
    for (let link = 0; link < links; link++) {
      const bridge = `br${link}`;
      // with the same index at either end the kernel tells a lost carrier up to a second late
      const far = `name ${node} index ${FAR_INDEX + number} netns ${this.prefix}${bridge}`;
      run(`ip -n ${this.prefix}${node} link add eth${link} index ${NEAR_INDEX + link} type veth peer ${far}`);
      this.in(bridge, `ip link set dev ${node} master br0 up`);
      this.in(node, `ip addr add 10.9.${link}.${number}/24 dev eth${link}`);
      this.in(node, `ip addr add fd09:${link}::${number}/64 dev eth${link} nodad`);
      this.in(node, `ip link set dev eth${link} up`);
    }
  }

  in(node: string, command: string): string {
    return run(`ip netns exec ${this.prefix}${node} ${command}`);
  }

  start(node: string, program: string, words: readonly string[], path = process.env['PATH']): Watched {
    const child = spawn('ip', ['netns', 'exec', `${this.prefix}${node}`, program, ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PATH: path },
    });
    const watched = new Watched(child);
    this.#processes.push(watched);
    return watched;
  }

  /** A router that runs; it has not been elected yet. `balancer`, `options`: haproxy.cfg and words of an `lb`. */
  async router(
    node: string,
    kind: RouterKind,
    config: string,
    balancer = '',
    options: readonly string[] = [],
  ): Promise<Router> {
    const path = join(this.folder, `${node}${++this.#files}.conf`);
    writeFileSync(path, config);
    const watched =
      kind === 'lb' ? this.#startLb(node, path, balancer, options) : this.#startKeepalived(node, path);
    const router = new Router(kind, node, watched, path);
    await watched.line(
      kind === 'lb' ? /vrrp: started/ : /Entering BACKUP STATE|Entering FAULT STATE|VRRP sockpool/,
    );
    return router;
  }

  #startLb(node: string, path: string, balancer: string, options: readonly string[]): Watched {
    const files = [...options, '-k', `${path}.own`, '-k', path];
    if (balancer !== '') {
      const engine = process.env['LB_TEST_ENGINE'];
      const chosen = engine === undefined ? '' : `global\n  tune.engine ${engine}\n`;
      writeFileSync(`${path}.cfg`, balancer + chosen);
      files.push('-f', `${path}.cfg`);
    }
    writeFileSync(
      `${path}.own`,
      `global_defs {\n  json_dump_file ${path}.json\n  state_dump_file ${path}.data\n}\n`,
    );
    return this.start(node, LB, files, this.#path);
  }

  #startKeepalived(node: string, path: string): Watched {
    const pid = (what: string): string => join(this.folder, `${node}${this.#files}.${what}.pid`);
    const words = ['-n', '-l', '-D', '-P', '-f', path, '-p', pid('main'), '-r', pid('vrrp')];
    // any of its processes that runs elsewhere would keep it from starting
    words.push('-c', pid('checkers'), '-b', pid('bfd'));
    return this.start(node, 'keepalived', words);
  }

  /** From now on every `lb` waits that long for each nft. */
  slowNft(ms: number): void {
    const folder = join(this.folder, 'slow');
    const nft = run('which nft').trim();
    mkdirSync(folder);
    writeFileSync(join(folder, 'nft'), `#!/bin/sh\nsleep ${ms / 1000}\nexec ${nft} "$@"\n`, { mode: 0o755 });
    this.#path = `${folder}:${this.#path}`;
  }

  /** A service on every address of the node that answers with the node's name. */
  async responder(node: string, port = 8000): Promise<Watched> {
    const program = join(SUPPORT, 'name-responder.js');
    const watched = this.start(node, process.execPath, [program, node, String(port)]);
    await watched.line(/listening/);
    beOnTime(watched.child.pid);
    return watched;
  }

  /** An HTTP server that answers with the node's name after a while. */
  async slowServer(node: string, port: number, delayMs: number): Promise<Watched> {
    const program = join(SUPPORT, 'slow-server.js');
    const watched = this.start(node, process.execPath, [program, node, String(port), String(delayMs)]);
    await watched.line(/listening/);
    beOnTime(watched.child.pid);
    return watched;
  }

  /** Prints the adverts of others that reach a node (vrrp/heard-adverts.ts). */
  async ear(node: string, link: string, routerId: number): Promise<Watched> {
    const words = [join(SUPPORT, 'vrrp/advert-ear.js'), link, String(routerId)];
    const watched = this.start(node, process.execPath, words);
    await watched.line(/listening/);
    beOnTime(watched.child.pid);
    return watched;
  }

  /** Prints when the carrier of an interface has come (vrrp/carrier-watch.ts). */
  async carrier(node: string, link: string): Promise<Watched> {
    const watched = this.start(node, process.execPath, [join(SUPPORT, 'vrrp/carrier-watch.js'), link]);
    await watched.line(/listening/);
    beOnTime(watched.child.pid);
    return watched;
  }

  client(address: string): SteadyClient {
    const client = this.#asking('steady-client.js', [address]);
    client.beOnTime();
    return client;
  }

  /** A client with many requests in flight (request-stream.ts). */
  requests(address: string, count = 20): SteadyClient {
    return this.#asking('request-stream.js', [address, String(count)]);
  }

  #asking(program: string, words: readonly string[]): SteadyClient {
    return new SteadyClient(this.start('client', process.execPath, [join(SUPPORT, program), ...words]));
  }

  /** The machine dies: its processes at once, and its cable. */
  kill(router: Router): void {
    this.killProcess(router);
    this.cut(router.node);
  }

  killProcess(router: Router): void {
    const pid = router.watched.child.pid ?? 0;
    for (const child of descendantsOf(pid)) kill(child);
    router.watched.signal('SIGKILL');
  }

  /** The cable of a node, at the far end: the node sees the carrier go. */
  cut(node: string, link = 0): void {
    this.in(`br${link}`, `ip link set dev ${node} down`);
  }

  plug(node: string, link = 0): void {
    this.in(`br${link}`, `ip link set dev ${node} up`);
  }

  /** Nodes that are parted do not hear each other, but everybody else; their links stay up. */
  part(nodes: readonly string[], parted = true, link = 0): void {
    for (const node of nodes)
      this.in(`br${link}`, `bridge link set dev ${node} isolated ${parted ? 'on' : 'off'}`);
  }

  holds(node: string, address: string): boolean {
    return this.in(node, 'ip -o addr show').includes(` ${address}/`);
  }

  async until(condition: () => boolean, timeoutMs?: number): Promise<void> {
    await until(condition, timeoutMs);
  }

  /** What its processes said last, for whoever has to understand a failure. */
  describe(): string {
    return this.#processes.map(watched => watched.describe()).join('\n');
  }

  /** Before the test ends, to make room for another one. */
  async destroyNow(): Promise<void> {
    await this.destroy();
    this.#names.length = 0;
    this.#processes.length = 0;
  }

  /** With what killed routers in it left to be remembered. */
  #removeNamespace(name: string): void {
    const { ino } = statSync(`/run/netns/${this.prefix}${name}`);
    run(`ip netns del ${this.prefix}${name}`);
    const remembered = existsSync(STATE_FOLDER) ? readdirSync(STATE_FOLDER) : [];
    for (const file of remembered)
      if (file.startsWith(`vrrp-${ino}.`)) rmSync(join(STATE_FOLDER, file), { force: true });
  }

  async destroy(): Promise<void> {
    for (const { child } of this.#processes) {
      if (child.pid === undefined || child.exitCode !== null) continue;
      for (const pid of descendantsOf(child.pid)) kill(pid);
      kill(child.pid);
    }
    await Promise.all(this.#processes.map(watched => watched.ended));
    for (const name of this.#names) this.#removeNamespace(name);
    removeFolder(this.folder);
  }
}

/**
 * What is measured, and what is measured with, is not late while other tests keep the machine busy; where that is
 * forbidden it may be. With all its threads, not with what it started.
 */
function beOnTime(pid: number | undefined, priority = 2): void {
  try {
    run(`chrt -a -r -p ${priority} ${pid}`);
  } catch {
    // it is as late as everything else
  }
}

/** What stands behind keepalived's members of the JSON file. */
function snapshotIn(text: string): VrrpSnapshot {
  interface Own {
    readonly instance: InstanceSnapshot;
    readonly node: Pick<VrrpSnapshot, 'unknownRouterIds' | 'brokenPackets' | 'droppedPackets'>;
  }
  const entries = JSON.parse(text) as { readonly lb: Own }[];
  const node = entries[0]?.lb.node ?? { unknownRouterIds: 0, brokenPackets: 0, droppedPackets: 0 };
  return { instances: entries.map(({ lb }) => lb.instance), groups: [], scripts: [], processes: [], ...node };
}

async function until(condition: () => boolean, timeoutMs = 10_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${condition.toString()}`);
    await sleep(20);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it ended by itself
  }
}

/** keepalived works in a child process, `lb` has one behind a shell: the deepest come first. */
function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap(child => [...descendantsOf(child), child]);
}

function childrenOf(pid: number): number[] {
  try {
    return execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
      .split('\n')
      .filter(Boolean)
      .map(Number);
  } catch {
    return [];
  }
}
