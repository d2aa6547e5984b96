/**
 * `reload_time_file`: reads the configuration again when the file says so. The file goes afterwards, unless its time counts for
 * each day. Called by vrrp-process.ts.
 */
import { readFileSync, rmSync } from 'node:fs';
import type { ReloadTimeFile } from '../../model/keepalived.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { watchFile } from '../watch-file.ts';
import { readReloadTime, type ReloadTime } from './reload-time.ts';

/** The clock may be set meanwhile. */
const LOOK_MS = 60_000;
/** A file that somebody writes is emptied first. */
const WRITING_MS = 100;

export class ReloadTimer {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onDue: () => void;
  #file: ReloadTimeFile | undefined;
  #watcher: { close(): void } | undefined;
  #due: ReloadTime | undefined;
  #cancel: () => void = () => undefined;
  #cancelReading: () => void = () => undefined;

  constructor(clock: Clock, log: Log, onDue: () => void) {
    this.#clock = clock;
    this.#log = log;
    this.#onDue = onDue;
  }

  /** Undefined: no file says anything. */
  follow(file: ReloadTimeFile | undefined): void {
    if (file?.path === this.#file?.path && file?.repeats === this.#file?.repeats) return;
    this.stop();
    this.#file = file;
    if (file === undefined) return;
    this.#watcher = watchFile(
      file.path,
      () => this.#soon(),
      message => this.#log('warning', `reload_time_file ${file.path}: ${message}`),
    );
    this.#read();
  }

  stop(): void {
    this.#watcher?.close();
    this.#cancel();
    this.#cancelReading();
    this.#file = this.#watcher = this.#due = undefined;
  }

  #soon(): void {
    this.#cancelReading();
    this.#cancelReading = this.#clock.after(WRITING_MS, () => this.#read());
  }

  #read(): void {
    const text = textOf(this.#file);
    const now = this.#clock.wallClock();
    const time = text === undefined ? undefined : readReloadTime(text, now);
    const isPast = time !== undefined && time.at <= now;
    if (text !== undefined && time === undefined)
      this.#log('info', `Invalid reload time '${text}' specified - ignoring`);
    if (isPast) this.#log('info', `Reload time ${text} is in the past - ignoring`);
    this.#expect(isPast ? undefined : time);
  }

  #expect(time: ReloadTime | undefined): void {
    const before = this.#due;
    if (before?.at === time?.at) return;
    this.#cancel();
    this.#due = time;
    if (time !== undefined) this.#log('info', `Scheduling reload for ${shown(time)}`);
    else if (before !== undefined) this.#log('info', `Cancelling reload scheduled for ${shown(before)}`);
    this.#wait();
  }

  #wait(): void {
    const due = this.#due;
    if (due === undefined) return;
    const left = due.at - this.#clock.wallClock();
    if (left <= 0) this.#reload(due);
    else this.#cancel = this.#clock.after(Math.min(left, LOOK_MS), () => this.#wait());
  }

  #reload({ hasDate }: ReloadTime): void {
    this.#due = undefined;
    if (this.#file !== undefined && (hasDate || !this.#file.repeats))
      rmSync(this.#file.path, { force: true });
    this.#onDue();
    this.#read();
  }
}

/** Its first line; undefined: there is none. */
function textOf(file: ReloadTimeFile | undefined): string | undefined {
  try {
    const [line = ''] = readFileSync(file?.path ?? '', 'latin1').split('\n');
    return line === '' ? undefined : line;
  } catch {
    return undefined;
  }
}

/** In local time. */
function shown({ at }: ReloadTime): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')}`;
}
