/**
 * One virtual server at work: its checkers, what they make of its pool, and what is said and run because of that, in
 * keepalived's words. Called by forwarder.ts, which carries the states of its servers into the kernel.
 */
import type { KeepalivedGlobal } from '../model/keepalived.ts';
import type { ScriptCommand } from '../model/script-command.ts';
import type { Checker, RealServer, VirtualServer } from '../model/virtual-server.ts';
import { BfdCheck } from './checkers/bfd-check.ts';
import type { CheckJudge, GoodResult, RunningCheck } from './checkers/check.ts';
import { CheckLoop } from './checkers/check-loop.ts';
import type { Checks } from './checkers/checks.ts';
import type { Neighbours } from './neighbours.ts';
import {
  changeServer,
  changeWeight,
  newPool,
  serverStates,
  succeed,
  weightOf,
  type Pool,
  type PoolChange,
} from './pool.ts';
import type { ResolvedService } from './resolve-services.ts';
import type { ServerState } from './service.ts';
import type { PoolView } from './show-services.ts';

/** keepalived's. */
const MOST_WEIGHT = 65_535;

export interface KeeperPorts {
  readonly checks: Checks;
  readonly neighbours: Pick<Neighbours, 'follow'>;
  readonly after: (delayMs: number, callback: () => void) => () => void;
  readonly random: () => number;
  readonly log: (level: 'warning' | 'notice' | 'info', message: string) => void;
  readonly notify: (command: ScriptCommand) => void;
  readonly events: ServiceEvents;
  /** They may change while a pool stays. */
  readonly manners: () => Manners;
}

/** What others are told: a line for pipes (`lvs_notify_fifo`), and mail (`smtp_alert`). */
export interface ServiceEvents {
  line(text: string): void;
  mail(subject: string, body: string): void;
}

type Manners = Pick<KeepalivedGlobal, 'noCheckerEmails' | 'rsInitNotifies'>;

export class PoolKeeper {
  readonly resolved: ResolvedService;
  readonly #ports: KeeperPorts;
  readonly #onChange: () => void;
  /** By real server. */
  readonly #checks: readonly (readonly RunningCheck[])[];
  /** Servers that were not there before, and have not been told of. */
  readonly #fresh: readonly number[];
  /** Servers that were down before anybody looked (`alpha`), until their first check. */
  readonly #unseen: Set<number>;
  /** Whether others think that it has its quorum. */
  readonly #hadQuorum: boolean;
  #pool: Pool;
  #isSuspended: boolean;

  constructor(resolved: ResolvedService, ports: KeeperPorts, onChange: () => void, before?: PoolKeeper) {
    this.resolved = resolved;
    this.#ports = ports;
    this.#onChange = onChange;
    const { config } = resolved;
    this.#pool = newPool(config);
    this.#isSuspended = config.haSuspend && before?.isSuspended !== false;
    for (const [index, server] of config.realServers.entries()) {
      const alive = before?.isAlive(server);
      if (alive !== undefined) this.#pool = changeServer(config, this.#pool, index, alive).pool;
      const weight = isWeighed(server) ? before?.weightSaid(server) : undefined;
      if (weight !== undefined) this.#pool = changeWeight(config, this.#pool, index, weight).pool;
    }
    this.#fresh = [...config.realServers.keys()].filter(
      index => before?.isAlive(config.realServers[index] as RealServer) === undefined,
    );
    this.#checks = config.realServers.map((server, index) =>
      server.checkers.flatMap(checker => this.#checkOf(checker, server, index) ?? []),
    );
    this.#hadQuorum = before?.hasQuorum ?? false;
    // with `alpha` it would wait for a check that nobody runs
    for (const [index, checks] of this.#checks.entries())
      if (checks.length === 0) this.#pool = changeServer(config, this.#pool, index, true).pool;
    if (before !== undefined) this.#pool = succeed(config, this.#pool, before.hasQuorum);
    this.#unseen = new Set(this.#fresh.filter(index => this.#pool.alive[index] !== true));
  }

