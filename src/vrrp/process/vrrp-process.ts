/**
 * VRRP as a process of its own, as keepalived has it: nothing the balancer does - parsing, checking thousands of
 * servers, a stalled thread - delays an advert, and when the balancer dies, by whatever signal, its addresses are
 * released at once. Started by vrrp-service.ts, which holds the other end of the channel.
 *
 * Signals are keepalived's: SIGUSR1, SIGUSR2 and two realtime signals write the dump files, SIGHUP reloads, SIGTERM stops.
 * The JSON file is written along with the state, too.
 */
import { onNumberedSignal } from '../../base/numbered-signal.ts';
import { isUsable } from '../../config-parser/keepalived/report.ts';
import type { KeepalivedConfig } from '../../model/keepalived.ts';
import { keepToProcessors } from '../affinity.ts';
import { DUMP_SIGNALS, type DumpKind } from '../dump.ts';
import { enterNamespace, warnOfMove } from '../enter-namespace.ts';
import type { Log } from '../log.ts';
import { startVrrp, type VrrpHandle } from '../manager.ts';
import { readKeepalived } from '../read-config.ts';
import { stateFiles } from '../state-files.ts';
import { Syslog } from '../syslog.ts';
import type { LoadBalancerView } from '../tracking/trackers.ts';
import { systemClock } from '../clock.ts';
import { BalancerPulse } from './balancer-pulse.ts';
import type { BalancerReport, FromVrrp, ToVrrp } from './messages.ts';
import { ReloadTimer } from './reload-timer.ts';
import { runProcessScript } from './process-script.ts';

const TITLE = 'lb: vrrp';

type Start = ToVrrp & { readonly kind: 'start' };

function tell(message: FromVrrp): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

function leave(): void {
  if (process.connected) process.disconnect();
}

