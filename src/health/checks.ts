/**
 * Starts what watches the servers: their life, the checks of all of them, apart from each other, and what follows
 * from traffic. Called by worker/servers/server-watch.ts; what it gives also carries out what administrators order
 * (server-steering.ts).
 */
import type { Config } from '../model/config.ts';
import type { Proxy } from '../model/proxy.ts';
import type { Server } from '../model/server.ts';
import type { Connector } from '../net/connection.ts';
import type { Adopter } from '../net/tls/handshake-wire.ts';
import type { ServerContexts } from '../net/tls/server-contexts.ts';
import type { CheckKind } from '../state/check-reports.ts';
import type { StatePlan } from '../state/plan.ts';
import { CheckJudge } from './check-judge.ts';
import { checkSlots, type CheckSlots } from './check-slots.ts';
import type { CheckWatcher } from './check-watcher.ts';
import { CheckTask } from './check-task.ts';
import { checkersOf, type CheckerTools, type ServerChecker } from './checkers-of.ts';
import { Rulesets } from './rulesets.ts';
import type { CheckExpressions } from './expressions.ts';
import type { LifeEffects } from './life-effects.ts';
import type { ReachAttached } from './open-attached.ts';
import type { SpeakHttp2 } from './http2-opening.ts';
import { LifeServers, type LifeServer } from './life-server.ts';
import { errorLimitReached, type ObservedError } from './observation.ts';
import { Scheduled, Scheduler, TimerAlarm, type Alarm } from './scheduler.ts';
import { ServerAdministration } from './server-administration.ts';
import { ServerLife } from './server-life.ts';
import { ServerSteering } from './server-steering.ts';
import { spreadDelay, startDelays } from './spread.ts';
import { initialHealth, type CheckIntervals } from './advance.ts';
import { inTrackingOrder } from './tracking-order.ts';
import { ADMIN_IMAINT, ADMIN_MAINT, SRV_STOPPED } from '../state/server-words.ts';

export interface ChecksStart extends Omit<LifeEffects, 'alert' | 'event'> {
  readonly config: Config;
  readonly plan: StatePlan;
  readonly expressions: (proxy: Proxy) => CheckExpressions;
  readonly newScope: () => object;
  /** Called when there is something to check. */
  readonly createEngine: () => CheckEngine;
  /** The same, for checks over TLS. */
  readonly createTlsEngine: () => Connector & Adopter;
  readonly serverContexts: ServerContexts;
  readonly speakHttp2: SpeakHttp2;
  readonly reachAttached?: ReachAttached;
  readonly alert?: LifeEffects['alert'];
  readonly event?: LifeEffects['event'];
  readonly alarm?: Alarm;
  readonly watcher?: CheckWatcher;
}

/** What connections of checks are made with. */
interface CheckEngine extends Connector {
  /** Takes what has happened to connections by now. */
  look(): void;
}

/** Slow start grows by steps of 5 %, a second apart at least. */
const LEAST_WARM_MS = 1000;
const WARM_STEPS = 20;

export class Checks {
  readonly life: ServerLife;
  readonly judge: CheckJudge;
  readonly administration: ServerAdministration;
  /** The hand of administrators. */
  readonly steering: ServerSteering;
  readonly servers = new LifeServers();
  readonly #start: ChecksStart;
  readonly #scheduler: Scheduler;
  readonly #tools: CheckerTools;
  readonly #tasks = new Map<string, CheckTask>();
  readonly #checkers = new Map<string, ServerChecker>();
  readonly #warmers = new Map<number, Scheduled>();
  readonly #slots: CheckSlots | undefined;
  #engine: CheckEngine | undefined;
  #tlsEngine: (Connector & Adopter) | undefined;
  #shortestMs = Infinity;

  constructor(start: ChecksStart) {
    this.#start = start;
    this.#scheduler = new Scheduler(start.alarm ?? new TimerAlarm(() => this.#shortestMs), () =>
      this.#engine?.look(),
    );
    this.life = new ServerLife({
      ...start,
      alert: start.alert ?? (() => {}),
      event: start.event ?? (() => {}),
    });
    this.judge = new CheckJudge(this.life);
    this.administration = new ServerAdministration(this.life);
    this.steering = new ServerSteering(this.servers, this.life, this.administration);
    const { config, expressions, plan } = start;
    const [most] = config.global.tune.other.get('tune.max-checks-per-thread') ?? [];
    this.#slots = checkSlots(most, plan.threads);
    this.#tools = {
      config,
      life: this.life,
      administration: this.administration,
      rulesets: new Rulesets(config, expressions),
      expressions: { newScope: start.newScope },
      engine: () => (this.#engine ??= start.createEngine()),
      tlsEngine: () => (this.#tlsEngine ??= start.createTlsEngine()),
      serverContexts: start.serverContexts,
      speakHttp2: start.speakHttp2,
      reachAttached: start.reachAttached ?? (() => undefined),
    };
    this.life.onWarming = server => this.#warm(server);
  }

  /** Knows the servers of the configuration: from now on they can be steered. Nothing is checked yet. */
  know(): void {
    const { config, plan } = this.#start;
    for (const { proxy, backend, server, index } of inTrackingOrder(config.proxies))
      this.#know((plan.firstServer[backend] as number) + index, backend, proxy, server);
    for (const server of this.servers.all()) this.#beginLife(server);
  }

