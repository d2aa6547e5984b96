/** The services of a data thread: what answers requests here instead of servers, and how it reaches the control thread. */
import type { LocalService } from '../../http/local-service.ts';
import type { Config } from '../../model/config.ts';
import type { NameserverReport } from '../../model/nameserver-report.ts';
import type { LocalServices } from '../../proxy/runtime/runtime.ts';
import type { ServerAction } from '../../stats/page/action-form.ts';
import { StatisticsPages } from '../../stats/page/statistics-page.ts';
import { prometheusExporter } from '../../stats/prometheus/exporter.ts';
import { prepareRuntimeMetrics } from '../../stats/prometheus/runtime-metrics.ts';
import type { StatsView } from '../../stats/view.ts';
import type { ToControl } from './messages.ts';

const EXPORTER = 'prometheus-exporter';

function servesMetrics({ proxies }: Config): boolean {
  return proxies.some(({ rules }) =>
    rules.some(({ action, args }) => action === 'use-service' && args[0]?.text === EXPORTER),
  );
}

export class ThreadServices implements LocalServices {
  readonly #pages: StatisticsPages;
  readonly #exporter: LocalService;
  readonly #tell: (message: ToControl) => void;
  readonly #waiting = new Map<number, (changed: number) => void>();
  readonly #waitingForNames = new Map<number, (reports: readonly NameserverReport[]) => void>();
  #lastCall = 0;

  constructor(view: StatsView, tell: (message: ToControl) => void) {
    this.#tell = tell;
    this.#exporter = prometheusExporter(view, () => this.#askNameservers());
    if (servesMetrics(view.config)) void prepareRuntimeMetrics();
    this.#pages = new StatisticsPages({ view, act: (action, rows, done) => this.#act(action, rows, done) });
  }

  named(name: string): LocalService | undefined {
    return name === EXPORTER ? this.#exporter : undefined;
  }

  statistics(proxy: number, admin: boolean): LocalService {
    return this.#pages.page(proxy, admin);
  }

  #act(action: ServerAction, rows: readonly number[], done: (changed: number) => void): void {
    const id = ++this.#lastCall;
    this.#waiting.set(id, done);
    this.#tell({ kind: 'server-action', id, action, rows });
  }

  acted(id: number, changed: number): void {
    this.#waiting.get(id)?.(changed);
    this.#waiting.delete(id);
  }
  #askNameservers(): Promise<readonly NameserverReport[]> {
    const id = ++this.#lastCall;
    this.#tell({ kind: 'nameservers', id });
    return new Promise(resolve => this.#waitingForNames.set(id, resolve));
  }

  nameserversTold(id: number, reports: readonly NameserverReport[]): void {
    this.#waitingForNames.get(id)?.(reports);
    this.#waitingForNames.delete(id);
  }
}
