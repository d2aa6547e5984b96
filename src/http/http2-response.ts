/**
 * Fields of HTTP/1 responses as HTTP/2 has them (RFC 9113 section 8.3.2): names in lower case, nothing that concerns a
 * connection. What they are given to is node:http2. Called by proxy/http2-wire.ts.
 */
import type { Headers } from './head.ts';

export type Http2Fields = Record<string, string | number | string[]>;

/** RFC 9113 section 8.2.2. */
const CONNECTION_FIELDS = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'upgrade',
  'transfer-encoding',
  'http2-settings',
  'te',
]);

export function http2Fields(status: number, headers: Headers): Http2Fields {
  const fields = Object.create(null) as Http2Fields;
  fields[':status'] = status;
  addFields(fields, headers);
  return fields;
}

export function http2Trailers(headers: Headers): Http2Fields {
  const fields = Object.create(null) as Http2Fields;
  addFields(fields, headers);
  return fields;
}

function addFields(fields: Http2Fields, headers: Headers): void {
  for (let index = 0; index < headers.count; index++) {
    const name = headers.lowerNameAt(index);
    if (CONNECTION_FIELDS.has(name)) continue;
    const value = headers.valueAt(index);
    const known = fields[name];
    if (known === undefined) fields[name] = value;
    else if (Array.isArray(known)) known.push(value);
    else fields[name] = [String(known), value];
  }
}

/**
 * Repeated fields as lists (RFC 9110 section 5.3), Set-Cookie apart: node:http2 takes no repetition of fields that
 * should come once.
 */
export function joinRepeated(fields: Http2Fields): void {
  for (const [name, value] of Object.entries(fields))
    if (Array.isArray(value) && name !== 'set-cookie') fields[name] = value.join(', ');
}
