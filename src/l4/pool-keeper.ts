/**
 * One virtual server at work: its checkers, what they make of its pool, and what is said and run because of that, in
 * keepalived's words. Called by forwarder.ts, which carries the states of its servers into the kernel.
 */
import type { KeepalivedGlobal } from '../model/keepalived.ts';
import type { ScriptCommand } from '../model/script-command.ts';
import type { Checker, RealServer, VirtualServer } from '../model/virtual-server.ts';
import { BfdCheck } from './checkers/bfd-check.ts';
import {
  GOOD,
  type Check,
  type CheckJudge,
  type CheckResult,
  type Findings,
  type GoodResult,
  type RunningCheck,
} from './checkers/check.ts';
import { CheckLoop } from './checkers/check-loop.ts';
import type { Checks } from './checkers/checks.ts';
import { mailWords } from './mail-words.ts';
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
import { ServerChecks } from './server-checks.ts';
import type { ServerState } from './service.ts';
import type { PoolView } from './show-services.ts';

export interface KeeperPorts {
  readonly neighbours: Pick<Neighbours, 'follow'>;
  readonly after: (delayMs: number, callback: () => void) => () => void;
  readonly random: () => number;
  readonly log: (level: 'warning' | 'notice' | 'info', message: string) => void;
  readonly notify: (command: ScriptCommand) => void;
  readonly events: ServiceEvents;
  /** They may change while a pool stays, as well as what checks refer to: files, certificates. */
  readonly manners: () => Manners;
  readonly checks: () => Checks;
  /** What a check says when it is asked without waiting; undefined: it has to be tried. */
  readonly atOnce: (checker: Checker) => CheckResult | undefined;
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
  readonly #checks: readonly ServerChecks[];
  /** Servers that were not there before, and have not been told of. */
  readonly #fresh: readonly number[];
  /** Servers that a reload has brought back: what had failed checks them no more. */
  readonly #returned: readonly number[];
  /** Servers that were down before anybody looked (`alpha`), until their first check. */
  readonly #unseen: Set<number>;
  /** Whether others think that it has its quorum. */
  readonly #hadQuorum: boolean;
  /** Without quorum, and with a sorry server that was not there before. */
  readonly #beginsSorry: boolean;
  #pool: Pool;
  #isSuspended: boolean;

