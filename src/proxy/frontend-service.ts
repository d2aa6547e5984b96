/** A frontend of one data thread: its limits, its choice of backend, its answers, and its end-of-request work. */
import type { ProxyFacts } from '../acl/context.ts';
import type { HeadLimits } from '../http/request-parser.ts';
import type { Config } from '../model/config.ts';
import type { Proxy } from '../model/proxy.ts';
import { NO_RULES } from './no-rules.ts';
import type { ProxyRules } from '../rules/proxy-rules.ts';
import { proxyFacts } from './proxy-facts.ts';
import type { BackendRuntime, FrontendRuntime } from './runtime.ts';
import type { RuleContext } from '../rules/context.ts';

export interface BackendDirectory {
  backendNamed(name: string): BackendRuntime | undefined;
}

export class FrontendService implements FrontendRuntime {
  readonly config: Proxy;
  readonly row: number;
  readonly facts: ProxyFacts;
  readonly limits: HeadLimits;
  readonly keepsClients: boolean;
  readonly rules: ProxyRules;
  readonly #backends: BackendDirectory;

  constructor(config: Config, proxy: Proxy, row: number, backends: BackendDirectory) {
    const { tune } = config.global;
    this.config = proxy;
    this.row = row;
    this.facts = proxyFacts(proxy);
    this.limits = { maxHeadBytes: tune.bufsize - tune.maxrewrite, maxHeaders: tune.maxhdr };
    this.keepsClients = !proxy.options.flags.has('httpclose');
    this.#backends = backends;
    this.rules = NO_RULES;
  }

  chooseBackend(_transaction: RuleContext): BackendRuntime | undefined {
    const name = this.config.kind === 'listen' ? this.config.name : undefined;
    const target = this.config.defaultBackend?.text ?? name;
    return target === undefined ? undefined : this.#backends.backendNamed(target);
  }

  log(_transaction: RuleContext): void {}
}
