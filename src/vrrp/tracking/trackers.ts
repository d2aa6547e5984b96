/**
 * Everything that is tracked by somebody, and what it means for each instance and group: faults, and what is added to
 * the priority. Called by manager.ts after every change.
 */
import type { KeepalivedConfig, VrrpScript, VrrpTrackProcess } from '../../model/keepalived.ts';
import type { Tracked, TrackedLb, Tracking } from '../../model/vrrp-instance.ts';
import type { ProcessSnapshot, ScriptSnapshot } from '../../model/vrrp-snapshot.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { trackFile } from './file-tracker.ts';
import { listProcesses, trackProcess } from './process-tracker.ts';
import { trackScript } from './script-tracker.ts';
import { judge, judgeFile, type Verdict } from './track-value.ts';
import type { Tracker, ValueTracker } from './tracker.ts';

/** What the balancer in the same process tells about itself; `track_lb` follows it. */
export interface LoadBalancerView {
  /** Servers of a backend that take new connections; undefined: no such backend. */
  serversUp(backend: string): number | undefined;
  /** It hangs: nobody serves behind the addresses. */
  silent(): boolean;
  /** undefined: no such frontend. */
  listening(frontend: string): boolean | undefined;
}

interface Judgement {
  /** What is wrong, in words. */
  readonly faults: ReadonlySet<string>;
  readonly added: number;
  /** Things that are not known yet and could be a fault: too early to start. */
  readonly pending: boolean;
}

interface TrackersPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly isInterfaceUp: (name: string) => boolean;
  readonly isBfdUp: (name: string) => boolean;
  readonly balancer: LoadBalancerView | undefined;
  readonly onChange: () => void;
}

interface Running {
  /** JSON of its definition: it goes on over a reload that does not change it. */
  readonly definition: string;
  readonly tracker: Tracker | ValueTracker;
}

/** Somebody tracks it. */
interface Wanted {
  readonly key: string;
  readonly definition: { readonly name: string };
  readonly start: () => Tracker | ValueTracker;
}

/** Of the definitions of one kind those with one of these names. */
function wantedOf<T extends { readonly name: string }>(
  kind: string,
  definitions: readonly T[],
  names: ReadonlySet<string>,
  start: (definition: T) => Tracker | ValueTracker,
): Wanted[] {
  return definitions
    .filter(({ name }) => names.has(name))
    .map(definition => ({ key: `${kind} ${definition.name}`, definition, start: () => start(definition) }));
}

export class Trackers {
  readonly #ports: TrackersPorts;
  readonly #running = new Map<string, Running>();

  constructor(ports: TrackersPorts) {
    this.#ports = ports;
  }

  /** Starts what somebody tracks, stops the rest. */
  arrange(config: KeepalivedConfig): void {
    const wanted = this.#wanted(config);
    const keys = new Set(wanted.map(({ key }) => key));
    for (const { key, definition, start } of wanted)
      this.#keepOrStart(key, JSON.stringify([definition, config.globalDefs.scriptUser]), start);
    for (const [key, { tracker }] of this.#running) {
      if (keys.has(key)) continue;
      tracker.stop();
      this.#running.delete(key);
    }
  }