class VrrpProcess {
  #start: Start | undefined;
  #handle: VrrpHandle | undefined;
  #report: BalancerReport | undefined;
  #config: KeepalivedConfig | undefined;
  #reloadWaits = false;
  #ending = false;
  readonly #syslog = new Syslog();
  readonly #log: Log = (level, message) => {
    this.#syslog.log(level, message);
    tell({ kind: 'log', level, message });
  };
  /** The program tells all of its processes. */
  readonly #reloadTimer = new ReloadTimer(systemClock, this.#log, () => tell({ kind: 'reload due' }));
  readonly #pulse = new BalancerPulse(systemClock, () => this.#handle?.balancerChanged());

  take(message: ToVrrp): void {
    if (message.kind === 'start') void this.#begin(message);
    else if (message.kind === 'stop') void this.stop();
    else if (message.kind === 'finish') void this.#finish();
    else if (message.kind === 'reload') this.reload();
    else if (message.kind === 'report') this.#follow(message.report);
    else if (this.#handle !== undefined) this.#pass(message, this.#handle);
    else if (message.kind === 'hand-over') tell({ kind: 'handed-over', held: false });
  }

  #follow(report: BalancerReport): void {
    this.#report = report;
    this.#handle?.balancerChanged();
  }

  #pass(
    message: Exclude<ToVrrp, { readonly kind: 'start' | 'stop' | 'finish' | 'reload' | 'report' }>,
    handle: VrrpHandle,
  ): void {
    switch (message.kind) {
      case 'pulse':
        this.#pulse.beat();
        return;
      case 'hand-over':
        void handle.handOver(message.reason).then(held => tell({ kind: 'handed-over', held }));
        return;
      case 'resume':
        handle.resume();
        return;
      case 'snapshot':
        tell({ kind: 'snapshot', id: message.id, snapshot: handle.snapshot() });
        return;
      case 'dump':
        handle.dump(message.what);
    }
  }

  async #begin(start: Start): Promise<void> {
    const { config } = readKeepalived(start.files, start.configId);
    this.#start = start;
    this.#report = start.report;
    this.#config = config;
    this.#setUp(config);
    if (!enterNamespace(config.globalDefs, this.#log)) return;
    const { startupScript } = config.globalDefs;
    if (start.isFirst && startupScript !== undefined)
      await runProcessScript('startup_script', startupScript, config.globalDefs, this.#log);
    if (this.#ending) return;
    this.#run(start, config);
    if (this.#reloadWaits) this.reload();
  }

  #setUp({ globalDefs }: KeepalivedConfig): void {
    process.umask(globalDefs.umask);
    keepToProcessors(globalDefs.vrrpScheduling.processors, this.#log);
    this.#reloadTimer.follow(globalDefs.reloadTime);
  }

  #run(start: Start, config: KeepalivedConfig): void {
    const files = stateFiles(TITLE);
    this.#handle = startVrrp(config, {
      log: this.#log,
      onEvent: event => {
        this.#syslog.event(event);
        tell({ kind: 'event', event });
      },
      onNeighbour: (name, isUp) => tell({ kind: 'neighbour', name, isUp }),
      stateFile: files.own,
      abandonedFiles: files.abandoned,
      ...(start.report === undefined ? {} : { balancer: this.#view(), keepConnections: true }),
    });
    if (start.report !== undefined) this.#pulse.expect();
    tell({ kind: 'configured', again: false, refused: false, diagnostics: [], follows: follows(config) });
  }

  #view(): LoadBalancerView {
    return {
      serversUp: backend => this.#report?.backends.get(backend),
      silent: () => this.#pulse.silent,
      listening: frontend => this.#report?.frontends.get(frontend),
    };
  }

  /** A configuration that cannot be run changes nothing. */
  reload(): void {
    this.#reloadWaits = this.#handle === undefined;
    if (this.#start === undefined || this.#handle === undefined) return;
    const { config, diagnostics, status, missesInstances } = readKeepalived(
      this.#start.files,
      this.#start.configId,
    );
    const refused = !isUsable(status) || missesInstances;
    if (!refused) {
      if (this.#config !== undefined) warnOfMove(this.#config.globalDefs, config.globalDefs, this.#log);
      this.#config = config;
      this.#setUp(config);
      this.#handle.reload(config);
    }
    tell({ kind: 'configured', again: true, refused, diagnostics, follows: follows(config) });
  }

  /** Gently. The program says when the rest of it is done, too. */
  async stop(): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    this.#pulse.stop();
    this.#reloadTimer.stop();
    await this.#handle?.stop();
    tell({ kind: 'stopped' });
  }

  /** Afterwards nothing keeps this process alive. */
  async #finish(): Promise<void> {
    const { globalDefs } = this.#config ?? {};
    if (globalDefs?.shutdownScript !== undefined)
      await runProcessScript('shutdown_script', globalDefs.shutdownScript, globalDefs, this.#log);
    leave();
  }

  /** The program is gone: nobody serves behind these addresses. */
  abandoned(): void {
    this.#ending = true;
    this.#pulse.stop();
    this.#reloadTimer.stop();
    this.#handle?.releaseNow();
    process.removeAllListeners();
  }

  dump(what: DumpKind): void {
    this.#handle?.dump(what);
  }
}

function follows(config: KeepalivedConfig): boolean {
  return [...config.instances, ...config.syncGroups].some(({ tracking }) => tracking.lb.length > 0);
}

process.title = TITLE;
const self = new VrrpProcess();
process.on('message', message => self.take(message as ToVrrp));
process.on('disconnect', () => self.abandoned());
process.on('SIGUSR1', () => {
  self.dump('state');
  self.dump('json');
});
process.on('SIGUSR2', () => self.dump('stats'));
for (const [signal, what] of DUMP_SIGNALS) onNumberedSignal(signal, () => self.dump(what));
process.on('SIGHUP', () => self.reload());
process.on('SIGTERM', () => void self.stop().then(leave));
process.on('SIGINT', () => void self.stop().then(leave));
tell({ kind: 'hello', pid: process.pid });
