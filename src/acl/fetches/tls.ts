/** Fetches on TLS connections ended here or opened to servers (manual, section 7.3.4). */
import type { SampleContext } from '../context.ts';
import type { TlsFacts } from '../../net/tls/tls-facts.ts';
import type { FetchRow, Getter } from '../row.ts';
import type { SampleType } from '../sample.ts';
import { TLS_CERTIFICATE_FETCHES } from './tls-certificates.ts';
import { TLS_CAPTURE_FETCHES } from './tls-captures.ts';

type TlsOf = (ctx: SampleContext) => TlsFacts | undefined;
type Side = 'ssl_fc' | 'ssl_bc';
type Word = readonly [
  name: string,
  out: SampleType,
  summary: string,
  read: (facts: TlsFacts) => ReturnType<Getter>,
];

const clientTls: TlsOf = ctx => ctx.client?.tls;
const serverTls: TlsOf = ctx => ctx.server?.tls;
const CLIENT: FetchRow['sources'] = ['client-side connection'];
const SERVER: FetchRow['sources'] = ['server-side connection'];

function wordRow(side: Side, [name, out, summary, read]: Word): FetchRow {
  const tls = side === 'ssl_fc' ? clientTls : serverTls;
  return {
    name: `${side}_${name}`,
    out,
    sources: side === 'ssl_fc' ? CLIENT : SERVER,
    summary,
    compile: () => ctx => {
      const facts = tls(ctx);
      return facts === undefined ? undefined : read(facts);
    },
  };
}

/** False without TLS too. */
function plainToo(name: string, summary: string, read: Getter, sources = CLIENT): FetchRow {
  return { name, out: 'bool', sources, summary, compile: () => read };
}

/** The words that exist on both sides. */
function bothSides(side: Side, whom: string): FetchRow[] {
  const words: readonly Word[] = [
    ['protocol', 'str', `TLS version of the ${whom} connection`, facts => facts.protocol],
    ['cipher', 'str', `cipher of the ${whom} connection`, facts => facts.cipher],
    ['alpn', 'str', `application protocol agreed with the ${whom}`, facts => facts.alpn],
    ['npn', 'str', 'protocol agreed on by NPN, which no TLS here offers: never one', () => undefined],
    ['sni', 'str', `server name of the ${whom} connection`, facts => facts.sni],
    ['session_id', 'bin', `TLS session of the ${whom} connection`, facts => facts.sessionId],
    ['alg_keysize', 'int', `bits of the cipher of the ${whom} connection`, facts => facts.keySize],
    ['use_keysize', 'int', `bits in use of the ${whom} connection`, facts => facts.usedKeySize],
    ['curve', 'str', 'curve agreed on', facts => facts.curve],
    ['client_random', 'bin', 'random bytes of the hello of the client', facts => facts.clientRandom],
    ['server_random', 'bin', 'random bytes of the hello of the server', facts => facts.serverRandom],
    ['session_key', 'bin', 'master key of the session', facts => facts.sessionKey],
    ['unique_id', 'bin', 'channel binding of the connection', facts => facts.uniqueId],
    ['err', 'int', 'TLS error number', facts => facts.error?.code ?? 0],
    ['err_str', 'str', 'TLS error text', facts => facts.error?.text],
  ];
  return words.map(word => wordRow(side, word));
}

function isPending(early: TlsFacts['early']): boolean {
  return early !== undefined && early.state !== 'complete';
}

const FRONT_ONLY: readonly Word[] = [
  ['crtname', 'str', 'name of the certificate presented', facts => facts.ownCertificateName],
  ['has_early', 'bool', 'early data, and the handshake is not over yet', ({ early }) => isPending(early)],
  ['early_rcvd', 'bool', 'early data was accepted on the connection', ({ early }) => early !== undefined],
];

export const TLS_FETCHES: readonly FetchRow[] = [
  plainToo('ssl_fc', 'the client connection uses TLS', ctx => ctx.client?.transport === 'tls'),
  plainToo(
    'ssl_bc',
    'the server connection uses TLS',
    ctx => (ctx.server === undefined ? undefined : ctx.server.tls !== undefined),
    SERVER,
  ),
  plainToo('ssl_fc_has_sni', 'the client sent a server name', ctx => clientTls(ctx)?.sni !== undefined),
  plainToo(
    'ssl_fc_is_resumed',
    'the client TLS session was resumed',
    ctx => clientTls(ctx)?.resumed === true,
  ),
  plainToo(
    'ssl_bc_is_resumed',
    'the server TLS session was resumed',
    ctx => serverTls(ctx)?.resumed === true,
    SERVER,
  ),
  ...bothSides('ssl_fc', 'client'),
  ...bothSides('ssl_bc', 'server'),
  ...FRONT_ONLY.map(word => wordRow('ssl_fc', word)),
  ...TLS_CERTIFICATE_FETCHES,
  ...TLS_CAPTURE_FETCHES,
];