  constructor(resolved: ResolvedService, ports: KeeperPorts, onChange: () => void, before?: PoolKeeper) {
    this.resolved = resolved;
    this.#ports = ports;
    this.#onChange = onChange;
    const { config } = resolved;
    this.#isSuspended = config.haSuspend && before?.isSuspended !== false;
    this.#fresh = [...config.realServers.keys()].filter(
      index => before?.isAlive(config.realServers[index] as RealServer) === undefined,
    );
    this.#checks = config.realServers.map(
      (server, index) =>
        new ServerChecks(server, before?.checksOf(server), {
          atOnce: ports.atOnce,
          make: (checker, start, say) => this.#checkOf(checker, index, start, say),
        }),
    );
    this.#pool = newPool(
      config,
      this.#checks.map(({ isAlive }) => isAlive),
      this.#checks.map(({ weight }) => weight),
    );
    this.#hadQuorum = before?.hasQuorum ?? false;
    this.#returned = config.realServers.flatMap((server, index) =>
      this.#pool.alive[index] === true && before?.isAlive(server) === false ? [index] : [],
    );
    if (before !== undefined) this.#pool = succeed(config, this.#pool, before.hasQuorum);
    this.#beginsSorry = !this.hasQuorum && hasNewSorry(config, before?.resolved.config);
    this.#unseen = new Set(this.#fresh.filter(index => this.#checks[index]?.isAwaited === true));
  }

  start(): void {
    for (const checks of this.#checks) checks.suspend(this.#isSuspended);
    if (this.#ports.manners().rsInitNotifies)
      for (const index of this.#fresh)
        if (this.#pool.alive[index] === true) this.#announceServer(index, true);
    for (const index of this.#returned) this.#tellServer(index, true);
    if (this.hasQuorum !== this.#hadQuorum || this.#beginsSorry)
      this.#tellQuorum(this.hasQuorum, weightOf(this.#pool), true);
    for (const checks of this.#checks) checks.start();
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
      checks.suspend(suspended);
      const name = this.#nameOf(config.realServers[index] as RealServer);
      const what = suspended ? 'Suspending' : 'Activating';
      this.#ports.log('info', `${what} healthchecker for service ${name} for VS ${service.name}`);
    }
  }

  /** At the end of the program. `omega`: what would be run if all servers had failed is run. */
  stop(): void {
    this.#stopChecks();
    if (this.resolved.config.omega) this.#announceEnd(undefined, true);
  }

  /** By a reload. Servers that the next one does not have are gone; without a next one all of it is. */
  giveWayTo(next: PoolKeeper | undefined): void {
    this.#stopChecks();
    this.#announceEnd(next);
  }

  #stopChecks(): void {
    for (const checks of this.#checks) checks.stop();
  }

  /** The end of all is told of whether there was a quorum or not. */
  #announceEnd(next: PoolKeeper | undefined, isStop = false): void {
    for (const [index, server] of this.resolved.config.realServers.entries())
      if (this.#pool.alive[index] === true && next?.isAlive(server) === undefined)
        this.#announceServer(index, false);
    if (next === undefined && (this.hasQuorum || isStop)) this.#announceQuorum(false);
  }

  get states(): readonly ServerState[] {
    return serverStates(this.resolved.config, this.#pool);
  }

  get view(): Omit<PoolView, 'connections'> {
    const { alive, weights, hasQuorum } = this.#pool;
    const failedChecks = this.#checks.map(({ failed }) => failed);
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

  checksOf(server: RealServer): ServerChecks | undefined {
    return this.#checks[this.#indexOf(server)];
  }

  #indexOf({ address }: RealServer): number {
    return this.resolved.config.realServers.findIndex(
      one => one.address.address === address.address && one.address.port === address.port,
    );
  }

  /** Undefined: it is not run. */
  #checkOf(
    checker: Checker,
    index: number,
    start: Findings,
    say: (result: GoodResult) => void,
  ): RunningCheck | undefined {
    const { checks, neighbours, after, random, log } = this.#ports;
    const server = this.resolved.config.realServers[index] as RealServer;
    const name = `${checker.kind} of service ${this.#nameOf(server)}`;
    const judge = this.#judgeOf(checker, index, name, say);
    if (checker.bfd !== undefined) return new BfdCheck(checker, neighbours, judge, start);
    if (checks()[checker.kind] === undefined) return undefined;
    const check: Check = async (one, signal) => (await checks()[one.kind]?.(one, signal)) ?? GOOD;
    const onFailure = (reason: string, left: number, isFirst: boolean): void => {
      if (checker.logAllFailures || left > 0)
        log('info', `${name} failed: ${reason}${loop.good ? `, ${left} more tries` : ''}`);
      if (isFirst && this.#unseen.delete(index)) this.#announceServer(index, false);
    };
    const loop: CheckLoop = new CheckLoop(checker, { after, random, check, ...judge, onFailure }, start);
    return loop;
  }

  #judgeOf(checker: Checker, index: number, name: string, say: (result: GoodResult) => void): CheckJudge {
    return {
      onGood: (result, isNews) => {
        say(result);
        this.#weighAgain(index);
        const hasCome = this.#judge(index);
        if (isNews) this.#mailAbout(index, mailWords(checker), hasCome);
      },
      onFailed: reason => {
        this.#ports.log('info', `${name} failed: ${reason}`);
        const hasGone = this.#judge(index);
        // what it wanted for the weight goes with it
        say(GOOD);
        this.#weighAgain(index);
        this.#mailAbout(index, mailWords(checker, reason), hasGone);
      },
    };
  }

  #weighAgain(index: number): void {
    const wanted = this.#checks[index]?.weight ?? 0;
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
    const up = this.#checks[index]?.isAlive === true;
    const after = changeServer(this.resolved.config, this.#pool, index, up);
    if (after.changes.length === 0) return false;
    this.#unseen.delete(index);
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
    this.#ports.events.mail(subject, `=> ${what} <=`);
  }

  #tellQuorum(up: boolean, sum: number, isStart = false): void {
    const { config, service } = this.resolved;
    const { quorum, hysteresis, sorryServer } = config;
    const { log } = this.#ports;
    const sign = up ? '+' : '-';
    const threshold = up ? quorum + hysteresis : quorum - hysteresis;
    const change = up ? 'Gained quorum' : 'Lost quorum';
    const what = isStart ? `Starting with quorum ${up ? 'up' : 'down'}` : change;
    const sums = `${quorum}${sign}${hysteresis}=${threshold} ${up ? '<=' : '>'} ${sum}`;
    // as keepalived: a quorum is gained at the start, too, but for mail
    log('notice', `${up ? change : what} ${sums} for VS ${service.name}`);
    if (sorryServer !== undefined) {
      const name = `[${sorryServer.address.address}]:${sorryServer.address.port}`;
      log(
        'notice',
        `${up ? 'Removing' : 'Adding'} sorry server ${name} ${up ? 'from' : 'to'} VS ${service.name}`,
      );
    }
    this.#announceQuorum(up);
    if (config.smtpAlert)
      this.#ports.events.mail(
        `Virtualserver ${service.name} - ${up ? 'UP' : 'DOWN'}`,
        `=> ${what} ${sums} <=`,
      );
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

function hasNewSorry({ sorryServer }: VirtualServer, before: VirtualServer | undefined): boolean {
  if (sorryServer === undefined) return false;
  const { address, port } = before?.sorryServer?.address ?? {};
  return sorryServer.address.address !== address || sorryServer.address.port !== port;
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
