/** Fetches on TLS connections ended here or opened to servers (manual, section 7.3.4). */
import type { SampleContext, TlsFacts } from '../context.ts';
import type { ArgumentSpec } from '../arguments.ts';
import type { FetchRow, Getter } from '../row.ts';
import type { SampleType } from '../sample.ts';

type TlsOf = (ctx: SampleContext) => TlsFacts | undefined;

const clientTls: TlsOf = ctx => ctx.client?.tls;
const serverTls: TlsOf = ctx => ctx.server?.tls;
const CLIENT: FetchRow['sources'] = ['client-side connection'];
const SERVER: FetchRow['sources'] = ['server-side connection'];

function fact(
  name: string,
  out: SampleType,
  summary: string,
  tls: TlsOf,
  read: (facts: TlsFacts) => ReturnType<Getter>,
): FetchRow {
  return {
    name,
    out,
    sources: tls === clientTls ? CLIENT : SERVER,
    summary,
    compile: () => ctx => {
      const facts = tls(ctx);
      return facts === undefined ? undefined : read(facts);
    },
  };
}

/** The words that exist on both sides. */
function bothSides(prefix: 'ssl_fc' | 'ssl_bc', tls: TlsOf, whom: string): FetchRow[] {
  return [
    {
      name: prefix,
      out: 'bool',
      sources: tls === clientTls ? CLIENT : SERVER,
      summary: `the ${whom} connection uses TLS`,
      compile: () =>
        tls === clientTls
          ? ctx => ctx.client?.transport === 'tls'
          : ctx => (ctx.server === undefined ? undefined : ctx.server.tls !== undefined),
    },
    fact(`${prefix}_protocol`, 'str', `TLS version of the ${whom} connection`, tls, facts => facts.protocol),
    fact(`${prefix}_cipher`, 'str', `cipher of the ${whom} connection`, tls, facts => facts.cipher),
    fact(`${prefix}_alpn`, 'str', `application protocol agreed with the ${whom}`, tls, facts => facts.alpn),
    fact(`${prefix}_sni`, 'str', `server name of the ${whom} connection`, tls, facts => facts.sni),
    fact(`${prefix}_is_resumed`, 'bool', `the ${whom} TLS session was resumed`, tls, facts => facts.resumed),
    fact(
      `${prefix}_session_id`,
      'bin',
      `TLS session of the ${whom} connection`,
      tls,
      facts => facts.sessionId,
    ),
    fact(
      `${prefix}_alg_keysize`,
      'int',
      `bits of the cipher of the ${whom} connection`,
      tls,
      facts => facts.keySize,
    ),
    fact(
      `${prefix}_use_keysize`,
      'int',
      `bits in use of the ${whom} connection`,
      tls,
      facts => facts.keySize,
    ),
  ];
}

const KNOWN: readonly FetchRow[] = [
  ...bothSides('ssl_fc', clientTls, 'client'),
  ...bothSides('ssl_bc', serverTls, 'server'),
  fact(
    'ssl_fc_has_sni',
    'bool',
    'the client sent a server name',
    clientTls,
    facts => facts.sni !== undefined,
  ),
  fact(
    'ssl_fc_has_crt',
    'bool',
    'the client sent a certificate',
    clientTls,
    ({ peerCertificate }) => peerCertificate !== undefined,
  ),
  fact(
    'ssl_c_used',
    'bool',
    'the session has a client certificate',
    clientTls,
    ({ peerCertificate }) => peerCertificate !== undefined,
  ),
  fact(
    'ssl_c_verify',
    'int',
    'verification result of the client certificate',
    clientTls,
    facts => facts.verifyResult,
  ),
  fact('ssl_c_der', 'bin', 'client certificate in DER form', clientTls, facts => facts.peerCertificate),
  fact('ssl_f_der', 'bin', 'our certificate in DER form', clientTls, facts => facts.ownCertificate),
  fact('ssl_s_der', 'bin', 'server certificate in DER form', serverTls, facts => facts.peerCertificate),
].map(row => (row.name === 'ssl_s_der' ? { ...row, sources: CLIENT } : row));

function later(
  name: string,
  out: SampleType,
  summary: string,
  args: readonly ArgumentSpec[] = [],
  sources: FetchRow['sources'] = CLIENT,
): FetchRow {
  return { name, args, out, sources, summary, missing: 'TLS handshake details' };
}

const DN_ARGS = ['entry:str?', 'occ:int?', 'format:str?'] as const;

