/**
 * What compiling needs to know of its surroundings: one per thread and proxy, made by worker/ (and by tests).
 * Errors are reported as diagnostics, all in one go; a compile function that reported one returns undefined.
 */
import type { Diagnostic } from '../model/diagnostic.ts';
import type { Userlist } from '../model/config.ts';
import type { StickTables } from '../state/stick-table/stick-tables.ts';
import type { SampleContext } from './context.ts';
import type { PatternRegistry } from './pattern-registry.ts';
import type { VariableNames } from './variables.ts';

export interface CompileEnvironment {
  readonly report: (diagnostic: Diagnostic) => void;
  /** One for a thread. */
  readonly variables: VariableNames;
  /** Pattern files, maps and ACL lists, which the admin socket changes at run time; one for a thread. */
  readonly patterns: PatternRegistry;
  /** ACLs of the proxy whose rules are compiled: an AclTable. */
  readonly acls: NamedAcls;
  readonly directory: Directory;
  readonly tables: StickTables;
  /** `tune.stick-counters`. */
  readonly stickCounters: number;
  /** What encrypted tokens may use, where the configuration says; undefined: all that is known. */
  readonly tokenAlgorithms?: TokenAlgorithms;
  /** Undefined: only files can be named. */
  readonly tokenCertificates?: TokenCertificates | undefined;
  /** The proxy whose rules are compiled; undefined in `global`. */
  readonly proxy: ProxyEntry | undefined;
  /** Samples and converters of scripts; undefined: no script is loaded. */
  readonly scripts?: ScriptSamples | undefined;
  /** Environment variables as they were at load. */
  readonly environment: (name: string) => string | undefined;
}

/** `jwt.decrypt_alg_list`, `jwt.decrypt_enc_list` */
export interface TokenAlgorithms {
  readonly keys?: ReadonlySet<string>;
  readonly contents?: ReadonlySet<string>;
}

/** Certificates that tokens are checked and opened with, by the names that `show ssl cert` has. */
export interface TokenCertificates {
  /** An expression names it: it is to be loaded with the configuration, for tokens. */
  refer(name: string, needsKey: boolean): void;
  /** As it is now; `unavailable`: it is not for tokens (`jwt off`). */
  find(name: string): TokenCertificate | 'unavailable' | undefined;
}

/** Texts of its files; a key may be missing, or stand in the same text. */
export interface TokenCertificate {
  readonly certPem: string;
  readonly keyPem: string;
}

/** A sample fetch or converter of a script (`lua.<name>`), by the words in its parentheses. */
export interface ScriptSamples {
  fetch(name: string): ((args: readonly string[], scope: ScriptScope) => ScriptFetch) | undefined;
  converter(name: string): ((args: readonly string[], scope: ScriptScope) => ScriptConverter) | undefined;
}

export type ScriptFetch = (ctx: SampleContext) => string | undefined;
export type ScriptConverter = (value: string, ctx: SampleContext) => string | undefined;

/** Where it stands. */
export interface ScriptScope {
  readonly env: CompileEnvironment;
  readonly phases: number;
}

/** One named ACL, its lines OR-ed. */
export interface CompiledAcl {
  readonly test: (ctx: SampleContext) => boolean;
  /** Phases (bits) where at least one of its lines can match. */
  readonly phases: number;
  readonly needsHttp: boolean;
  readonly constant: boolean | undefined;
  /** May be undecided while bytes are still coming. */
  readonly incremental: boolean;
}

export interface NamedAcls {
  /** Undefined: there is none of that name. `broken`: its own line was reported already. */
  find(name: string, env: CompileEnvironment, phases: number): CompiledAcl | 'broken' | undefined;
  names(): Iterable<string>;
}

/** Names of other sections that arguments may mention. */
export interface Directory {
  frontend(name: string): ProxyEntry | undefined;
  backend(name: string): ProxyEntry | undefined;
  /** The model's `Server.id`. */
  server(backend: ProxyEntry, name: string): number | undefined;
  /** The configuration names that backend: it cannot be removed at run time. */
  refer(backend: string): void;
  userlist(name: string): Userlist | undefined;
  /** Whether events can go there: a ring, `stdout` or `stderr`. */
  sink(name: string): boolean;
}

export interface ProxyEntry {
  readonly name: string;
  /** The model's `Proxy.id`. */
  readonly id: number;
  readonly kind: 'frontend' | 'backend' | 'listen' | 'defaults';
  readonly fullconn: number;
}
