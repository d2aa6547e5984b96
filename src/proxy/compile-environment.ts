/** What compiling a proxy's rules and expressions needs: the names of the whole configuration, tables of the thread. */
import { readFileSync } from 'node:fs';
import { AclTable } from '../acl/acl-table.ts';
import type { Directory, ProxyEntry } from '../acl/environment.ts';
import { PatternRegistry } from '../acl/pattern-registry.ts';
import { VariableNames } from '../acl/variables.ts';
import type { Config } from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { Proxy } from '../model/proxy.ts';
import { CaptureSlots } from '../rules/capture-slots.ts';
import type { ErrorPages } from '../rules/context.ts';
import { compileErrorSections } from '../rules/error-pages.ts';
import type { RuleEnvironment } from '../rules/environment.ts';

/** One for a thread, or for a check: hands out the environment of each proxy. */
export class Environments {
  readonly #config: Config;
  readonly #report: (diagnostic: Diagnostic) => void;
  readonly #variables = new VariableNames();
  readonly #patterns = new PatternRegistry({ readFile: readPatterns });
  readonly #directory: Directory;
  /** Compiled with the first proxy's environment: its pages may use no names of a proxy. */
  #errorSections: ReadonlyMap<string, ErrorPages> | undefined;

  constructor(config: Config, report: (diagnostic: Diagnostic) => void) {
    this.#config = config;
    this.#report = report;
    this.#directory = directoryOf(config);
  }

  of(proxy: Proxy): RuleEnvironment {
    const { global } = this.#config;
    const environment = {
      report: this.#report,
      variables: this.#variables,
      patterns: this.#patterns,
      acls: new AclTable(proxy.acls),
      directory: this.#directory,
      proxy: entryOf(proxy),
      environment: (name: string) => process.env[name],
      section: proxy,
      captures: new CaptureSlots(proxy.captures),
      experimental: global.flags.has('expose-experimental-directives'),
      bufsize: global.tune.bufsize,
    };
    this.#errorSections ??= compileErrorSections(this.#config.httpErrors, {
      ...environment,
      errorSections: new Map<string, ErrorPages>(),
    });
    return { ...environment, errorSections: this.#errorSections };
  }
}

function readPatterns(path: string): { readonly content: string } | { readonly error: string } {
  try {
    return { content: readFileSync(path, 'latin1') };
  } catch (error) {
    return { error: (error as NodeJS.ErrnoException).code ?? String(error) };
  }
}

function entryOf({ name, id, kind, fullconn }: Proxy): ProxyEntry {
  return { name, id, kind, fullconn };
}

function directoryOf({ proxies, userlists }: Config): Directory {
  const frontends = new Map(
    proxies.filter(({ kind }) => kind !== 'backend').map(proxy => [proxy.name, entryOf(proxy)]),
  );
  const backends = new Map(
    proxies.filter(({ kind }) => kind !== 'frontend').map(proxy => [proxy.name, proxy]),
  );
  const lists = new Map(userlists.map(list => [list.name, list]));
  return {
    frontend: name => frontends.get(name),
    backend: name => {
      const proxy = backends.get(name);
      return proxy === undefined ? undefined : entryOf(proxy);
    },
    server: (backend, name) => backends.get(backend.name)?.servers.find(server => server.name === name)?.id,
    userlist: name => lists.get(name),
  };
}
