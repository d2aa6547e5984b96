/**
 * Virtual addresses beside a balancer, or alone: starts the VRRP process for what keepalived.conf says, reads the files
 * again when asked to, keeps the process told of what `track_lb` follows, and gives the addresses away before a stop.
 * Called by main.ts.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { KeepalivedConfig } from '../model/keepalived.ts';
import type { VrrpSnapshot } from '../model/vrrp-snapshot.ts';
import type { LogLevel } from '../vrrp/log.ts';
import type { BalancerReport } from '../vrrp/process/messages.ts';
import { VrrpService } from '../vrrp/process/vrrp-service.ts';
import type { VrrpAccess } from '../vrrp/vrrp-access.ts';
import { readKeepalived } from '../vrrp/read-config.ts';

export interface VirtualAddressesOptions {
  readonly files: readonly string[];
  /** `-i` */
  readonly configId: string | undefined;
  readonly config: KeepalivedConfig;
  readonly notice: (level: 'notice' | 'warning' | 'alert', text: string) => void;
  /** What is wrong with the files when they are read again. */
  readonly diagnose: (diagnostics: readonly Diagnostic[]) => void;
  /** Missing: there is no balancer in this program. */
  readonly balancer?: () => BalancerReport;
  /** How they are, after every change and every few seconds: for statistics. */
  readonly onSnapshot?: (snapshot: VrrpSnapshot) => void;
  /** The VRRP process was stopped from outside. */
  readonly onStopped?: () => void;
}

const NOTICE_LEVEL = {
  error: 'alert',
  warning: 'warning',
  notice: 'notice',
  info: 'notice',
} as const;
/** How often the balancer is looked at when something follows it. */
const LOOK_MS = 100;
const SHOW_MS = 5000;
/** First packets that were on their way when the addresses moved still come here. */
const STRAGGLERS_MS = 100;

export class VirtualAddresses implements VrrpAccess {
  readonly #options: VirtualAddressesOptions;
  readonly #service: VrrpService;
  #look: NodeJS.Timeout | undefined;
  #showing: NodeJS.Timeout | undefined;
  #lastReport = '';

  constructor(options: VirtualAddressesOptions) {
    const { balancer, config } = options;
    this.#options = options;
    const report = balancer?.();
    this.#service = new VrrpService({
      config,
      log: (level, text) => this.#say(level, text),
      onReloadWanted: () => this.reload(),
      onEvent: () => void this.#show(),
      ...(report === undefined ? {} : { report }),
      ...(options.onStopped === undefined ? {} : { onStopped: options.onStopped }),
    });
    this.#warn(config);
    this.#follow(config);
    if (options.onSnapshot !== undefined) this.#showing = setInterval(() => void this.#show(), SHOW_MS);
  }

  /** Reads the files again; when they cannot be run the old configuration stays. */
  reload(): void {
    const { config, diagnostics, status } = readKeepalived(this.#options.files, this.#options.configId);
    this.#options.diagnose(diagnostics);
    if (status === 'unusable') {
      this.#options.notice('alert', 'vrrp: the configuration cannot be used, the old one stays');
      return;
    }
    this.#service.reload(config);
    this.#warn(config);
    this.#follow(config);
    this.#options.notice('notice', 'vrrp: configuration reloaded');
  }

  /**
   * Gives the addresses away and keeps out of elections; resolves when none is held any more and clients have heard of
   * it: true, if there were any. Connections that began here go on until `stop` or `resume`.
   */
  async handOver(reason: string): Promise<boolean> {
    const held = await this.#service.handOver(reason);
    if (held) await sleep(STRAGGLERS_MS);
    return held;
  }

  resume(): void {
    this.#service.resume();
  }

  stop(): Promise<void> {
    clearInterval(this.#look);
    clearInterval(this.#showing);
    return this.#service.stop();
  }

  snapshot(): Promise<VrrpSnapshot> {
    return this.#service.snapshot();
  }

  /** keepalived's dump files upon SIGUSR1 (with the JSON file) and SIGUSR2. */
  dump(what: 'state' | 'stats'): void {
    this.#service.dump(what);
    if (what === 'state') this.#service.dump('json');
  }

  #warn({ virtualServers }: KeepalivedConfig): void {
    if (virtualServers.length === 0) return;
    const text = `keepalived.conf: ${virtualServers.length} virtual_server block(s) are checked, but nothing forwards for them yet`;
    this.#options.notice('warning', text);
  }

  async #show(): Promise<void> {
    const { onSnapshot } = this.#options;
    if (onSnapshot !== undefined) onSnapshot(await this.#service.snapshot());
  }

  #say(level: LogLevel, text: string): void {
    if (level !== 'debug') this.#options.notice(NOTICE_LEVEL[level], text);
  }

  #follow(config: KeepalivedConfig): void {
    const { balancer } = this.#options;
    clearInterval(this.#look);
    const followed = [...config.instances, ...config.syncGroups].some(
      ({ tracking }) => tracking.lb.length > 0,
    );
    if (balancer === undefined || !followed) return;
    const look = (): void => {
      const report = balancer();
      const text = JSON.stringify([[...report.backends], [...report.frontends]]);
      if (text === this.#lastReport) return;
      this.#lastReport = text;
      this.#service.report(report);
    };
    look();
    this.#look = setInterval(look, LOOK_MS);
  }
}