  start(): void {
    for (const check of this.#checks.flat()) check.suspend(this.#isSuspended);
    if (this.#ports.manners().rsInitNotifies)
      for (const index of this.#fresh)
        if (this.#pool.alive[index] === true) this.#announceServer(index, true);
    if (this.hasQuorum !== this.#hadQuorum) this.#tellQuorum(this.hasQuorum, weightOf(this.#pool));
    for (const check of this.#checks.flat()) check.start();
  }

  get hasQuorum(): boolean {
    return this.#pool.hasQuorum;
  }

  get isSuspended(): boolean {
    return this.#isSuspended;
  }

  /** `ha_suspend`: servers are checked only while the address is here; they stay what they were. */
  suspend(suspended: boolean): void {
    const { config, service } = this.resolved;
    if (!config.haSuspend || suspended === this.#isSuspended) return;
    this.#isSuspended = suspended;
    for (const [index, checks] of this.#checks.entries()) {
      for (const check of checks) check.suspend(suspended);
      const name = this.#nameOf(config.realServers[index] as RealServer);
      const what = suspended ? 'Suspending' : 'Activating';
      this.#ports.log('info', `${what} healthchecker for service ${name} for VS ${service.name}`);
    }
  }

  /** At the end of the program. `omega`: what would be run if all servers had failed is run. */
  stop(): void {
    this.#stopChecks();
    if (this.resolved.config.omega) this.#announceEnd(undefined);
  }

  /** By a reload. Servers that the next one does not have are gone; without a next one all of it is. */
  giveWayTo(next: PoolKeeper | undefined): void {
    this.#stopChecks();
    this.#announceEnd(next);
  }

  #stopChecks(): void {
    for (const check of this.#checks.flat()) check.stop();
  }

  #announceEnd(next: PoolKeeper | undefined): void {
    for (const [index, server] of this.resolved.config.realServers.entries())
      if (this.#pool.alive[index] === true && next?.isAlive(server) === undefined)
        this.#announceServer(index, false);
    if (next === undefined && this.hasQuorum) this.#announceQuorum(false);
  }

  get states(): readonly ServerState[] {
    return serverStates(this.resolved.config, this.#pool);
  }

  get view(): Omit<PoolView, 'connections'> {
    const { alive, weights, hasQuorum } = this.#pool;
    const failedChecks = this.#checks.map(checks => checks.filter(({ good }) => !good).length);
    return {
      resolved: this.resolved,
      alive,
      weights,
      failedChecks,
      hasQuorum,
      isSuspended: this.#isSuspended,
    };
  }

  /** Undefined: it is not one of its servers. */
  isAlive(server: RealServer): boolean | undefined {
    return this.#pool.alive[this.#indexOf(server)];
  }

  /** What a check has said; undefined: none has said another weight than its own. */
  weightSaid(server: RealServer): number | undefined {
    const index = this.#indexOf(server);
    const weight = this.#pool.weights[index];
    return weight === this.resolved.config.realServers[index]?.weight ? undefined : weight;
  }

  #indexOf({ address }: RealServer): number {
    return this.resolved.config.realServers.findIndex(
      one => one.address.address === address.address && one.address.port === address.port,
    );
  }

  /** Undefined: it is not run. */
  #checkOf(checker: Checker, server: RealServer, index: number): RunningCheck | undefined {
    const { checks, neighbours, after, random, log } = this.#ports;
    const alive = this.#pool.alive[index] === true;
    const name = `${checker.kind} of service ${this.#nameOf(server)}`;
    const judge = this.#judgeOf(checker, index, name);
    if (checker.bfd !== undefined) return new BfdCheck(checker, neighbours, judge, alive);
    const check = checks[checker.kind];
    if (check === undefined) return undefined;
    const loop: CheckLoop = new CheckLoop(
      checker,
      {
        after,
        random,
        check,
        ...judge,
        onFailure: (reason, left) => {
          if (checker.logAllFailures || left > 0)
            log('info', `${name} failed: ${reason}${loop.good ? `, ${left} more tries` : ''}`);
          if (this.#unseen.delete(index)) this.#announceServer(index, false);
        },
      },
      alive,
      !this.#fresh.includes(index),
    );
    return loop;
  }

  #judgeOf(checker: Checker, index: number, name: string): CheckJudge {
    return {
      onGood: (result, isNews) => {
        this.#unseen.delete(index);
        this.#weighAgain(index, result);
        const hasCome = this.#judge(index);
        if (isNews) this.#mailAbout(index, `${wordsOf(checker)} succeed`, hasCome);
      },
      onFailed: reason => {
        this.#ports.log('info', `${name} failed: ${reason}`);
        const hasGone = this.#judge(index);
        this.#mailAbout(index, `${wordsOf(checker)} failed`, hasGone);
      },
    };
  }

  #weighAgain(index: number, { weight, added }: GoodResult): void {
    if (weight === undefined && added === undefined) return;
    const own = this.resolved.config.realServers[index]?.weight ?? 1;
    const wanted = weight ?? Math.max(0, Math.min(MOST_WEIGHT, own + (added ?? 0)));
    if (this.#pool.weights[index] !== wanted) this.#weigh(index, wanted);
  }

  #weigh(index: number, weight: number): void {
    const { config, service } = this.resolved;
    const server = config.realServers[index] as RealServer;
    this.#ports.log(
      'notice',
      `Changing weight from ${this.#pool.weights[index]} to ${weight} for service ${this.#nameOf(server)} of VS ${service.name}`,
    );
    this.#take(changeWeight(config, this.#pool, index, weight));
    this.#onChange();
  }

  /** A server is alive while no checker of it has failed. True: it has come or gone. */
  #judge(index: number): boolean {
    const up = (this.#checks[index] ?? []).every(({ good }) => good);
    const after = changeServer(this.resolved.config, this.#pool, index, up);
    if (after.changes.length === 0) return false;
    this.#take(after);
    this.#onChange();
    return true;
  }

  #take({ pool, changes }: { readonly pool: Pool; readonly changes: readonly PoolChange[] }): void {
    this.#pool = pool;
    for (const change of changes) {
      if (change.kind === 'server') this.#tellServer(change.index, change.up);
      else this.#tellQuorum(change.up, change.sum);
    }
  }

  #tellServer(index: number, up: boolean): void {
    const { config, service } = this.resolved;
    const server = config.realServers[index] as RealServer;
    const [verb, joint] = server.inhibitOnFailure
      ? [up ? 'Enabling' : 'Disabling', 'of']
      : [up ? 'Adding' : 'Removing', up ? 'to' : 'from'];
    this.#ports.log('notice', `${verb} service ${this.#nameOf(server)} ${joint} VS ${service.name}`);
    this.#announceServer(index, up);
  }

  #announceServer(index: number, up: boolean): void {
    const { config, service } = this.resolved;
    const server = config.realServers[index] as RealServer;
    this.#ports.events.line(`RS ${this.#nameOf(server)} ${service.name} ${up ? 'UP' : 'DOWN'}`);
    this.#notify(up ? server.notifyUp : server.notifyDown);
  }

  #mailAbout(index: number, what: string, changed: boolean): void {
    const { config, service } = this.resolved;
    const server = config.realServers[index] as RealServer;
    if (!server.smtpAlert || (!changed && this.#ports.manners().noCheckerEmails)) return;
    const state = this.#pool.alive[index] === true ? 'UP' : 'DOWN';
    const subject = `Realserver ${this.#nameOf(server)} of virtual server ${service.name} - ${state}`;
    this.#ports.events.mail(subject, `=> ${what} on service <=`);
  }

  #tellQuorum(up: boolean, sum: number): void {
    const { config, service } = this.resolved;
    const { quorum, hysteresis, sorryServer } = config;
    const { log } = this.#ports;
    const sign = up ? '+' : '-';
    const threshold = up ? quorum + hysteresis : quorum - hysteresis;
    const what = `${up ? 'Gained' : 'Lost'} quorum ${quorum}${sign}${hysteresis}=${threshold} ${up ? '<=' : '>'} ${sum}`;
    log('notice', `${what} for VS ${service.name}`);
    if (sorryServer !== undefined) {
      const name = `[${sorryServer.address.address}]:${sorryServer.address.port}`;
      log(
        'notice',
        `${up ? 'Removing' : 'Adding'} sorry server ${name} ${up ? 'from' : 'to'} VS ${service.name}`,
      );
    }
    this.#announceQuorum(up);
    if (config.smtpAlert)
      this.#ports.events.mail(`Virtualserver ${service.name} - ${up ? 'UP' : 'DOWN'}`, `=> ${what} <=`);
  }

  #announceQuorum(up: boolean): void {
    const { config, service } = this.resolved;
    this.#ports.events.line(`VS ${service.name} ${up ? 'UP' : 'DOWN'}`);
    this.#notify(up ? config.quorumUp : config.quorumDown);
  }

  #notify(command: ScriptCommand | undefined): void {
    if (command !== undefined) this.#ports.notify(command);
  }

  #nameOf({ address }: RealServer): string {
    const { protocol } = this.resolved.service;
    return `[${address.address}]:${protocol ?? 'none'}:${address.port}`;
  }
}

/** Checks may say its weight. */
function isWeighed({ checkers }: RealServer): boolean {
  return checkers.some(({ misc, file }) => misc?.dynamic === true || file !== undefined);
}

/** In mail: `TCP CHECK`, `HTTP GET`, ... */
function wordsOf({ kind }: Checker): string {
  return kind.replace('_', ' ');
}

/** The same but for where it stands in its file. */
export function sameServer(one: VirtualServer, other: VirtualServer): boolean {
  return withoutPlaces(one) === withoutPlaces(other);
}

function withoutPlaces(server: VirtualServer): string {
  return JSON.stringify(server, (key, value: unknown) => {
    if (key === 'position') return undefined;
    return value === Infinity ? 'Infinity' : value;
  });
}
