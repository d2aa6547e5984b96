/** TLS options of listeners (manual, section 5.1): read into the model; the files are read by net/. */
import type { CertificateSource } from '../../model/bind.ts';
import { MUST_BE_ALLOWED } from '../experimental.ts';
import { oneOf } from './argument.ts';
import { keepOption, type BindOption, type BindOptionLine } from './bind-draft.ts';
import { tlsDefaults } from './tls-defaults.ts';
import { TLS_VERSIONS } from './tls-versions.ts';
import { parseIgnoredErrors } from './ignored-errors.ts';
import { readProtocolNames } from './protocol-names.ts';

type TlsText =
  | 'caFile'
  | 'caVerifyFile'
  | 'crlFile'
  | 'ciphers'
  | 'ciphersuites'
  | 'curves'
  | 'ecdhe'
  | 'sigalgs'
  | 'clientSigalgs'
  | 'npn';

function text(name: TlsText) {
  return {
    words: 1,
    parse: ({ bind, value, context }: BindOptionLine) => {
      bind.tls[name] = value?.text ?? '';
      bind.tls.folder = context.resolvePath('');
    },
  } as const;
}

function source(kind: CertificateSource['kind']) {
  return {
    words: 1,
    parse: ({ bind, value, context }: BindOptionLine) => {
      bind.tls.certificates = [...bind.tls.certificates, { kind, name: value?.text ?? '' }];
      bind.tls.folder = context.resolvePath('');
    },
  } as const;
}

/** Kept by name for the layer that terminates TLS; a second name takes its place when they exclude each other. */
function keep(words: 0 | 1, replaces?: string): Pick<BindOption, 'words' | 'parse'> {
  return {
    words,
    parse: ({ bind, option, value }) => {
      if (replaces !== undefined) bind.otherOptions.delete(replaces);
      bind.otherOptions.set(option.text, value === undefined ? [] : [value.text]);
    },
  };
}

function parseKernelTls(line: BindOptionLine): void {
  const { option, context } = line;
  if (!context.useExperimental())
    context.alert(option, `'${option.text}' is experimental, ${MUST_BE_ALLOWED}.`);
  keep(1).parse(line);
}

function version(bound: 'minVersion' | 'maxVersion'): BindOption['parse'] {
  return ({ bind, option, value, context }) => {
    const name = oneOf(value, option.text, TLS_VERSIONS, context);
    if (name !== undefined) bind.tls[bound] = name;
  };
}

function force(name: (typeof TLS_VERSIONS)[number]) {
  return {
    args: '',
    words: 0,
    parse: ({ bind }: BindOptionLine) => {
      bind.tls.minVersion = name;
      bind.tls.maxVersion = name;
    },
  } as const;
}

