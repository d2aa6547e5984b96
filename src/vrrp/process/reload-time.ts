/** The text of a reload_time_file (keepalived.conf(5)) -> when that is. Pure; called by reload-timer.ts. */

/** `HH:MM:SS`, `YY-MM-DD HH:MM:SS`, `YYYY-MM-DD HH:MM:SS`, in local time or, with a `Z` behind, in UTC. */
const PATTERN = /^(?:(\d{4}|\d{2})-(\d{2})-(\d{2}) )?(\d{2}):(\d{2}):(\d{2})(Z?)$/;
/** Two figures from here on are of the century before (strptime(3)). */
const OLD_YEARS = 69;

export interface ReloadTime {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly hasDate: boolean;
}

type Fields = readonly [
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
];

/** A time without a date is the next one; undefined: there is no such time. */
export function readReloadTime(text: string, now: number): ReloadTime | undefined {
  const [, year, month, day, hour, minute, second, zone] = PATTERN.exec(text) ?? [];
  if (hour === undefined) return undefined;
  const isUtc = zone === 'Z';
  const [thisYear, thisMonth, today] = fieldsOf(now, isUtc);
  const hasDate = year !== undefined;
  const date = hasDate ? [fullYear(year), Number(month) - 1, Number(day)] : [thisYear, thisMonth, today];
  const fields = [...date, ...[hour, minute, second].map(Number)] as unknown as Fields;
  const at = momentOf(fields, isUtc);
  // a 31st of June, an hour that summer time leaves out
  if (String(fieldsOf(at, isUtc)) !== String(fields)) return undefined;
  if (hasDate || at > now) return { at, hasDate };
  return { at: momentOf(fields.with(2, fields[2] + 1) as unknown as Fields, isUtc), hasDate };
}

function fullYear(text: string): number {
  const year = Number(text);
  if (text.length === 4) return year;
  return year < OLD_YEARS ? 2000 + year : 1900 + year;
}

function momentOf(fields: Fields, isUtc: boolean): number {
  return isUtc ? Date.UTC(...fields) : new Date(...fields).getTime();
}

function fieldsOf(at: number, isUtc: boolean): Fields {
  const date = new Date(at);
  if (!isUtc)
    return [
      date.getFullYear(),
      date.getMonth(),
      date.getDate(),
      date.getHours(),
      date.getMinutes(),
      date.getSeconds(),
    ];
  return [
    date.getUTCFullYear(),
    date.getUTCMonth(),
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
  ];
}
