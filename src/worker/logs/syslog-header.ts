/** What stands before the text of a log line, by the format of its target (manual, `log`; RFC 3164, RFC 5424). */
import type { LogFormatName } from '../../model/log.ts';
import { strftime } from '../../base/strftime.ts';

interface HeaderFacts {
  readonly tag: string;
  readonly pid: number;
  /** `log-send-hostname` */
  readonly hostname: string | undefined;
}

/** `level` 0..7; `nowMs` since the epoch. */
export type SyslogHeader = (level: number, nowMs: number, structuredData: string | undefined) => string;

export function compileHeader(
  { format, facility }: { readonly format: LogFormatName | undefined; readonly facility: number },
  { tag, pid, hostname }: HeaderFacts,
): SyslogHeader {
  const whole = (level: number): string => `<${facility * 8 + level}>`;
  const name = `${tag}[${pid}]: `;
  switch (format ?? (hostname === undefined ? 'local' : 'rfc3164')) {
    case 'raw':
      return () => '';
    case 'short':
      return level => `<${level}>`;
    case 'priority':
      return whole;
    case 'iso':
      return (_level, nowMs) => `${isoTime(nowMs)} `;
    case 'timed':
      return (level, nowMs) => `<${level}>${isoTime(nowMs)} `;
    case 'local':
      return eachSecond((level, nowMs) => `${whole(level)}${legacyTime(nowMs)} ${name}`);
    case 'rfc3164': {
      const rest = `${hostname ?? 'localhost'} ${name}`;
      return eachSecond((level, nowMs) => `${whole(level)}${legacyTime(nowMs)} ${rest}`);
    }
    case 'rfc5424': {
      const rest = `${hostname ?? '-'} ${tag} ${pid} - `;
      return (level, nowMs, structuredData) =>
        `${whole(level)}1 ${isoTime(nowMs)} ${rest}${structuredData?.replace(/ +$/, '') || '-'} `;
    }
  }
}

/** The text of a second is made once, however many lines fall into it. */
function remembered(render: (epoch: number) => string): (nowMs: number) => string {
  let last = -1;
  let text = '';
  return nowMs => {
    const epoch = Math.floor(nowMs / 1000);
    if (epoch !== last) {
      text = render(epoch);
      last = epoch;
    }
    return text;
  };
}

/** The very same text for all lines of a level in a second. */
function eachSecond(render: (level: number, nowMs: number) => string): SyslogHeader {
  let [lastLevel, endMs, text] = [-1, 0, ''];
  return (level, nowMs) => {
    if (level === lastLevel && nowMs < endMs && nowMs >= endMs - 1000) return text;
    lastLevel = level;
    endMs = Math.floor(nowMs / 1000) * 1000 + 1000;
    return (text = render(level, nowMs));
  };
}

/** `Jan  1 00:00:00`, local time. */
export const legacyTime = remembered(epoch => strftime('%b %e %H:%M:%S', epoch, true));
const isoSecond = remembered(epoch => strftime('%Y-%m-%dT%H:%M:%S', epoch, true));
const isoZone = remembered(epoch => strftime('%z', epoch, true).replace(/(..)$/, ':$1'));

/** `2014-07-08T18:06:42.123000+02:00` */
export function isoTime(nowMs: number): string {
  const fraction = String(Math.floor(nowMs % 1000)).padStart(3, '0');
  return `${isoSecond(nowMs)}.${fraction}000${isoZone(nowMs)}`;
}
