/**
 * Rules of a defaults section are compiled with every section that starts from it. What is wrong with them is told
 * once, of the first of these sections.
 */
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { Proxy } from '../../model/proxy.ts';

export class InheritedOnce {
  readonly diagnostics: Diagnostic[] = [];
  readonly #told = new Map<string, Proxy>();
  #proxy: Proxy | undefined;

  /** The section whose rules are compiled from here on. */
  startSection(proxy: Proxy): void {
    this.#proxy = proxy;
  }

  readonly report = (diagnostic: Diagnostic): void => {
    const { file, line, column } = diagnostic.position;
    const proxy = this.#proxy;
    if (proxy !== undefined && (file !== proxy.position.file || line < proxy.position.line)) {
      const key = `${diagnostic.severity} ${line} ${column} ${file}`;
      const first = this.#told.get(key);
      if (first !== undefined && first !== proxy) return;
      this.#told.set(key, proxy);
    }
    this.diagnostics.push(diagnostic);
  };
}
