/** Messages of HTTP in a line of a trace: one line, printable, and not too long. */
import type { RequestHead, ResponseHead } from '../../http/head.ts';
import { latin1Slice } from '../../base/latin1.ts';

/** Bytes of contents that are shown. */
const SHOWN = 256;

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '.');
}

function versionText(version: number): string {
  return version === 9 ? 'HTTP/0.9' : `HTTP/${Math.floor(version / 10)}.${version % 10}`;
}

/** `GET /index.html HTTP/1.1` */
export function requestLine({ method, target, version }: RequestHead): string {
  return printable(`${method} ${target} ${versionText(version)}`);
}

/** `HTTP/1.1 200 OK` */
export function statusLine({ version, status, reason }: ResponseHead): string {
  return printable(`${versionText(version)} ${status} ${reason}`.trimEnd());
}

/** `Host: a | Accept: *` */
export function fieldsText({ headers }: Pick<RequestHead, 'headers'>): string {
  const fields = Array.from(
    { length: headers.count },
    (_, index) => `${headers.nameAt(index)}: ${headers.valueAt(index)}`,
  );
  return printable(fields.join(' | '));
}

/** `"hello"`, its begin only where it is long. */
export function contentText(buffer: Buffer, start: number, length: number): string {
  const shown = latin1Slice(buffer, start, start + Math.min(length, SHOWN));
  return `"${printable(shown)}"${length > SHOWN ? '...' : ''}`;
}
