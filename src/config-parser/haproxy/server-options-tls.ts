/** Server options of TLS (manual, section 5.2): read into the model; the file contents are read by net/. */
import { oneOf } from './argument.ts';
import { forgetOption, keepOption, type ServerOption, type ServerOptionLine } from './server-option.ts';
import { TLS_VERSIONS } from './tls-versions.ts';
import { setTls } from './server-draft.ts';

type TlsText = 'caFile' | 'crlFile' | 'crt' | 'ciphers' | 'ciphersuites' | 'verifyHost';

function text(name: TlsText): Pick<ServerOption, 'words' | 'parse'> {
  return { words: 1, parse: ({ server, values }) => setTls(server, { [name]: values[0]?.text ?? '' }) };
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
    parse: ({ server }) => void (server.useSsl = true),
  },
  {
    name: 'no-ssl',
    args: '',
    words: 0,
    summary: 'cancels an inherited ssl',
    parse: ({ server }) => void (server.useSsl = false),
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
  { name: 'sni-auto', args: '', ...keepOption(0), summary: 'SNI from the Host header' },
  { name: 'no-sni-auto', args: '', ...keepOption(0), summary: 'no SNI from the Host header' },
  {
    name: 'alpn',
    args: '<protocols>',
    words: 1,
    summary: 'protocols offered by ALPN',
    parse: ({ server, values }) => setTls(server, { alpn: values[0]?.text.split(',') ?? [] }),
  },
  { name: 'npn', args: '<protocols>', ...keepOption(1), summary: 'protocols offered by NPN' },
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
  { name: 'no-sslv3', args: '', serverOnly: true, ...keepOption(0), summary: 'no SSLv3' },
  { name: 'no-tlsv10', args: '', serverOnly: true, ...keepOption(0), summary: 'no TLS 1.0' },
  { name: 'no-tlsv11', args: '', serverOnly: true, ...keepOption(0), summary: 'no TLS 1.1' },
  { name: 'no-tlsv12', args: '', serverOnly: true, ...keepOption(0), summary: 'no TLS 1.2' },
  { name: 'no-tlsv13', args: '', serverOnly: true, ...keepOption(0), summary: 'no TLS 1.3' },
  { name: 'no-ssl-reuse', args: '', ...keepOption(0), summary: 'no session reuse' },
  {
    name: 'ssl-reuse',
    args: '',
    ...forgetOption('no-ssl-reuse'),
    summary: 'cancels an inherited no-ssl-reuse',
  },
  { name: 'no-tls-tickets', args: '', ...keepOption(0), summary: 'no session tickets' },
  {
    name: 'tls-tickets',
    args: '',
    ...forgetOption('no-tls-tickets'),
    summary: 'cancels an inherited no-tls-tickets',
  },
  { name: 'no-renegotiate', args: '', ...keepOption(0), summary: 'no renegotiation' },
  {
    name: 'renegotiate',
    args: '',
    ...forgetOption('no-renegotiate'),
    summary: 'cancels an inherited no-renegotiate',
  },
  { name: 'allow-0rtt', args: '', ...keepOption(0), summary: 'early data' },
  { name: 'curves', args: '<curves>', ...keepOption(1), summary: 'elliptic curves' },
  { name: 'sigalgs', args: '<sigalgs>', ...keepOption(1), summary: 'signature algorithms' },
  { name: 'client-sigalgs', args: '<sigalgs>', ...keepOption(1), summary: 'client signature algorithms' },
  { name: 'ktls', args: '<on|off>', ...keepOption(1), summary: 'kernel TLS' },
];
