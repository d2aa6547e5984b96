/**
 * VRRP of one process: `startVrrp` puts machines, sockets, timers, trackers and notifications together and keeps them
 * over reloads. Called by process/vrrp-process.ts on its main thread; a failover itself is in instance.ts.
 */
import { uptime } from 'node:os';
import type { KeepalivedConfig } from '../model/keepalived.ts';
import { Announcer } from './announcer.ts';
import { openReceiver } from './advert-receiver.ts';
import { openSender } from './advert-sender.ts';
import { systemClock, type Clock } from './clock.ts';
import { HeldStateFile } from './held-state.ts';
import { IpBatch } from './ip-batch.ts';
import { watchLines, watchLinks, type LinkMonitor } from './link-monitor.ts';
import type { Log } from './log.ts';
import { KernelNetwork, type Network } from './network.ts';
import type { VrrpEvent } from './reporter.ts';
import { VrrpRouter, type RouterPorts } from './vrrp-router.ts';
import { writeDump, type DumpKind } from './dump.ts';
import { claimPriority } from './scheduling.ts';
import type { VrrpSnapshot } from '../model/vrrp-snapshot.ts';
import type { LoadBalancerView } from './tracking/trackers.ts';

export interface VrrpOptions {
  readonly log: Log;
  readonly clock?: Clock;
  /** Changes of state and priority, for statistics and the program's own log. */
  readonly onEvent?: (event: VrrpEvent) => void;
  /** What a session of BFD says of its neighbour. */
  readonly onNeighbour?: (name: string, isUp: boolean) => void;
  readonly balancer?: LoadBalancerView;
  /** There are connections worth keeping over a hand-over: a balancer serves in this program. */
  readonly keepConnections?: boolean;
  /** Where to remember what was put into the kernel; missing: nowhere. */
  readonly stateFile?: string;
  /** The same of processes that were killed. */
  readonly abandonedFiles?: readonly string[];
  /** For tests. */
  readonly hostUptimeMs?: () => number;
  readonly network?: Network;
  readonly transport?: Pick<RouterPorts, 'openReceiver' | 'openSender'>;
  readonly watchLinks?: (onChange: () => void) => LinkMonitor;
}

export interface VrrpHandle {
  /** Instances that stay keep their state; new ones start, removed ones stop. */
  reload(config: KeepalivedConfig): void;
  /**
   * Gives the addresses to somebody else and stays out of the way: each is kept until a new master is heard, or its
   * time is over. Resolves when none is held any more, with whether there were any. With `keepConnections` those that
   * began here go on until `stop` or `resume`.
   */
  handOver(reason: string): Promise<boolean>;
  /** After a hand-over: takes part again. */
  resume(): void;
  /** Hands over, then removes everything this node has put into the kernel. */
  stop(): Promise<void>;
  /** The same at once and synchronously, for a process that ends now. */
  releaseNow(): void;
  /** Something of what the balancer shows has changed: look again now. */
  balancerChanged(): void;
  snapshot(): VrrpSnapshot;
  /** keepalived's signals: writes `state_dump_file`, `stats_dump_file`, or `json_dump_file`. */
  dump(what: DumpKind): void;
}

export function startVrrp(config: KeepalivedConfig, options: VrrpOptions): VrrpHandle {
  const clock = options.clock ?? systemClock;
  const { log } = options;
  const network = options.network ?? new KernelNetwork();
  const router = new VrrpRouter(config, {
    clock,
    log,
    network,
    batch: new IpBatch(message => log('error', message)),
    held: new HeldStateFile(options.stateFile, options.abandonedFiles ?? [], log),
    makeAnnouncer: current => new Announcer(clock, network, current.globalDefs, current.garpGroups),
    openReceiver:
      options.transport?.openReceiver ?? ((wanted, events) => openReceiver(wanted, events, clock)),
    openSender: options.transport?.openSender ?? openSender,
    watchRoutes: (line, missed) => {
      if (options.network !== undefined) return { stop: () => {} };
      const onTrouble = (message: string): void => log('warning', message);
      return watchLines(clock, ['route', 'rule'], { line, missed, onTrouble });
    },
    balancer: options.balancer,
    keepConnections: options.keepConnections ?? false,
    hostUptimeMs: options.hostUptimeMs ?? (() => uptime() * 1000),
    onEvent: options.onEvent ?? (() => {}),
    onNeighbour: options.onNeighbour ?? (() => {}),
  });
  const watch =
    options.watchLinks ?? (onChange => watchLinks(clock, onChange, message => log('warning', message)));
  const monitor = watch(() => router.networkChanged());
  let restorePriority: (() => void) | undefined;
  const claim = (current: KeepalivedConfig): void => {
    if (options.network === undefined && current.instances.length > 0)
      restorePriority ??= claimPriority(current.globalDefs.vrrpScheduling, log);
  };
  claim(config);
  let current = config;
  router.start();
  const end = (): void => {
    monitor.stop();
    restorePriority?.();
    network.close();
  };
  return {
    reload: next => {
      claim(next);
      current = next;
      router.reload(next);
    },
    handOver: reason => router.handOver(reason),
    resume: () => router.resume(),
    stop: async () => {
      await router.stop();
      end();
    },
    releaseNow: () => {
      router.releaseNow();
      end();
    },
    balancerChanged: () => router.evaluate(),
    snapshot: () => router.snapshot(),
    dump: what => {
      const trouble = writeDump(what, router.snapshot(), current);
      if (trouble !== undefined) log('error', `cannot write the ${what} dump: ${trouble}`);
      if (what === 'cleared stats') router.clearCounters();
    },
  };
}