  #wanted(config: KeepalivedConfig): Wanted[] {
    const { clock, log, onChange } = this.#ports;
    const { scripts, trackProcesses, trackFiles, globalDefs: accounts } = config;
    const say = (message: string): void => log('info', message);
    const followed = [...config.instances, ...config.syncGroups].map(one => one.tracking);
    const names = (select: (tracking: Tracking) => readonly Tracked[]): ReadonlySet<string> =>
      new Set(followed.flatMap(select).map(({ name }) => name));
    return [
      ...wantedOf(
        'script',
        scripts,
        names(tracking => tracking.scripts),
        script => trackScript(script, { clock, accounts, onChange, log: say }),
      ),
      ...wantedOf(
        'process',
        trackProcesses,
        names(tracking => tracking.processes),
        track => trackProcess(track, { clock, list: listProcesses, onChange, log: say }),
      ),
      ...wantedOf(
        'file',
        trackFiles,
        names(tracking => tracking.files),
        file => trackFile(file, { clock, onChange, log: say }),
      ),
    ];
  }

  #keepOrStart(key: string, definition: string, start: () => Tracker | ValueTracker): void {
    const old = this.#running.get(key);
    if (old?.definition === definition) return;
    old?.tracker.stop();
    this.#running.set(key, { definition, tracker: start() });
  }

  judge(tracking: Tracking): Judgement {
    const sum = new Sum();
    for (const tracked of tracking.interfaces)
      sum.take(judge(tracked, this.#ports.isInterfaceUp(tracked.name)), `interface ${tracked.name} is down`);
    for (const tracked of tracking.scripts)
      sum.take(this.#judgeState('script', tracked), `script ${tracked.name} fails`);
    for (const tracked of tracking.processes)
      sum.take(this.#judgeState('process', tracked), `process ${tracked.name} is missing`);
    for (const tracked of tracking.files) {
      const tracker = this.#running.get(`file ${tracked.name}`)?.tracker;
      if (tracker !== undefined && 'value' in tracker)
        sum.take(judgeFile(tracked, tracker.value()), `track file ${tracked.name} says so`);
    }
    for (const tracked of tracking.bfds)
      sum.take(judge(tracked, this.#ports.isBfdUp(tracked.name)), `BFD session ${tracked.name} is down`);
    for (const tracked of tracking.lb) this.#judgeLb(tracked, sum);
    return sum;
  }

  /** Scripts that run. */
  showScripts(scripts: readonly VrrpScript[]): ScriptSnapshot[] {
    return scripts.flatMap(({ script, name, intervalMs, timeoutMs, weight, reverse, rise, fall }) => {
      const tracker = this.#running.get(`script ${name}`)?.tracker;
      if (tracker === undefined || !('state' in tracker)) return [];
      const shown = { name, command: script.argv, intervalMs, timeoutMs, weight, reverse, rise, fall };
      return [{ ...shown, up: tracker.state(), isRunning: tracker.isRunning?.() === true }];
    });
  }

  /** Processes that are looked for. */
  showProcesses(processes: readonly VrrpTrackProcess[]): ProcessSnapshot[] {
    return processes.flatMap(definition => {
      const tracker = this.#running.get(`process ${definition.name}`)?.tracker;
      if (tracker === undefined || !('state' in tracker) || tracker.seen === undefined) return [];
      return [{ definition, up: tracker.state() === true, ...tracker.seen() }];
    });
  }

  stop(): void {
    for (const { tracker } of this.#running.values()) tracker.stop();
    this.#running.clear();
  }

  /** An unknown state adds nothing; it holds the start up only where it could be a fault. */
  #judgeState(kind: string, tracked: Tracked): Verdict | undefined {
    const tracker = this.#running.get(`${kind} ${tracked.name}`)?.tracker;
    const up = tracker !== undefined && 'state' in tracker ? tracker.state() : undefined;
    if (up !== undefined) return judge(tracked, up);
    return tracked.weight === 0 ? undefined : { add: 0 };
  }

  /** Names that the balancer does not know, and a balancer that is not there, count as down. */
  #judgeLb(tracked: TrackedLb, sum: Sum): void {
    const { balancer } = this.#ports;
    if (tracked.kind === 'frontend') {
      sum.take(
        judge(tracked, balancer?.listening(tracked.name) ?? false),
        `frontend ${tracked.name} is not listening`,
      );
      return;
    }
    const up = balancer?.serversUp(tracked.name) ?? 0;
    const reason = `backend ${tracked.name} has ${up} of ${tracked.minServers} servers`;
    sum.take(judge(tracked, up >= tracked.minServers), reason);
  }
}

class Sum implements Judgement {
  readonly faults = new Set<string>();
  added = 0;
  pending = false;

  take(verdict: Verdict | undefined, reason: string): void {
    if (verdict === undefined) this.pending = true;
    else if ('fault' in verdict) this.faults.add(reason);
    else this.added += verdict.add;
  }
}
