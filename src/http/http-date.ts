/** Dates in header fields (RFC 9110 section 5.6.7). */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const FIXDATE = /^[A-Z][a-z]{2}, ([0-9]{2}) ([A-Z][a-z]{2}) ([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT$/;
const RFC850 = /^[A-Z][a-z]+, ([0-9]{2})-([A-Z][a-z]{2})-([0-9]{2}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT$/;
const ASCTIME = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ 0-9][0-9]) ([0-9]{2}):([0-9]{2}):([0-9]{2}) ([0-9]{4})$/;

/** Seconds since the epoch of an HTTP date in any of its three forms. */
export function parseHttpDate(text: string): number | undefined {
  const match = FIXDATE.exec(text) ?? RFC850.exec(text);
  if (match !== null) {
    const [, day, month, year, hour, minute, second] = match as unknown as string[];
    return epochOf(
      fullYear(year as string),
      month as string,
      day as string,
      [hour, minute, second] as string[],
    );
  }
  const asctime = ASCTIME.exec(text);
  if (asctime === null) return undefined;
  const [, month, day, hour, minute, second, year] = asctime as unknown as string[];
  return epochOf(Number(year), month as string, day as string, [hour, minute, second] as string[]);
}

/** Two digits: the century that is less than fifty years ahead. */
function fullYear(text: string): number {
  if (text.length === 4) return Number(text);
  return Number(text) < 70 ? 2000 + Number(text) : 1900 + Number(text);
}

function epochOf(year: number, monthName: string, day: string, clock: readonly string[]): number | undefined {
  const month = MONTHS.indexOf(monthName);
  const [hour, minute, second] = clock.map(Number) as [number, number, number];
  if (month < 0 || hour > 23 || minute > 59 || second > 60) return undefined;
  return Date.UTC(year, month, Number(day), hour, minute, second) / 1000;
}
