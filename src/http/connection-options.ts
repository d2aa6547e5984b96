/**
 * `Connection` and `Upgrade` (RFC 9110 sections 7.6.1 and 7.8). `close` and `keep-alive` speak of one connection
 * and are taken out; what else is named stays, with the fields it names, as HAProxy has it
 * (`tune.http.strict on`: it goes, with them). An upgrade to HTTP/2 is never asked for on (RFC 9113 section 3.1).
 */
import { discardAll, type FramingFields } from './framing.ts';
import type { HeadLimits } from './head-limits.ts';
import type { HeaderList } from './header-list.ts';
import { CONNECTION, UPGRADE } from './known-fields.ts';
import { filterListItems } from './list-items.ts';

const LENIENT: HeadLimits = { maxHeadBytes: 0, maxHeaders: 0 };

/** Both fields of a received head, or of one that rules have changed. */
export function readConnectionOptions(
  headers: HeaderList,
  fields: FramingFields,
  isRequest: boolean,
  version: number,
  limits: HeadLimits = LENIENT,
): void {
  const { seen } = headers;
  if ((seen & ((1 << CONNECTION) | (1 << UPGRADE))) === 0) return;
  if ((seen & (1 << CONNECTION)) !== 0 && !isOneWord(headers, fields))
    readConnection(headers, fields, limits.strict === true);
  if ((seen & (1 << UPGRADE)) !== 0) readUpgrade(headers, fields);
  if (!isRequest) return;
  const asks = fields.connectionUpgrade && fields.hasUpgrade && version >= 11;
  if (asks) return;
  if (fields.hasUpgrade) discardAll(headers, 'upgrade');
  if (fields.connectionUpgrade) keepOptions(headers, option => option !== 'upgrade');
  fields.hasUpgrade = false;
  fields.connectionUpgrade = false;
}

const WORD_KEEP_ALIVE = Buffer.from('keep-alive');
const WORD_CLOSE = Buffer.from('close');

/** The usual case: one field, of one word. It is taken out. */
function isOneWord(headers: HeaderList, fields: FramingFields): boolean {
  if (headers.touched !== 0 || (headers.repeated & (1 << CONNECTION)) !== 0) return false;
  const index = headers.firstKnown(CONNECTION);
  if (index < 0) return false;
  if (headers.isValue(index, WORD_KEEP_ALIVE)) fields.connectionKeepAlive = true;
  else if (headers.isValue(index, WORD_CLOSE)) fields.connectionClose = true;
  else return false;
  headers.discardAt(index);
  return true;
}

function readConnection(headers: HeaderList, fields: FramingFields, strict: boolean): void {
  const named: string[] = [];
  keepOptions(headers, option => {
    if (option === 'close') fields.connectionClose = true;
    else if (option === 'keep-alive') fields.connectionKeepAlive = true;
    else if (option === 'upgrade') fields.connectionUpgrade = true;
    else if (strict) named.push(option);
    else return true;
    return option === 'upgrade';
  });
  for (const name of named) if (!ENDS_HERE_NEVER.has(name)) discardAll(headers, name);
}

/** Naming these must not make them vanish: they decide where the message ends and whom it is for. */
const ENDS_HERE_NEVER = new Set(['content-length', 'transfer-encoding', 'host', 'upgrade', 'te', 'trailer']);

function readUpgrade(headers: HeaderList, fields: FramingFields): void {
  keepItems(headers, 'upgrade', protocol => {
    if (protocol === 'websocket') fields.isWebsocket = true;
    return protocol !== 'h2c' && protocol !== 'h2';
  });
  fields.hasUpgrade = headers.has('upgrade');
}

function keepOptions(headers: HeaderList, keep: (option: string) => boolean): void {
  keepItems(headers, 'connection', keep);
}

function keepItems(headers: HeaderList, name: string, keep: (item: string) => boolean): void {
  for (let at = headers.find(name); at >= 0;) {
    const value = headers.valueAt(at);
    const kept = filterListItems(value, keep);
    if (kept === '') headers.discardAt(at);
    else if (kept !== value) headers.amendValueAt(at, kept);
    at = headers.find(name, kept === '' ? at : at + 1);
  }
}
