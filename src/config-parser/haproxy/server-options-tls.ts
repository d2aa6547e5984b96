/** Server options of TLS (manual, section 5.2): read into the model; the file contents are read by net/. */
import { MUST_BE_ALLOWED } from '../experimental.ts';
import { oneOf } from './argument.ts';
import type { ServerOption, ServerOptionLine } from './server-option.ts';
import { TLS_VERSIONS } from './tls-versions.ts';
import { setTls, startTls } from './server-draft.ts';
import { readProtocolNames } from './protocol-names.ts';

type TlsText =
  | 'caFile'
  | 'crlFile'
  | 'crt'
  | 'ciphers'
  | 'ciphersuites'
  | 'curves'
  | 'sigalgs'
  | 'clientSigalgs'
  | 'verifyHost';

function text(name: TlsText): Pick<ServerOption, 'words' | 'parse'> {
  return {
    words: 1,
    parse: ({ server, values, context }) =>
      setTls(server, { [name]: values[0]?.text ?? '', folder: context.resolvePath('') }),
  };
}

function flag(name: 'noAutoSni' | 'noTickets' | 'noReuse' | 'renegotiate' | 'earlyData', value: boolean) {
  return {
    args: '',
    words: 0,
    parse: ({ server }: ServerOptionLine) => setTls(server, { [name]: value }),
  } as const;
}

function exclude(version: (typeof TLS_VERSIONS)[number]) {
  return {
    args: '',
    words: 0,
    serverOnly: true,
    parse: ({ server }: ServerOptionLine) =>
      setTls(server, { without: new Set([...(server.tls.without ?? []), version]) }),
  } as const;
}

/** What OpenSSL has, but node:tls has no word for. */
function cannotBeSet({ option, context }: ServerOptionLine): void {
  context.warn(option, `'${option.text}' : not possible with the TLS library in use, ignored.`);
}

function parseKernelTls(line: ServerOptionLine): void {
  const { option, context } = line;
  if (!context.useExperimental())
    context.alert(option, `'${option.text}' is experimental, ${MUST_BE_ALLOWED}.`);
  cannotBeSet(line);
}

function parseVersion(bound: 'minVersion' | 'maxVersion'): ServerOption['parse'] {
  return ({ server, option, values, context }) => {
    const version = oneOf(values[0], option.text, TLS_VERSIONS, context);
    if (version !== undefined) setTls(server, { [bound]: version });
  };
}

function force(version: (typeof TLS_VERSIONS)[number]): Pick<ServerOption, 'args' | 'words' | 'parse'> {
  return {
    args: '',
    words: 0,
    parse: ({ server }) => {
      setTls(server, { minVersion: version, maxVersion: version });
    },
  };
}

function parseVerify({ server, option, values, context }: ServerOptionLine): void {
  const verify = oneOf(values[0], option.text, ['none', 'required'] as const, context);
  if (verify === undefined) return;
  setTls(server, { verify, verifySaid: true });
}

