/**
 * What stands before the text of a message that is passed on: the fields it came with, in the format of the target
 * (manual, section 12.6: without one the message keeps its own). Times are turned from one format into the other as
 * far as they go.
 */
import type { LogFormatName } from '../../model/log.ts';
import { isoTime, legacyTime } from '../logs/syslog-header.ts';
import { ISO_TIME_LEAST, LEGACY_TIME_LENGTH, MONTHS, type SyslogMessage } from './syslog-message.ts';

/** The format that keeps most of a message. */
export function ownFormat({ host, tag, time, facility }: SyslogMessage): LogFormatName {
  if (host !== '') return time === '-' || time.length >= ISO_TIME_LEAST ? 'rfc5424' : 'rfc3164';
  if (tag !== '') return 'local';
  return facility >= 0 ? 'priority' : 'raw';
}

export function forwardedHeader(
  message: SyslogMessage,
  format: LogFormatName,
  { facility, level }: { readonly facility: number; readonly level: number },
  nowMs: number,
): string {
  switch (format) {
    case 'raw':
      return '';
    case 'short':
      return priority(level);
    case 'priority':
      return priority(facility * 8 + level);
    case 'iso':
      return `${isoTimeOf(message.time, nowMs)} `;
    case 'timed':
      return `${priority(level)}${isoTimeOf(message.time, nowMs)} `;
    case 'local':
      return `${priority(facility * 8 + level)}${legacyTimeOf(message.time, nowMs)} ${tagOf(message)}`;
    case 'rfc3164': {
      const host = message.host || 'localhost';
      return `${priority(facility * 8 + level)}${legacyTimeOf(message.time, nowMs)} ${host} ${tagOf(message)}`;
    }
    case 'rfc5424': {
      const time = message.time === '-' ? '-' : isoTimeOf(message.time, nowMs);
      const { host, tag, pid, messageId, structuredData } = message;
      const fields = [host, tag, pid, messageId, structuredData].map(field => field || '-').join(' ');
      return `${priority(facility * 8 + level)}1 ${time} ${fields} `;
    }
  }
}

/** Senders may claim more than the 191 there are; three digits are passed on. */
function priority(value: number): string {
  return `<${String(value).slice(-3)}>`;
}

function tagOf({ tag, pid }: SyslogMessage): string {
  if (tag === '') return '';
  return pid === '' ? `${tag}: ` : `${tag}[${pid}]: `;
}

function legacyTimeOf(time: string, nowMs: number): string {
  if (time.length === LEGACY_TIME_LENGTH) return time;
  const month = time.length >= ISO_TIME_LEAST ? MONTHS[Math.max(Number(time.slice(5, 7)) - 1, 0)] : undefined;
  if (month === undefined) return legacyTime(nowMs);
  const day = time[8] === '0' ? ` ${time[9]}` : time.slice(8, 10);
  return `${month} ${day} ${time.slice(11, 19)}`;
}

/** RFC 3164 tells neither year nor zone: the year is the last one that makes it no later than this month. */
function isoTimeOf(time: string, nowMs: number): string {
  if (time.length >= ISO_TIME_LEAST) return time;
  const month = time.length === LEGACY_TIME_LENGTH ? MONTHS.indexOf(time.slice(0, 3)) : -1;
  if (month < 0) return isoTime(nowMs);
  const now = new Date(nowMs);
  const year = now.getFullYear() - (now.getMonth() < month ? 1 : 0);
  const day = time.slice(4, 6).replace(' ', '0');
  return `${year}-${String(month + 1).padStart(2, '0')}-${day}T${time.slice(7)}-00:00`;
}
