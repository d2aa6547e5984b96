/**
 * What the process says of itself, on its way to standard error: its warnings are counted (`TotalWarnings` of `show info`), and what it
 * says before it serves is kept (management manual, `show startup-logs`).
 */
import { renderNotice } from '../../config-parser/diagnostic.ts';
import type { Notice } from '../../model/notice.ts';
import { FIELD } from '../../state/counter-fields.ts';
import type { Counters } from '../../state/counters.ts';

export class NoticeBook {
  /** Each as it stands on standard error, without its line end. */
  readonly startupLogs: string[];
  readonly notice: Notice;
  /** Until they are counted elsewhere. */
  #warnings: number;
  #isStarting = true;
  #counters: Counters | undefined;

  /** `read`: the lines about the configuration. `notice`: who says all further ones. */
  constructor(read: readonly string[], notice: Notice) {
    this.startupLogs = [...read];
    this.#warnings = read.filter(line => line.startsWith('[WARNING]')).length;
    this.notice = (level, text, about) => {
      if (this.#isStarting) this.startupLogs.push(renderNotice(level, text, process.pid).trimEnd());
      if (level === 'warning') this.#count(1);
      notice(level, text, about);
    };
  }

  /** The start is over. */
  served(): void {
    this.#isStarting = false;
  }

  /** Those of this thread, which all threads read. */
  countIn(counters: Counters): void {
    this.#counters = counters;
    this.#count(this.#warnings);
  }

  #count(warnings: number): void {
    if (this.#counters === undefined) this.#warnings += warnings;
    else this.#counters.add(this.#counters.process, FIELD.warnings, warnings);
  }
}
