/** The cookie of a remote desktop connection request ([MS-RDPBCGR], section 2.2.1.1). */
import { latin1Slice } from '../../base/latin1.ts';
import type { ByteView, SampleContext } from '../context.ts';
import type { FetchRow } from '../row.ts';

/** Behind the TPKT and X.224 headers. */
const COOKIE_AT = 11;

const SHORT = Symbol('more bytes are needed');

/** The cookie's value; SHORT: more bytes can bring it. Without a name: whatever it is called. */
function readCookie({ buffer, offset, length }: ByteView, name: string): string | typeof SHORT | undefined {
  if (length <= COOKIE_AT + 7) return SHORT;
  const text = latin1Slice(buffer, offset + COOKIE_AT, offset + length);
  if (text.slice(0, 7).toLowerCase() !== 'cookie:') return undefined;
  const pair = text.slice(7).replace(/^ +/, '');
  const equals = pair.indexOf('=');
  if (name !== '') {
    if (pair.length <= name.length) return SHORT;
    if (pair.slice(0, name.length).toLowerCase() !== name.toLowerCase() || pair[name.length] !== '=')
      return undefined;
    return readValue(pair.slice(name.length + 1));
  }
  if (/[\r\n]/.test(equals < 0 ? pair : pair.slice(0, equals))) return undefined;
  return equals < 0 ? SHORT : readValue(pair.slice(equals + 1));
}

function readValue(text: string): string | typeof SHORT | undefined {
  const end = text.indexOf('\r');
  if (end < 0 || end + 1 >= text.length) return SHORT;
  return text[end + 1] === '\n' ? text.slice(0, end) : undefined;
}

function fetchCookie(ctx: SampleContext, name: string): string | undefined {
  const value = ctx.requestPayload === undefined ? undefined : readCookie(ctx.requestPayload, name);
  if (value !== SHORT) return value;
  if (!ctx.final) ctx.needMoreData = true;
  return undefined;
}

export const RDP_FETCHES: readonly FetchRow[] = [
  {
    name: 'req.rdp_cookie',
    args: ['name:str?'],
    out: 'str',
    sources: ['request buffer'],
    summary: 'value of the RDP cookie',
    incremental: true,
    compile: args => {
      const name = args[0]?.text ?? '';
      return ctx => fetchCookie(ctx, name);
    },
  },
  {
    name: 'req.rdp_cookie_cnt',
    args: ['name:str?'],
    out: 'int',
    sources: ['request buffer'],
    summary: 'how many RDP cookies there are: 0 or 1',
    incremental: true,
    compile: args => {
      const name = args[0]?.text ?? '';
      return ctx => (fetchCookie(ctx, name) === undefined ? 0 : 1);
    },
  },
];
