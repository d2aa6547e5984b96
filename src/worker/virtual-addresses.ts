/**
 * Virtual addresses beside a balancer, or alone: keeps the VRRP process told of what `track_lb` follows, statistics told
 * of it, and gives the addresses away before a stop. Called by program.ts, early: the process has to start before rights
 * are given up.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { onNumberedSignal } from '../base/numbered-signal.ts';
import type { Notice } from '../model/notice.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { VrrpSnapshot } from '../model/vrrp-snapshot.ts';
import { DUMP_SIGNALS } from '../vrrp/dump.ts';
import type { LogLevel } from '../vrrp/log.ts';
import type { BalancerReport } from '../vrrp/process/messages.ts';
import { VrrpService } from '../vrrp/process/vrrp-service.ts';
import { ForwardingService } from './forwarding/forwarding-service.ts';
import type { VrrpAccess } from '../vrrp/vrrp-access.ts';

interface VirtualAddressesOptions {
  /** Files and folders of keepalived.conf, which are known to be usable. */
  readonly files: readonly string[];
  /** `-i` */
  readonly configId: string | undefined;
  /** There are virtual servers: a process of its own keeps them. */
  readonly forwards: boolean;
  readonly notice: Notice;
  /** What is wrong with the files when they are read again. */
  readonly diagnose: (diagnostics: readonly Diagnostic[]) => void;
  /** The files have been read, at the start or again; `refused`: they could not be used. */
  readonly onConfigured?: (refused: boolean) => void;
  /** The VRRP process was stopped from outside. */
  readonly onStopped: () => void;
}

/** The balancer beside them. */
interface BalancerBeside {
  report(): BalancerReport;
  /** Resolves when it has shown that it works. Missing: somebody else calls `pulse`. */
  works?(): Promise<unknown>;
  /** How they are, after every change and every few seconds: for statistics. */
  showVrrp(snapshot: VrrpSnapshot): void;
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
/** How often the balancer shows that it works. */
const PULSE_MS = 500;
/** First packets that were on their way when the addresses moved still come here. */
const STRAGGLERS_MS = 100;

export class VirtualAddresses implements VrrpAccess {
  readonly #options: VirtualAddressesOptions;
  readonly #service: VrrpService;
  readonly #forwarding: ForwardingService | undefined;
  #balancer: BalancerBeside | undefined;
  #look: NodeJS.Timeout | undefined;
  #showing: NodeJS.Timeout | undefined;
  #pulsing: NodeJS.Timeout | undefined;
  #lastReport = '';
  #stopped = false;

  constructor(options: VirtualAddressesOptions) {
    const { files, configId, diagnose, onConfigured, onStopped, forwards } = options;
    this.#options = options;
    this.#service = new VrrpService({
      files,
      configId,
      log: (level, text) => this.#say(level, text),
      onEvent: () => void this.#show(),
      onNeighbour: (name, isUp) => this.#forwarding?.hearOf(name, isUp),
      onReload: diagnose,
      onReloadDue: () => this.reload(),
      onFollows: follows => {
        // what `startup_script` prepares may concern virtual servers, too
        this.#forwarding?.begin();
        this.#follow(follows);
      },
      ...(onConfigured === undefined ? {} : { onConfigured }),
      onStopped,
    });
    for (const [signal, what] of DUMP_SIGNALS) onNumberedSignal(signal, () => this.#service.dump(what));
    this.#forwarding = forwards ? this.#prepareForwarding() : undefined;
  }

  /** The balancer serves, or there is none: instances start. */
  begin(balancer?: BalancerBeside): void {
    this.#balancer = balancer;
    this.#service.begin(balancer?.report());
    if (balancer === undefined) return;
    this.#showing = setInterval(() => void this.#show(), SHOW_MS);
    void this.#pulse();
  }

  /** The balancer works. */
  pulse(): void {
    this.#service.pulse();
  }

  /** Reads the files again; when they cannot be used the old configuration stays. */
  reload(): void {
    this.#service.reload();
    this.#forwarding?.reload();
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

  async stop(): Promise<void> {
    clearInterval(this.#look);
    clearInterval(this.#showing);
    this.#stopped = true;
    clearTimeout(this.#pulsing);
    await this.#service.stop();
    await this.#forwarding?.stop();
    await this.#service.finish();
  }

  snapshot(): Promise<VrrpSnapshot> {
    return this.#service.snapshot();
  }

  async showServices(): Promise<string | undefined> {
    return this.#forwarding?.show();
  }

  /** keepalived's dump files upon SIGUSR1 (with the JSON file) and SIGUSR2. */
  dump(what: 'state' | 'stats'): void {
    this.#service.dump(what);
    if (what !== 'state') return;
    this.#service.dump('json');
    this.#forwarding?.dump();
  }

  /** One at a time: while it is not answered no other question is asked. */
  async #pulse(): Promise<void> {
    if (this.#balancer?.works === undefined) return;
    await this.#balancer.works();
    if (this.#stopped) return;
    this.#service.pulse();
    this.#pulsing = setTimeout(() => void this.#pulse(), PULSE_MS);
  }

  async #show(): Promise<void> {
    this.#balancer?.showVrrp(await this.#service.snapshot());
  }

  #prepareForwarding(): ForwardingService {
    const { files, configId, diagnose } = this.#options;
    return new ForwardingService({
      files,
      configId,
      diagnose,
      log: (level, text) => this.#say(level, text, 'l4'),
    });
  }

  #say(level: LogLevel, text: string, part: 'vrrp' | 'l4' = 'vrrp'): void {
    if (level !== 'debug') this.#options.notice(NOTICE_LEVEL[level], text, { part });
  }

  #follow(follows: boolean): void {
    clearInterval(this.#look);
    const balancer = this.#balancer;
    if (balancer === undefined || !follows) return;
    const look = (): void => {
      const report = balancer.report();
      const text = JSON.stringify([[...report.backends], [...report.frontends]]);
      if (text === this.#lastReport) return;
      this.#lastReport = text;
      this.#service.report(report);
    };
    look();
    this.#look = setInterval(look, LOOK_MS);
  }
}
