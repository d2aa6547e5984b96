/** Dates for the `os` library: the C library inside the module leaves time zones and formats to its host. */
import { strftime } from '../../base/strftime.ts';
import type { HostMemory } from './host-memory.ts';

const DAY_MS = 86_400_000;

/** Offsets of the fields of `struct tm`. */
const SECOND = 0;
const MINUTE = 4;
const HOUR = 8;
const DAY = 12;
const MONTH = 16;
const YEAR = 20;
const WEEKDAY = 24;
const YEARDAY = 28;
const IS_SUMMER = 32;
const OFFSET = 36;

export function timeImports(
  memory: HostMemory,
): Record<string, (...args: never[]) => number | bigint | void> {
  return {
    emscripten_date_now: () => Date.now(),
    _emscripten_get_now_is_monotonic: () => 1,
    _tzset_js: (zone: number, hasSummer: number) => {
      memory.setInt(zone, new Date(2000, 0, 1).getTimezoneOffset() * 60);
      memory.setInt(hasSummer, 0);
    },
    _gmtime_js: (seconds: bigint, at: number) => {
      const date = new Date(Number(seconds) * 1000);
      // as a local time that shows the same numbers
      fill(memory, at, date.getTime(), 0);
    },
    _localtime_js: (seconds: bigint, at: number) => {
      const date = new Date(Number(seconds) * 1000);
      const offsetMs = -date.getTimezoneOffset() * 60_000;
      fill(memory, at, date.getTime() + offsetMs, offsetMs / 1000);
    },
    _mktime_js: (at: number) => {
      const field = (offset: number): number => memory.int(at + offset);
      const year = field(YEAR) + 1900;
      const date = new Date(year, field(MONTH), field(DAY), field(HOUR), field(MINUTE), field(SECOND));
      const offsetMs = -date.getTimezoneOffset() * 60_000;
      fill(memory, at, date.getTime() + offsetMs, offsetMs / 1000);
      return BigInt(Math.floor(date.getTime() / 1000));
    },
    strftime: (target: number, room: number, format: number, at: number) => {
      const field = (offset: number): number => memory.int(at + offset);
      const ms = Date.UTC(
        field(YEAR) + 1900,
        field(MONTH),
        field(DAY),
        field(HOUR),
        field(MINUTE),
        field(SECOND),
      );
      const text = strftime(memory.text(format), Math.floor(ms / 1000), false);
      if (text.length + 1 > room) return 0;
      memory.write(`${text}\0`, target);
      return text.length;
    },
  };
}

/** `ms`: a moment whose numbers in UTC are those to be shown. */
function fill(memory: HostMemory, at: number, ms: number, offset: number): void {
  const date = new Date(ms);
  const set = (field: number, value: number): void => memory.setInt(at + field, value);
  set(SECOND, date.getUTCSeconds());
  set(MINUTE, date.getUTCMinutes());
  set(HOUR, date.getUTCHours());
  set(DAY, date.getUTCDate());
  set(MONTH, date.getUTCMonth());
  set(YEAR, date.getUTCFullYear() - 1900);
  set(WEEKDAY, date.getUTCDay());
  set(YEARDAY, Math.floor((ms - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY_MS));
  set(IS_SUMMER, 0);
  set(OFFSET, offset);
}
