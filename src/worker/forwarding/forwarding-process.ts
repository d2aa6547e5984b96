/**
 * Layer 4 services as a process of their own, as keepalived checks in one: neither requests nor reloads of the balancer
 * delay a check, and it has the rights that the program may have given up. It forwards nothing itself, the kernel does.
 * Started by forwarding-service.ts; when that is gone the kernel's rules go, too.
 */
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { isUsable } from '../../config-parser/keepalived/report.ts';
import { NftDriver } from '../../l4/nft-driver.ts';
import { Forwarder } from '../../l4/forwarder.ts';
import { resolveServices } from '../../l4/resolve-services.ts';
import { notForwarded } from '../../l4/not-forwarded.ts';
import type { KeepalivedConfig } from '../../model/keepalived.ts';
import type { ScriptCommand } from '../../model/script-command.ts';
import { systemClock } from '../../vrrp/clock.ts';
import { watchLinks, type LinkMonitor, type Watched } from '../../vrrp/link-monitor.ts';
import { writeDumpFile } from '../../vrrp/dump.ts';
import { enterNamespace } from '../../vrrp/enter-namespace.ts';
import { keepToProcessors } from '../../vrrp/affinity.ts';
import type { Log, LogLevel } from '../../vrrp/log.ts';
import { claimPriority } from '../../vrrp/scheduling.ts';
import { readKeepalived } from '../../vrrp/read-config.ts';
import { runScript } from '../../vrrp/run-script.ts';
import { Syslog } from '../../vrrp/syslog.ts';
import type { FromForwarding, ToForwarding } from './messages.ts';
import { ServiceNotifier } from './service-notifier.ts';

const TITLE = 'lb: l4';
const SYSLOG_TAG = 'Keepalived_healthcheckers';
const FORWARDING = [
  ['net.ipv4.ip_forward', '/proc/sys/net/ipv4/ip_forward'],
  ['net.ipv6.conf.all.forwarding', '/proc/sys/net/ipv6/conf/all/forwarding'],
] as const;

type Start = ToForwarding & { readonly kind: 'start' };

class ForwardingProcess {
  readonly #syslog = new Syslog(undefined, SYSLOG_TAG);
  #start: Start | undefined;
  #config: KeepalivedConfig | undefined;
  #forwarder: Forwarder | undefined;
  #notifier: ServiceNotifier | undefined;
  #restorePriority: (() => void) | undefined;
  #ending = false;

  take(message: ToForwarding): void {
    if (message.kind === 'start') this.#begin(message);
    else if (message.kind === 'neighbour') this.#forwarder?.hearOf(message.name, message.isUp);
    else if (message.kind === 'reload') this.reload();
    else if (message.kind === 'dump') void this.dump();
    else if (message.kind === 'show') void this.#show(message.id);
    else this.stop();
  }

  #begin(start: Start): void {
    const { config } = readKeepalived(start.files, start.configId);
    this.#start = start;
    this.#config = config;
    this.#setUp(config);
    if (!enterNamespace(config.globalDefs, (level, message) => this.#log(level, message))) return;
    this.#tellClosedWay(config);
    this.#notifier = new ServiceNotifier(config.globalDefs, (level, message) => this.#log(level, message));
    this.#forwarder = new Forwarder(config, {
      events: this.#notifier,
      driver: new NftDriver({
        timeouts: () => this.#config?.globalDefs.lvsTimeoutsSec ?? {},
        log: (level, message) => this.#log(level, message),
      }),
      after: (delayMs, callback) => systemClock.after(delayMs, callback),
      now: () => systemClock.now(),
      random: Math.random,
      log: (level, message) => this.#log(level, message),
      runScript: (command, signal) => this.#run(command, signal),
      watchRoutes: onChange => this.#watch(onChange, ['link', 'route', 'rule']),
      watchAddresses: onChange => this.#watch(onChange, ['link', 'address']),
      ownAddresses: () => Object.values(networkInterfaces()).flatMap(list => list?.map(addressOf) ?? []),
    });
    void this.#forwarder.start();
  }

  #setUp({ globalDefs }: KeepalivedConfig): void {
    const log: Log = (level, message) => this.#log(level, message);
    const { nice, realtime, processors } = globalDefs.checkerScheduling;
    process.umask(globalDefs.umask);
    keepToProcessors(processors, log);
    this.#restorePriority?.();
    this.#restorePriority =
      nice === undefined && realtime === undefined
        ? undefined
        : claimPriority(globalDefs.checkerScheduling, log);
  }

  /** A configuration that cannot be run changes nothing; the VRRP process has told what is wrong with the rest. */
  reload(): void {
    if (this.#start === undefined || this.#forwarder === undefined) return;
    const { config, status } = readKeepalived(this.#start.files, this.#start.configId);
    if (!isUsable(status)) return;
    tell({ kind: 'diagnostics', diagnostics: notForwarded(config) });
    this.#config = config;
    this.#setUp(config);
    this.#tellClosedWay(config);
    this.#notifier?.reload(config.globalDefs);
    this.#forwarder.reload(config);
  }

  async #show(id: number): Promise<void> {
    tell({ kind: 'shown', id, text: await this.#forwarder?.show() });
  }

  async dump(): Promise<void> {
    const path = this.#config?.globalDefs.checkDumpFile;
    const text = await this.#forwarder?.show();
    if (path === undefined || text === undefined) return;
    const trouble = writeDumpFile(path, text);
    if (trouble !== undefined) this.#log('error', `cannot write the dump of virtual servers: ${trouble}`);
  }

  stop(): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#forwarder?.stop();
    this.#notifier?.close();
    if (process.connected) process.disconnect();
    process.removeAllListeners();
  }

  #watch(onChange: () => void, watched: readonly Watched[]): LinkMonitor {
    return watchLinks(systemClock, onChange, message => this.#log('warning', message), watched);
  }

  #log(level: LogLevel, message: string): void {
    this.#syslog.log(level, message);
    tell({ kind: 'log', level, message });
  }

  async #run(command: ScriptCommand, signal?: AbortSignal): Promise<number | string> {
    const settings = this.#config?.globalDefs ?? { enableScriptSecurity: true };
    const running = runScript(command, [], settings, systemClock);
    const stop = (): void => running.stop();
    signal?.addEventListener('abort', stop);
    const result = await running.result;
    signal?.removeEventListener('abort', stop);
    if (signal?.aborted === true) return 'timeout';
    if (result.kind === 'exit') return result.code;
    return result.kind === 'refused' ? result.reason : 'ended by a signal';
  }

  /** Translated packets have to be let through. */
  #tellClosedWay(config: KeepalivedConfig): void {
    const translated = resolveServices(config).services.filter(({ service }) => service.method === 'NAT');
    const families = new Set(translated.map(({ service }) => service.family));
    for (const [index, [name, path]] of FORWARDING.entries())
      if (families.has(index === 0 ? 4 : 6) && !isOn(path))
        this.#log('warning', `${name} is 0: servers on other hosts get nothing`);
  }
}

function addressOf({ address }: { readonly address: string }): string {
  return address;
}

function isOn(path: string): boolean {
  try {
    return readFileSync(path, 'utf8').trim() !== '0';
  } catch {
    return false;
  }
}

function tell(message: FromForwarding): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

process.title = TITLE;
const self = new ForwardingProcess();
process.on('message', message => self.take(message as ToForwarding));
process.on('disconnect', () => self.stop());
process.on('SIGHUP', () => self.reload());
process.on('SIGUSR1', () => void self.dump());
process.on('SIGTERM', () => self.stop());
process.on('SIGINT', () => self.stop());
tell({ kind: 'hello', pid: process.pid });
