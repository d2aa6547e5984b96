/**
 * Named defaults sections after everything was read: what a backend that is added at run time starts from (management
 * manual, `add backend`). The admin socket asks; it has the configuration as it is by then.
 */
import type { Config } from '../model/config.ts';
import type { Mode, Proxy } from '../model/proxy.ts';
import { Environment } from './environment.ts';
import { createProxyDraft, type ProxyDraft } from './haproxy/proxy-draft.ts';
import { finishProxy } from './haproxy/proxy-finish.ts';
import { SharedParts } from './haproxy/shared-parts.ts';
import { ParserContext } from './parser-context.ts';
import { checkConditions } from './resolve-conditions.ts';
import { checkReferences, createNames } from './resolve-references.ts';

interface NewBackend {
  readonly name: string;
  readonly id: number;
  /** Missing: that of the defaults section. */
  readonly mode: Mode | undefined;
  readonly guid: string | undefined;
}

const NOWHERE = { file: 'CLI', line: 0, column: 0 };

export class BackendTemplates {
  readonly #defaults: ReadonlyMap<string, ProxyDraft>;

  constructor(defaults: ReadonlyMap<string, ProxyDraft>) {
    this.#defaults = defaults;
  }

  /** The mode that section has, and whether it says so; undefined: there is no such section. */
  modeOf(defaults: string): { readonly mode: Mode; readonly said: boolean } | undefined {
    const shared = this.#defaults.get(defaults)?.shared;
    return shared && { mode: shared.mode, said: shared.modeSaid };
  }

  /** A backend as if it stood in the configuration; or what is wrong with it. */
  create(
    defaults: string,
    backend: NewBackend,
    config: Config,
  ): { readonly proxy: Proxy } | { readonly wrong: string } {
    const { name, id, mode, guid } = backend;
    const draft = createProxyDraft('backend', name, NOWHERE, this.#defaults.get(defaults));
    if (mode !== undefined) draft.shared.mode = mode;
    if (guid !== undefined) draft.own.guid = guid;
    const context = new ParserContext(new Environment({}), () => ({
      error: 'no files are read at run time',
    }));
    const facts = {
      global: config.global,
      modeOf: () => undefined,
      parts: new SharedParts(),
      misreadGlobal: new Set<string>(),
    };
    const proxy = finishProxy(draft, id, facts, context);
    checkReferences(proxy, createNames(config, new Set()), context);
    checkConditions(proxy, context);
    const alert = context.diagnostics.find(({ severity }) => severity === 'alert');
    return alert === undefined ? { proxy } : { wrong: alert.message };
  }
}
