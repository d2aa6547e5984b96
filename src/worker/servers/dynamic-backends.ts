/**
 * `add backend` and `del backend` in the control thread. A backend takes a row of the shared plan that was kept for
 * it; it is unpublished when the threads hear of it, so that no request goes there before all of them have. One that is
 * to go is forgotten by all threads first; then nothing can come, and what is there is counted.
 */
import type { BackendOrders } from '../../admin/runtime.ts';
import type { Config } from '../../model/config.ts';
import type { Proxy } from '../../model/proxy.ts';
import type { CompiledOnce, PatternFile } from '../../proxy/runtime/check-rules.ts';
import { freeRow, placeholderFor, placeProxy } from '../../state/placed-proxies.ts';
import type { ServerDirectory } from '../../state/server-directory.ts';
import { PROXY_UNPUBLISHED } from '../../state/server-words.ts';
import type { ServerWriter } from '../../state/server-writer.ts';
import type { SharedState } from '../../state/shared-state.ts';
import { resolveNames } from '../start/resolve-names.ts';
import type { ThreadCalls } from '../threads/thread-calls.ts';

interface DynamicBackendsParts {
  readonly config: Config;
  readonly state: SharedState;
  readonly servers: ServerWriter;
  readonly compiled: CompiledOnce | undefined;
}

type NewBackend = Parameters<BackendOrders['add']>[1];
type Added = Awaited<ReturnType<BackendOrders['add']>>;

const NO_FILES: ReadonlyMap<string, PatternFile> = new Map();

export class DynamicBackends implements BackendOrders {
  readonly #parts: DynamicBackendsParts;
  readonly #directory: ServerDirectory;
  readonly #calls: ThreadCalls;
  /** Of the backend added last: the next gets a higher one, as long as there are any. */
  #lastId = 0;
  /** One after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: DynamicBackendsParts, directory: ServerDirectory, calls: ThreadCalls) {
    this.#parts = parts;
    this.#directory = directory;
    this.#calls = calls;
  }

  get named(): ReadonlySet<string> {
    return this.#parts.compiled?.namedBackends ?? new Set();
  }

  modeOf(defaults: string): ReturnType<BackendOrders['modeOf']> {
    return this.#parts.compiled?.templates.modeOf(defaults);
  }

  add(defaults: string, backend: NewBackend): Promise<Added> {
    const added = this.#turn.then(() => this.#add(defaults, backend));
    this.#turn = added;
    return added;
  }

  remove(row: number): Promise<boolean> {
    const removed = this.#turn.then(() => this.#remove(row));
    this.#turn = removed;
    return removed;
  }

  async #add(defaults: string, backend: NewBackend): Promise<Added> {
    const { config, state, compiled } = this.#parts;
    const row = freeRow(config, state.plan);
    if (compiled === undefined || row === undefined)
      return { wrong: `no room for more backends is left, see 'tune.dynamic-backends'` };
    const made = compiled.templates.create(defaults, { ...backend, id: this.#freeId() }, config);
    const resolved = 'wrong' in made ? made : await this.#resolve(made.proxy);
    if ('wrong' in resolved) return resolved;
    const { proxy } = resolved;
    const before = new Set(compiled.files.keys());
    const alert = compiled.add(proxy).find(({ severity }) => severity === 'alert');
    if (alert !== undefined) {
      compiled.remove(proxy);
      return { wrong: alert.message };
    }
    const files = new Map([...compiled.files].filter(([path]) => !before.has(path)));
    this.#lastId = proxy.id;
    await this.#place(row, proxy, files);
    return { row };
  }

  async #place(row: number, proxy: Proxy, files: ReadonlyMap<string, PatternFile>): Promise<void> {
    const { config, state, servers } = this.#parts;
    state.addBackend(servers, row, proxy);
    servers.setProxyFlags(row, PROXY_UNPUBLISHED, 0);
    placeProxy(config, row, proxy);
    this.#directory.addBackend(row);
    await this.#calls.all({ kind: 'backend', change: { row, proxy, files } });
  }

  async #resolve(proxy: Proxy): Promise<{ readonly proxy: Proxy } | { readonly wrong: string }> {
    const alone: Config = { ...this.#parts.config, proxies: [proxy], logForwards: [] };
    const { config, diagnostics } = await resolveNames(alone, { of: () => undefined });
    const [diagnostic] = diagnostics;
    return diagnostic === undefined ? { proxy: config.proxies[0] ?? proxy } : { wrong: diagnostic.message };
  }

  #freeId(): number {
    const taken = new Set(this.#parts.config.proxies.map(({ id }) => id));
    let id = this.#lastId === 0 ? Math.max(1, ...taken) + 1 : this.#lastId;
    while (taken.has(id)) id++;
    return id;
  }

  async #remove(row: number): Promise<boolean> {
    const { config, state, compiled } = this.#parts;
    const proxy = config.proxies[row] as Proxy;
    const gone = placeholderFor(proxy);
    await this.#calls.all({ kind: 'backend', change: { row, proxy: gone, files: NO_FILES } });
    if (state.limits.current(state.limits.backend(row)) > 0) {
      await this.#calls.all({ kind: 'backend', change: { row, proxy, files: NO_FILES } });
      return false;
    }
    placeProxy(config, row, gone);
    compiled?.remove(proxy);
    return true;
  }
}
