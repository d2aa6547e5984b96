/** A data thread's copies of what all threads share by copies: pattern lists, variables of the process. */
import { applyPatternChange } from '../../acl/pattern-changes.ts';
import { fromPlain, toPlain } from '../../acl/plain-sample.ts';
import type { ProcessVariables } from '../../acl/process-variables.ts';
import type { Runtime } from '../../proxy/runtime/compile-runtime.ts';
import type { DynamicCookieSetting } from '../../proxy/persistence/cookie-keeper.ts';
import type { CookieChange, SharedChange } from './orders.ts';

export class ThreadCopies {
  readonly #runtime: Runtime;
  readonly #variables: ProcessVariables;
  readonly #tell: (change: SharedChange, seen: number) => void;
  readonly #cookies = new Map<number, CookieChange>();
  /** The last change of others that was followed. */
  #seen = 0;

  constructor(
    runtime: Runtime,
    variables: ProcessVariables,
    tell: (change: SharedChange, seen: number) => void,
  ) {
    this.#runtime = runtime;
    this.#variables = variables;
    this.#tell = tell;
    variables.onChange = (slot, value) => {
      const entry = runtime.variables.nameOf(slot);
      if (entry === undefined) return;
      const name = `${entry.scope}.${entry.name}`;
      this.publish({ kind: 'variable', name, value: value === undefined ? undefined : toPlain(value) });
    };
  }

  /** This thread changed its copy. */
  publish(change: SharedChange): void {
    this.#tell(change, this.#seen);
  }

  follow(changes: readonly SharedChange[], number: number): void {
    this.#seen = number;
    for (const change of changes) {
      if (change.kind === 'variable') this.#followVariable(change);
      else if (change.kind === 'dynamic-cookie') this.#followCookie(change);
      else applyPatternChange(this.#runtime.patterns, change);
    }
  }

  /** Undefined: no command changed anything of that backend's. */
  dynamicCookie(backend: number): DynamicCookieSetting | undefined {
    return this.#cookies.get(backend);
  }

  #followCookie(change: CookieChange): void {
    this.#cookies.set(change.backend, change);
    this.#runtime.setDynamicCookie(change.backend, change);
  }

  #followVariable({ name, value }: Extract<SharedChange, { kind: 'variable' }>): void {
    const entry = this.#runtime.variables.resolve(name);
    if (typeof entry === 'object')
      this.#variables.follow(entry.slot, value === undefined ? undefined : fromPlain(value));
  }
}