  /** Begins the checks, spread over the shortest interval. */
  begin(): void {
    const { config } = this.#start;
    const tasks = [...this.servers.all()]
      .sort((a, b) => a.row - b.row)
      .flatMap(server => this.#tasksOf(server));
    const { spreadChecks, maxSpreadChecksMs } = config.global;
    const spread = (delayMs: number): number => spreadDelay(delayMs, spreadChecks, Math.random());
    const intervals = tasks.map(({ intervalMs }) => intervalMs);
    const delays = startDelays(intervals, maxSpreadChecksMs, spread);
    for (const [index, task] of tasks.entries()) task.start(delays[index] ?? 0);
  }

  #know(row: number, backend: number, proxy: Proxy, config: Server): LifeServer {
    return this.servers.add(row, backend, proxy, config);
  }

  /** How it stands at first: as `init-state` says, or as the server it tracks. Nothing is told. */
  #beginLife(server: LifeServer): void {
    const { servers } = this.life.effects;
    const { row, config, policy, tracked } = server;
    const health = initialHealth(config.initState, policy);
    if (tracked !== undefined && (servers.admin(tracked.row) & ADMIN_MAINT) !== 0)
      servers.setAdmin(row, ADMIN_IMAINT, 0);
    const paused = this.life.inMaintenance(server);
    const { rise, fall } = policy;
    servers.publishCheck(row, 'check', { health: paused ? 0 : health, rise, fall, paused });
    if (health < policy.rise) servers.beginStopped(row);
    if (tracked !== undefined && servers.state(tracked.row) === SRV_STOPPED) servers.beginStopped(row);
  }

  #tasksOf(server: LifeServer): CheckTask[] {
    const { spreadChecks } = this.#start.config.global;
    return checkersOf(server, this.#tools).map(one => {
      const { kind, checker, intervals } = one;
      const task = new CheckTask({
        server,
        kind,
        intervals,
        checker,
        life: this.life,
        judge: this.judge,
        scheduler: this.#scheduler,
        slots: this.#slots,
        watcher: this.#start.watcher,
        spread: delayMs => spreadDelay(delayMs, spreadChecks, Math.random()),
      });
      this.#shortestMs = Math.min(this.#shortestMs, shortestOf(intervals));
      this.#tasks.set(taskKey(server.row, kind), task);
      this.#checkers.set(taskKey(server.row, kind), one);
      return task;
    });
  }

  /** A server was changed, added or (undefined) removed at run time. */
  changed(row: number, backend: number, config: Server | undefined): void {
    const known = this.servers.get(row);
    if (config === undefined) {
      if (known !== undefined) this.#forget(known);
    } else if (known === undefined) this.#added(row, backend, config);
    else this.#moved(known, config);
  }

  /** Its checks are disabled until somebody enables them (manual of management, `add server`). */
  #added(row: number, backend: number, config: Server): void {
    const server = this.#know(row, backend, this.#start.config.proxies[backend] as Proxy, config);
    this.#beginLife(server);
    this.life.events.tell('SERVER_ADD', server);
    for (const task of this.#tasksOf(server)) {
      this.life.effects.servers.publishCheck(row, task.setting.kind, { enabled: false });
      task.start(0);
    }
  }

  #moved(server: LifeServer, config: Server): void {
    server.config = config;
    this.#checkers.get(taskKey(server.row, 'check'))?.place.follow(config.check);
    const agent = this.#checkers.get(taskKey(server.row, 'agent'));
    if (agent === undefined || config.agent === undefined) return;
    agent.place.follow(config.agent);
    agent.send = config.agent.send ?? '';
  }

  #forget(server: LifeServer): void {
    for (const kind of ['check', 'agent'] as const) {
      this.#tasks.get(taskKey(server.row, kind))?.stop();
      this.#tasks.delete(taskKey(server.row, kind));
      this.#checkers.delete(taskKey(server.row, kind));
    }
    const warmer = this.#warmers.get(server.row);
    if (warmer !== undefined) this.#scheduler.cancel(warmer);
    this.#warmers.delete(server.row);
    this.servers.remove(server);
    this.life.events.tell('SERVER_DEL', server);
  }

  /** A data thread has met `error-limit` errors in a row. */
  observed(row: number, errors: number, last: ObservedError): void {
    const server = this.servers.get(row);
    if (server === undefined) return;
    const hurry = (): void => this.#tasks.get(taskKey(row, 'check'))?.hurry();
    errorLimitReached(server, errors, last, { life: this.life, judge: this.judge, hurry });
  }

  #warm(server: LifeServer): void {
    const stepMs = Math.max(LEAST_WARM_MS, server.config.slowstartMs / WARM_STEPS);
    let warmer = this.#warmers.get(server.row);
    if (warmer === undefined) {
      const again = new Scheduled(() => {
        if (this.life.warm(server)) this.#scheduler.after(stepMs, again);
      });
      warmer = again;
      this.#warmers.set(server.row, warmer);
    }
    this.#scheduler.after(stepMs, warmer);
  }

  stop(): void {
    for (const task of this.#tasks.values()) task.stop();
    this.#scheduler.clear();
    this.#engine?.destroy();
    this.#tlsEngine?.destroy();
  }
}

function shortestOf({ interMs, fastinterMs = interMs, downinterMs = interMs }: CheckIntervals): number {
  return Math.min(interMs, fastinterMs, downinterMs);
}

function taskKey(row: number, kind: CheckKind): string {
  return `${row} ${kind}`;
}
