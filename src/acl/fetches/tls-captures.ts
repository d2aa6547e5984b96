/**
 * Fetches on what is kept of handshakes for diagnostics: lists of the ClientHello (`tune.ssl.capture-buffer-size`) and
 * the secrets of TLS 1.3 (`tune.ssl.keylog`); manual, section 7.3.4.
 */
import { cipherName } from '../../net/tls/cipher-names.ts';
import { withoutGrease } from '../../net/tls/hello-capture.ts';
import type { HelloFacts } from '../../net/tls/tls-facts.ts';
import type { ArgumentSpec } from '../arguments.ts';
import { normalInt } from '../integer.ts';
import type { FetchRow, Getter } from '../row.ts';
import type { SampleType } from '../sample.ts';

const CLIENT: FetchRow['sources'] = ['client-side connection'];
const FILTER: readonly ArgumentSpec[] = ['filter_option:int?'];

function helloRow(
  name: string,
  out: SampleType,
  summary: string,
  read: (hello: HelloFacts) => ReturnType<Getter>,
): FetchRow {
  const get: Getter = ctx => {
    const hello = ctx.client?.tls?.hello;
    return hello === undefined ? undefined : read(hello);
  };
  return { name, out, sources: CLIENT, summary, compile: () => get };
}

/** A list of two-byte values, without those of RFC 8701 when the argument is not 0. */
function listRow(
  name: string,
  out: SampleType,
  summary: string,
  listOf: (hello: HelloFacts) => string,
  render: (list: string) => string = list => list,
): FetchRow {
  return {
    name,
    args: FILTER,
    out,
    sources: CLIENT,
    summary,
    compile: args => {
      const filters = Number(args[0]?.int ?? 0) !== 0;
      return ctx => {
        const hello = ctx.client?.tls?.hello;
        if (hello === undefined) return undefined;
        const list = listOf(hello);
        return render(filters ? withoutGrease(list) : list);
      };
    },
  };
}

function hexadecimal(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('hex').toUpperCase();
}

function cipherNames(list: string): string {
  const names: string[] = [];
  for (let at = 0; at + 1 < list.length; at += 2) {
    const number = (list.charCodeAt(at) << 8) | list.charCodeAt(at + 1);
    names.push(cipherName(number) ?? `UNKNOWN(${number.toString(16).padStart(4, '0')})`);
  }
  return names.join(',');
}

const SECRETS = [
  'client_early_traffic_secret',
  'client_handshake_traffic_secret',
  'server_handshake_traffic_secret',
  'client_traffic_secret_0',
  'server_traffic_secret_0',
  'exporter_secret',
  'early_exporter_secret',
];

function secretRows(side: 'fc' | 'bc'): FetchRow[] {
  return SECRETS.map(name => ({
    name: `ssl_${side}_${name}`,
    out: 'str',
    sources: CLIENT,
    summary: `${name.replaceAll('_', ' ')} of TLS 1.3`,
    compile: () =>
      side === 'fc' ? ctx => ctx.client?.tls?.secret(name) : ctx => ctx.server?.tls?.secret(name),
  }));
}

export const TLS_CAPTURE_FETCHES: readonly FetchRow[] = [
  ...secretRows('fc'),
  ...secretRows('bc'),
  listRow('ssl_fc_cipherlist_bin', 'str', 'ciphers of the ClientHello', hello => hello.ciphers),
  listRow(
    'ssl_fc_cipherlist_hex',
    'bin',
    'ciphers of the ClientHello in hexadecimal',
    hello => hello.ciphers,
    hexadecimal,
  ),
  listRow(
    'ssl_fc_cipherlist_str',
    'str',
    'names of the ciphers of the ClientHello',
    hello => hello.ciphers,
    cipherNames,
  ),
  helloRow('ssl_fc_cipherlist_xxh', 'int', 'hash of the ciphers of the ClientHello', hello =>
    normalInt(hello.ciphersHash),
  ),
  helloRow('ssl_fc_protocol_hello_id', 'int', 'TLS version in the ClientHello', hello => hello.version),
  listRow('ssl_fc_extlist_bin', 'str', 'extensions of the ClientHello', hello => hello.extensions),
  listRow('ssl_fc_eclist_bin', 'str', 'curves of the ClientHello', hello => hello.groups),
  helloRow('ssl_fc_ecformats_bin', 'str', 'point formats of the ClientHello', hello => hello.pointFormats),
  listRow('ssl_fc_supported_versions_bin', 'bin', 'versions of the ClientHello', hello => hello.versions),
  listRow(
    'ssl_fc_sigalgs_bin',
    'bin',
    'signature algorithms of the ClientHello',
    hello => hello.signatureAlgorithms,
  ),
];