export const BIND_TLS_OPTIONS: readonly BindOption[] = [
  {
    name: 'ssl',
    args: '',
    words: 0,
    summary: 'terminates TLS',
    parse: ({ bind, context }) => {
      bind.useSsl = true;
      // what stands above holds for what the line does not say
      bind.tls = { ...tlsDefaults('bind', context.globalTls), ...bind.tls };
    },
  },
  {
    name: 'allow-0rtt',
    args: '',
    words: 0,
    summary: 'early data',
    parse: ({ bind }) => void (bind.tls.earlyData = true),
  },
  {
    name: 'alpn',
    args: '<protocols>',
    words: 1,
    summary: 'protocols offered by ALPN',
    parse: ({ bind, option, value, context }) => {
      const names = readProtocolNames(option, value, context);
      if (names !== undefined) bind.settings.alpn = names;
    },
  },
  {
    name: 'no-alpn',
    args: '',
    words: 0,
    summary: 'no ALPN',
    parse: ({ bind }) => void (bind.settings.alpn = []),
  },
  { name: 'ca-file', args: '<cafile>', ...text('caFile'), summary: 'authorities of client certificates' },
  {
    name: 'ca-ignore-err',
    args: '[all|<errorID>,...]',
    words: 1,
    summary: 'chain errors to ignore',
    parse: parseIgnoredErrors,
  },
  {
    name: 'ca-sign-file',
    args: '<cafile>',
    ...keepOption(1),
    summary: 'authority that signs forged certificates',
  },
  { name: 'ca-sign-pass', args: '<passphrase>', ...keepOption(1), summary: 'passphrase of ca-sign-file' },
  { name: 'ca-verify-file', args: '<cafile>', ...text('caVerifyFile'), summary: 'authorities not announced' },
  { name: 'ciphers', args: '<ciphers>', ...text('ciphers'), summary: 'ciphers up to TLS 1.2' },
  { name: 'ciphersuites', args: '<ciphersuites>', ...text('ciphersuites'), summary: 'ciphers of TLS 1.3' },
  {
    name: 'client-sigalgs',
    args: '<sigalgs>',
    ...text('clientSigalgs'),
    summary: 'client signature algorithms',
  },
  { name: 'crl-file', args: '<crlfile>', ...text('crlFile'), summary: 'revoked certificates' },
  { name: 'crt', args: '<cert>', ...source('crt'), summary: 'certificate file or directory' },
  {
    name: 'crt-ignore-err',
    args: '<errors>',
    words: 1,
    summary: 'leaf errors to ignore',
    parse: parseIgnoredErrors,
  },
  { name: 'crt-list', args: '<file>', ...source('crt-list'), summary: 'list of certificates' },
  { name: 'curves', args: '<curves>', ...text('curves'), summary: 'elliptic curves' },
  { name: 'default-crt', args: '<cert>', ...source('default-crt'), summary: 'certificate used without SNI' },
  { name: 'ecdhe', args: '<named curve>', ...text('ecdhe'), summary: 'one curve' },
  { name: 'ech', args: '<dir>', ...keep(1), summary: 'encrypted ClientHello' },
  { name: 'force-sslv3', ...force('SSLv3'), summary: 'SSLv3 only' },
  { name: 'force-tlsv10', ...force('TLSv1.0'), summary: 'TLS 1.0 only' },
  { name: 'force-tlsv11', ...force('TLSv1.1'), summary: 'TLS 1.1 only' },
  { name: 'force-tlsv12', ...force('TLSv1.2'), summary: 'TLS 1.2 only' },
  { name: 'force-tlsv13', ...force('TLSv1.3'), summary: 'TLS 1.3 only' },
  { name: 'generate-certificates', args: '', ...keepOption(0), summary: 'forges certificates' },
  { name: 'ktls', args: '<on|off>', words: 1, parse: parseKernelTls, summary: 'kernel TLS' },
  {
    name: 'no-ca-names',
    args: '',
    words: 0,
    summary: 'no authority names for clients',
    parse: ({ bind }) => void (bind.tls.noCaNames = true),
  },
  { name: 'no-sslv3', args: '', ...keep(0), summary: 'no SSLv3' },
  { name: 'no-tlsv10', args: '', ...keep(0), summary: 'no TLS 1.0' },
  { name: 'no-tlsv11', args: '', ...keep(0), summary: 'no TLS 1.1' },
  { name: 'no-tlsv12', args: '', ...keep(0), summary: 'no TLS 1.2' },
  { name: 'no-tlsv13', args: '', ...keep(0), summary: 'no TLS 1.3' },
  {
    name: 'strict-sni',
    args: '',
    words: 0,
    summary: 'no certificate for an unknown SNI',
    parse: ({ bind }) => void (bind.tls.strictSni = true),
  },
  {
    name: 'no-strict-sni',
    args: '',
    words: 0,
    summary: 'cancels strict-sni',
    parse: ({ bind }) => void (bind.tls.strictSni = false),
  },
  {
    name: 'no-tls-tickets',
    args: '',
    words: 0,
    summary: 'no session tickets',
    parse: ({ bind }) => void (bind.tls.noTickets = true),
  },
  {
    name: 'tls-tickets',
    args: '',
    words: 0,
    summary: 'session tickets',
    parse: ({ bind }) => void (bind.tls.noTickets = false),
  },
  { name: 'npn', args: '<protocols>', ...text('npn'), summary: 'protocols offered by NPN' },
  { name: 'prefer-client-ciphers', args: '', ...keep(0), summary: 'order of the client' },
  { name: 'sigalgs', args: '<sigalgs>', ...text('sigalgs'), summary: 'signature algorithms' },
  {
    name: 'ssl-min-ver',
    args: '[ SSLv3 | TLSv1.0 | TLSv1.1 | TLSv1.2 | TLSv1.3 ]',
    words: 1,
    summary: 'lowest version',
    parse: version('minVersion'),
  },
  {
    name: 'ssl-max-ver',
    args: '[ SSLv3 | TLSv1.0 | TLSv1.1 | TLSv1.2 | TLSv1.3 ]',
    words: 1,
    summary: 'highest version',
    parse: version('maxVersion'),
  },
  { name: 'tls-ticket-keys', args: '<keyfile>', ...keepOption(1), summary: 'keys of session tickets' },
  {
    name: 'verify',
    args: '[none|optional|required]',
    words: 1,
    summary: 'asks for client certificates',
    parse: ({ bind, option, value, context }) => {
      const verify = oneOf(value, option.text, ['none', 'optional', 'required'] as const, context);
      if (verify !== undefined) bind.tls.verify = verify;
    },
  },
];
