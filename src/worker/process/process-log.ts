/**
 * What the process says about itself, on standard error. Three forms (`process-log` in global, LB_PROCESS_LOG):
 *
 *   haproxy  `[WARNING]  (pid) : text`, the line that scripts and people know
 *   json     one object a line, by pino: level, time, pid, msg and what it is about
 *   auto     on a terminal haproxy; elsewhere haproxy for what HAProxy says too, json for what only this program
 *            has (virtual addresses, threads, engines), see docs/decisions/0002-dependencies.md
 */
import { createRequire } from 'node:module';
import type * as Pino from 'pino';
import { renderDiagnostics, renderMessage, renderNotice } from '../../config-parser/diagnostic.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { NoticeContext, NoticeLevel, ProcessLogForm } from '../../model/notice.ts';

const LEVELS = { notice: 'info', warning: 'warn', alert: 'error', diag: 'debug' } as const;

interface ProcessLogParts {
  readonly form: ProcessLogForm;
  readonly terminal: boolean;
  readonly write: (text: string) => void;
}

export class ProcessLog {
  readonly #parts: ProcessLogParts;
  #logger: Pino.Logger | undefined;

  constructor(parts: ProcessLogParts) {
    this.#parts = parts;
  }

  /** pino is read at its first line; earlier where files are soon out of reach (`chroot`). */
  prepare(): void {
    this.#logger ??= this.#open();
  }

  notice(level: NoticeLevel, text: string, about?: NoticeContext): void {
    const json = this.#isJson(about) ? this.#json() : undefined;
    if (json === undefined) this.#parts.write(renderNotice(level, text, process.pid));
    else json[LEVELS[level]](about ?? {}, text);
  }

  /** What is wrong with a configuration. */
  diagnostics(diagnostics: readonly Diagnostic[], showDiag: boolean): void {
    const json = this.#parts.form === 'json' ? this.#json() : undefined;
    if (json === undefined)
      return this.#parts.write(renderDiagnostics(diagnostics, { pid: process.pid, showDiag }));
    for (const diagnostic of diagnostics) {
      const { severity, position } = diagnostic;
      if (severity === 'diag' && !showDiag) continue;
      const { file, line } = position;
      const text = renderMessage({ ...diagnostic, position: { ...position, line: 0 } });
      json[LEVELS[severity]](line > 0 ? { file, line } : {}, text);
    }
  }

  #isJson(about: NoticeContext | undefined): boolean {
    const { form, terminal } = this.#parts;
    return form === 'json' || (form === 'auto' && !terminal && about?.part !== undefined);
  }

  #json(): Pino.Logger | undefined {
    this.prepare();
    return this.#logger;
  }

  /** Undefined: it cannot be read, as when no descriptor is left. What there is to say is more important than its form. */
  #open(): Pino.Logger | undefined {
    const { write } = this.#parts;
    try {
      const { pino } = createRequire(import.meta.url)('pino') as typeof Pino;
      return pino(
        {
          level: 'debug',
          base: { pid: process.pid },
          timestamp: pino.stdTimeFunctions.isoTime,
          formatters: { level: label => ({ level: label }) },
        },
        { write },
      );
    } catch {
      return undefined;
    }
  }
}