export const TLS_OPTIONS: readonly ServerOption[] = [
  {
    name: 'ssl',
    args: '',
    words: 0,
    summary: 'connects with TLS',
    parse: ({ server, context }) => {
      server.useSsl = true;
      server.refusesSsl = false;
      startTls(server, context.globalTls);
    },
  },
  {
    name: 'no-ssl',
    args: '',
    words: 0,
    summary: 'cancels an inherited ssl',
    parse: ({ server }) => {
      server.useSsl = false;
      server.refusesSsl = true;
    },
  },
  { name: 'ca-file', args: '<cafile>', ...text('caFile'), summary: 'authorities that verify the server' },
  { name: 'crl-file', args: '<crlfile>', ...text('crlFile'), summary: 'revoked certificates' },
  { name: 'crt', args: '<cert>', ...text('crt'), summary: 'client certificate' },
  { name: 'ciphers', args: '<ciphers>', ...text('ciphers'), summary: 'ciphers up to TLS 1.2' },
  { name: 'ciphersuites', args: '<ciphersuites>', ...text('ciphersuites'), summary: 'ciphers of TLS 1.3' },
  {
    name: 'verifyhost',
    args: '<hostname>',
    ...text('verifyHost'),
    summary: 'name the certificate must have',
  },
  {
    name: 'verify',
    args: '[none|required]',
    words: 1,
    summary: 'checks the certificate',
    parse: parseVerify,
  },
  {
    name: 'sni',
    args: '<expression>',
    words: 1,
    summary: 'name sent as SNI',
    parse: ({ server, values }) => {
      if (values[0] !== undefined) setTls(server, { sni: values[0] });
    },
  },
  { name: 'sni-auto', ...flag('noAutoSni', false), summary: 'SNI from the Host header' },
  { name: 'no-sni-auto', ...flag('noAutoSni', true), summary: 'no SNI from the Host header' },
  {
    name: 'alpn',
    args: '<protocols>',
    words: 1,
    summary: 'protocols offered by ALPN',
    parse: ({ server, option, values, context }) => {
      const alpn = readProtocolNames(option, values[0], context);
      if (alpn !== undefined) setTls(server, { alpn });
    },
  },
  { name: 'npn', args: '<protocols>', words: 1, parse: cannotBeSet, summary: 'protocols offered by NPN' },
  {
    name: 'ssl-min-ver',
    args: '[ SSLv3 | TLSv1.0 | TLSv1.1 | TLSv1.2 | TLSv1.3 ]',
    words: 1,
    summary: 'lowest version',
    parse: parseVersion('minVersion'),
  },
  {
    name: 'ssl-max-ver',
    args: '[ SSLv3 | TLSv1.0 | TLSv1.1 | TLSv1.2 | TLSv1.3 ]',
    words: 1,
    summary: 'highest version',
    parse: parseVersion('maxVersion'),
  },
  { name: 'force-sslv3', ...force('SSLv3'), summary: 'SSLv3 only' },
  { name: 'force-tlsv10', ...force('TLSv1.0'), summary: 'TLS 1.0 only' },
  { name: 'force-tlsv11', ...force('TLSv1.1'), summary: 'TLS 1.1 only' },
  { name: 'force-tlsv12', ...force('TLSv1.2'), summary: 'TLS 1.2 only' },
  { name: 'force-tlsv13', ...force('TLSv1.3'), summary: 'TLS 1.3 only' },
  { name: 'no-sslv3', ...exclude('SSLv3'), summary: 'no SSLv3' },
  { name: 'no-tlsv10', ...exclude('TLSv1.0'), summary: 'no TLS 1.0' },
  { name: 'no-tlsv11', ...exclude('TLSv1.1'), summary: 'no TLS 1.1' },
  { name: 'no-tlsv12', ...exclude('TLSv1.2'), summary: 'no TLS 1.2' },
  { name: 'no-tlsv13', ...exclude('TLSv1.3'), summary: 'no TLS 1.3' },
  { name: 'no-ssl-reuse', ...flag('noReuse', true), summary: 'no session reuse' },
  { name: 'ssl-reuse', ...flag('noReuse', false), summary: 'cancels an inherited no-ssl-reuse' },
  { name: 'no-tls-tickets', ...flag('noTickets', true), summary: 'no session tickets' },
  { name: 'tls-tickets', ...flag('noTickets', false), summary: 'cancels an inherited no-tls-tickets' },
  { name: 'no-renegotiate', ...flag('renegotiate', false), summary: 'no renegotiation' },
  { name: 'renegotiate', ...flag('renegotiate', true), summary: 'cancels an inherited no-renegotiate' },
  { name: 'allow-0rtt', ...flag('earlyData', true), summary: 'early data' },
  { name: 'curves', args: '<curves>', ...text('curves'), summary: 'elliptic curves' },
  { name: 'sigalgs', args: '<sigalgs>', ...text('sigalgs'), summary: 'signature algorithms' },
  {
    name: 'client-sigalgs',
    args: '<sigalgs>',
    ...text('clientSigalgs'),
    summary: 'client signature algorithms',
  },
  { name: 'ktls', args: '<on|off>', words: 1, parse: parseKernelTls, summary: 'kernel TLS' },
];
