/** strftime(3) in the C locale over a moment in local time or UTC. */

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

interface Parts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly weekday: number;
  readonly yearDay: number;
  readonly epoch: number;
  /** Minutes east of Greenwich. */
  readonly offset: number;
  readonly zone: string;
}

const two = (value: number): string => String(value).padStart(2, '0');
const blank = (value: number): string => String(value).padStart(2, ' ');
const hour12 = (hour: number): number => hour % 12 || 12;

/** ISO 8601 week and the year it belongs to. */
function isoWeek({ year, yearDay, weekday }: Parts): [number, number] {
  const isoDay = (weekday + 6) % 7;
  const week = Math.floor((yearDay - isoDay + 10) / 7);
  if (week < 1) return [weeksIn(year - 1), year - 1];
  return week > weeksIn(year) ? [1, year + 1] : [week, year];
}

function weeksIn(year: number): number {
  const last = new Date(Date.UTC(year, 11, 31)).getUTCDay();
  const first = new Date(Date.UTC(year, 0, 1)).getUTCDay();
  return first === 4 || last === 4 ? 53 : 52;
}

function renderOffset(offset: number): string {
  const minutes = Math.abs(offset);
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${two(minutes % 60)}`;
}

const FORMATS: Readonly<Record<string, (parts: Parts) => string>> = {
  a: p => (DAYS[p.weekday] as string).slice(0, 3),
  A: p => DAYS[p.weekday] as string,
  b: p => (MONTHS[p.month] as string).slice(0, 3),
  B: p => MONTHS[p.month] as string,
  c: p => render('%a %b %e %H:%M:%S %Y', p),
  C: p => two(Math.floor(p.year / 100)),
  d: p => two(p.day),
  D: p => render('%m/%d/%y', p),
  e: p => blank(p.day),
  F: p => render('%Y-%m-%d', p),
  g: p => two(isoWeek(p)[1] % 100),
  G: p => String(isoWeek(p)[1]),
  h: p => (MONTHS[p.month] as string).slice(0, 3),
  H: p => two(p.hour),
  I: p => two(hour12(p.hour)),
  j: p => String(p.yearDay + 1).padStart(3, '0'),
  k: p => blank(p.hour),
  l: p => blank(hour12(p.hour)),
  m: p => two(p.month + 1),
  M: p => two(p.minute),
  n: () => '\n',
  p: p => (p.hour < 12 ? 'AM' : 'PM'),
  P: p => (p.hour < 12 ? 'am' : 'pm'),
  r: p => render('%I:%M:%S %p', p),
  R: p => render('%H:%M', p),
  s: p => String(p.epoch),
  S: p => two(p.second),
  t: () => '\t',
  T: p => render('%H:%M:%S', p),
  u: p => String(p.weekday || 7),
  U: p => two(Math.floor((p.yearDay + 7 - p.weekday) / 7)),
  V: p => two(isoWeek(p)[0]),
  w: p => String(p.weekday),
  W: p => two(Math.floor((p.yearDay + 7 - ((p.weekday + 6) % 7)) / 7)),
  x: p => render('%m/%d/%y', p),
  X: p => render('%H:%M:%S', p),
  y: p => two(p.year % 100),
  Y: p => String(p.year),
  z: p => renderOffset(p.offset),
  Z: p => p.zone,
  '%': () => '%',
};

function render(format: string, parts: Parts): string {
  return format.replace(/%[EO]?([A-Za-z%])/g, (whole, letter: string) => FORMATS[letter]?.(parts) ?? whole);
}

function partsOf(epoch: number, isLocal: boolean): Parts {
  const date = new Date(epoch * 1000);
  const shifted = isLocal ? new Date(epoch * 1000 - date.getTimezoneOffset() * 60000) : date;
  const year = shifted.getUTCFullYear();
  return {
    year,
    month: shifted.getUTCMonth(),
    day: shifted.getUTCDate(),
    hour: shifted.getUTCHours(),
    minute: shifted.getUTCMinutes(),
    second: shifted.getUTCSeconds(),
    weekday: shifted.getUTCDay(),
    yearDay: Math.floor((shifted.getTime() - Date.UTC(year, 0, 1)) / 86400000),
    epoch,
    offset: isLocal ? 0 - date.getTimezoneOffset() : 0,
    zone: isLocal ? zoneName(date) : 'GMT',
  };
}

function zoneName(date: Date): string {
  return /\(([^)]+)\)$/.exec(date.toString())?.[1]?.replace('Coordinated Universal Time', 'UTC') ?? 'UTC';
}

/** `epoch` in whole seconds. A moment no Date can hold gives an empty text. */
export function strftime(format: string, epoch: number, isLocal: boolean): string {
  if (Math.abs(epoch) > 8.64e12) return '';
  return render(format, partsOf(epoch, isLocal));
}