/** What can be asked of a certificate, beside its bytes. */
function certificateRows(prefix: string, whose: string): FetchRow[] {
  const word = (name: string, out: SampleType, what: string, args: readonly ArgumentSpec[] = []): FetchRow =>
    later(`${prefix}_${name}`, out, `${what} of the ${whose} certificate`, args);
  return [
    word('i_dn', 'str', 'issuer name', DN_ARGS),
    word('s_dn', 'str', 'subject name', DN_ARGS),
    word('key_alg', 'str', 'key algorithm'),
    word('sig_alg', 'str', 'signature algorithm'),
    word('notafter', 'str', 'end date'),
    word('notbefore', 'str', 'start date'),
    word('serial', 'bin', 'serial number'),
    word('sha1', 'bin', 'SHA-1 fingerprint'),
    word('version', 'int', 'version'),
  ];
}

/** Secrets and randoms for key logs. */
function secretRows(prefix: 'ssl_fc' | 'ssl_bc'): FetchRow[] {
  const sources = prefix === 'ssl_fc' ? CLIENT : SERVER;
  const secrets = [
    'client_early_traffic_secret',
    'client_handshake_traffic_secret',
    'server_handshake_traffic_secret',
    'client_traffic_secret_0',
    'server_traffic_secret_0',
    'exporter_secret',
    'early_exporter_secret',
  ].map(name => later(`${prefix}_${name}`, 'str', `${name.replaceAll('_', ' ')} of TLS 1.3`));
  return [
    ...secrets,
    later(`${prefix}_client_random`, 'bin', 'client random', [], sources),
    later(`${prefix}_server_random`, 'bin', 'server random', [], sources),
    later(`${prefix}_session_key`, 'bin', 'master key of the session', [], sources),
    later(`${prefix}_unique_id`, 'bin', 'channel binding of the connection', [], sources),
    later(`${prefix}_curve`, 'str', 'curve agreed on', [], sources),
    later(`${prefix}_npn`, 'str', 'protocol agreed on by NPN', [], sources),
    later(`${prefix}_err`, 'int', 'TLS error number', [], sources),
    later(`${prefix}_err_str`, 'str', 'TLS error text', [], sources),
  ];
}

const FILTER = ['filter_option:int?'] as const;

const LATER: readonly FetchRow[] = [
  ...certificateRows('ssl_c', 'client'),
  ...certificateRows('ssl_f', 'presented'),
  ...certificateRows('ssl_s', 'server'),
  later('ssl_c_r_dn', 'str', 'root name of the client certificate chain', DN_ARGS),
  later('ssl_c_san', 'str', 'alternative names of the client certificate'),
  later('ssl_c_err', 'int', 'first error of the client certificate'),
  later('ssl_c_ca_err', 'int', 'first error of the client certificate chain'),
  later('ssl_c_ca_err_depth', 'int', 'depth of the first chain error'),
  later('ssl_c_chain_der', 'bin', 'client certificate chain in DER form'),
  later('ssl_s_chain_der', 'bin', 'server certificate chain in DER form'),
  ...secretRows('ssl_fc'),
  ...secretRows('ssl_bc'),
  later('ssl_fc_has_early', 'bool', 'early data before the handshake completed'),
  later('ssl_fc_early_rcvd', 'bool', 'early data was received'),
  later('ssl_fc_crtname', 'str', 'name of the certificate presented'),
  later('ssl_fc_cipherlist_bin', 'str', 'ciphers of the ClientHello', FILTER),
  later('ssl_fc_cipherlist_hex', 'bin', 'ciphers of the ClientHello in hexadecimal', FILTER),
  later('ssl_fc_cipherlist_str', 'str', 'names of the ciphers of the ClientHello', FILTER),
  later('ssl_fc_cipherlist_xxh', 'int', 'hash of the ciphers of the ClientHello'),
  later('ssl_fc_protocol_hello_id', 'int', 'TLS version in the ClientHello'),
  later('ssl_fc_extlist_bin', 'str', 'extensions of the ClientHello', FILTER),
  later('ssl_fc_eclist_bin', 'str', 'curves of the ClientHello', FILTER),
  later('ssl_fc_ecformats_bin', 'str', 'point formats of the ClientHello'),
  later('ssl_fc_supported_versions_bin', 'bin', 'versions of the ClientHello', FILTER),
  later('ssl_fc_sigalgs_bin', 'bin', 'signature algorithms of the ClientHello', FILTER),
];

export const TLS_FETCHES: readonly FetchRow[] = [...KNOWN, ...LATER];
