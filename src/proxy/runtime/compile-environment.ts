/** What compiling rules and expressions needs of the outside: pattern files, hosts and environment variables. */
import { environmentVariable } from '../../base/environment-variable.ts';
import { readFileSync } from 'node:fs';
import type { CompileEnvironment, TokenCertificates } from '../../acl/environment.ts';
import type { PatternList } from '../../acl/pattern-list.ts';
import { PatternRegistry, type PatternSources } from '../../acl/pattern-registry.ts';
import { VariableNames } from '../../acl/variables.ts';
import type { Config } from '../../model/config.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { Proxy } from '../../model/proxy.ts';
import { systemIpv4 } from '../../net/host-lookup.ts';
import type { RuleEnvironment } from '../../rules/environment.ts';
import { RuleEnvironments } from '../../rules/environments.ts';
import type { ScriptProgram } from '../../rules/script-program.ts';
import { StickTables } from '../../state/stick-table/stick-tables.ts';

/** One for a thread, or for a check: hands out the environment of each proxy. */
export class Environments {
  readonly variables = new VariableNames();
  readonly patterns: PatternRegistry;
  readonly #environments: RuleEnvironments;
  /** By number of a backend that was added at run time: they go with it. */
  readonly #addedLists = new Map<number, readonly PatternList[]>();

  /** `tables`: those that traffic uses, and the certificates of its thread; left out where none is. */
  constructor(
    config: Config,
    report: (diagnostic: Diagnostic) => void,
    sources: PatternSources = SYSTEM_SOURCES,
    tables: StickTables = StickTables.forChecking(config.stickTables),
    tokenCertificates?: TokenCertificates,
  ) {
    this.patterns = new PatternRegistry(sources);
    this.#environments = new RuleEnvironments(config, {
      report,
      variables: this.variables,
      patterns: this.patterns,
      tables,
      tokenCertificates,
      environment: name => environmentVariable(process.env, name),
    });
  }

  /** Scripts that rules may call from now on. */
  useScripts(scripts: ScriptProgram | undefined): void {
    this.#environments.scripts = scripts;
  }

  /** Servers that expressions name: RuleEnvironments.namedServers. */
  get namedServers(): ReadonlySet<string> {
    return this.#environments.namedServers;
  }

  /** Backends that expressions name: RuleEnvironments.namedBackends. */
  get namedBackends(): ReadonlySet<string> {
    return this.#environments.namedBackends;
  }

  /** A backend came at run time, or is gone (`removed`). */
  follow(before: Proxy | undefined, now: Proxy): void {
    this.#environments.directory.follow(before, now);
    if (before === undefined || now.removed !== true) return;
    for (const list of this.#addedLists.get(before.id) ?? []) this.patterns.forget(list);
    this.#addedLists.delete(before.id);
  }

  /** Compiles the rules of a backend that was added at run time. */
  compileAdded<T>({ id }: Proxy, compile: () => T): T {
    const before = new Set(this.patterns.lists());
    const compiled = compile();
    const added = this.patterns.lists().filter(list => list.name === '' && !before.has(list));
    this.#addedLists.set(id, added);
    return compiled;
  }

  /** For expressions of `global` and of commands. */
  outside(report: (diagnostic: Diagnostic) => void): CompileEnvironment {
    return this.#environments.outside(report);
  }

  of(proxy: Proxy): RuleEnvironment {
    return this.#environments.for(proxy);
  }
}

export const SYSTEM_SOURCES: Required<PatternSources> = { readFile: readPatterns, addressOf: systemIpv4 };

function readPatterns(path: string): { readonly content: string } | { readonly error: string } {
  try {
    return { content: readFileSync(path, 'latin1') };
  } catch (error) {
    return { error: (error as NodeJS.ErrnoException).code ?? String(error) };
  }
}
