/** Keywords of the `global` section about TLS (manual, section 3.1). They end in `Global.ssl` by name. */
import { allowedOf, TOKEN_ENCRYPTIONS, TOKEN_KEY_ALGORITHMS } from '../../model/token-algorithms.ts';
import type { Word } from '../../model/word.ts';
import { parseAddress } from '../address.ts';
import { integer, leadingInteger, matching, oneWordOf, text, time } from '../argument-shape.ts';
import type { Shape } from '../argument-shape.ts';
import type { LineContext } from '../line-context.ts';
import { kept, setting } from './global-rows.ts';
import type { GlobalKeyword, RowOptions } from './global-rows.ts';

interface TlsRowOptions extends RowOptions {
  /** Another keyword's former name. */
  readonly formerly?: string;
}

function tls(
  name: string,
  shape: Shape,
  summary: string,
  { formerly = name, ...options }: TlsRowOptions = {},
): GlobalKeyword {
  const store: Parameters<typeof setting>[3] = (draft, _value, words) => {
    draft.ssl.set(
      formerly,
      words.map(word => word.text),
    );
  };
  return setting(name, shape, summary, store, options);
}

function tokens(name: string, all: readonly string[], summary: string): GlobalKeyword {
  return setting(name, text('<list>'), summary, (draft, value, [word], context) => {
    const allowed = allowedOf(String(value), all);
    if (typeof allowed === 'string')
      context.alert(
        word as Word,
        `'${name}' : unknown algorithm '${allowed}', expects ALL or any of ${all.join(', ')}.`,
      );
    draft.ssl.set(name, [String(value)]);
  });
}

const VERSIONS = new Set(['SSLv3', 'TLSv1.0', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']);
const VERSION_FLAGS = /^(no|force)-(sslv3|tlsv10|tlsv11|tlsv12|tlsv13)$/;
const BIND_FLAGS = new Set([
  'no-tls-tickets',
  'tls-tickets',
  'prefer-client-ciphers',
  'strict-sni',
  'no-strict-sni',
]);
const SERVER_FLAGS = new Set(['no-tls-tickets', 'tls-tickets', 'renegotiate', 'no-renegotiate']);

/** How many words the option at `index` takes; 0 after an error. */
function optionLength(
  words: readonly Word[],
  index: number,
  flags: ReadonlySet<string>,
  name: string,
  context: LineContext,
): number {
  const word = words[index] as Word;
  if (VERSION_FLAGS.test(word.text) || flags.has(word.text)) return 1;
  if (word.text !== 'ssl-min-ver' && word.text !== 'ssl-max-ver') {
    context.alert(word, `unknown option '${word.text}' on global statement '${name}'.`);
    return 0;
  }
  const version = words[index + 1];
  if (version !== undefined && VERSIONS.has(version.text)) return 2;
  const found = version === undefined ? 'nothing' : `'${version.text}'`;
  context.alert(
    word,
    `'${name}' : '${word.text}' expects one of ${[...VERSIONS].join(', ')}, found ${found}.`,
  );
  return 0;
}

function options(flags: ReadonlySet<string>): Shape {
  return {
    args: '[<option>]...',
    arity: [1, 64],
    read: (words, name, context) => {
      for (let index = 0; index < words.length;) {
        const length = optionLength(words, index, flags, name, context);
        if (length === 0) return undefined;
        index += length;
      }
      return '';
    },
  };
}

const ON_OFF = oneWordOf('on', 'off');

const PROXY_ADDRESS: Shape = {
  args: '<address>[:port]',
  arity: [1, 1],
  read: ([word], name, context) => {
    const text = word?.text ?? '';
    const { value, error } = parseAddress(text, { port: 'optional', fd: false });
    const kind = value?.address.kind;
    if (kind === 'ip' || kind === 'name') return text;
    context.alert(word as Word, `'${name}' : ${error ?? `'${text}' is not the address of an HTTP proxy`}.`);
    return undefined;
  },
};

const ANY_COMPANION = matching(
  '<none|all|bundle|sctl|ocsp|issuer|key>...',
  /^(none|all|bundle|sctl|ocsp|issuer|key)$/,
);

const COMPANIONS: Shape = {
  ...ANY_COMPANION,
  read: (words, name, context) => {
    const exclusive = words.length > 1 && words.find(({ text }) => text === 'none' || text === 'all');
    if (!exclusive) return ANY_COMPANION.read(words, name, context);
    context.alert(exclusive, `'${name}' 'none' and 'all' can be only used alone`);
    return undefined;
  },
};

export const GLOBAL_TLS_KEYWORDS: readonly GlobalKeyword[] = [
  setting(
    'ca-base',
    text('<dir>'),
    'directory of authority and revocation files',
    (draft, value) => {
      draft.caBase = String(value);
    },
    { once: true },
  ),
  setting(
    'crt-base',
    text('<dir>'),
    'directory of certificates',
    (draft, value) => {
      draft.crtBase = String(value);
    },
    { once: true },
  ),
  setting(
    'key-base',
    text('<dir>'),
    'directory of private keys',
    (draft, value) => {
      draft.keyBase = String(value);
    },
    { once: true },
  ),
  tls('issuers-chain-path', text('<dir>'), 'directory of chains that complete certificates'),
  tls('ssl-default-bind-ciphers', text('<ciphers>'), 'ciphers of listeners up to TLS 1.2'),
  tls('ssl-default-bind-ciphersuites', text('<ciphersuites>'), 'suites of listeners for TLS 1.3'),
  tls('ssl-default-bind-client-sigalgs', text('<algorithms>'), 'signature algorithms asked of clients'),
  tls('ssl-default-bind-curves', text('<curves>'), 'curves of listeners'),
  tls('ssl-default-bind-options', options(BIND_FLAGS), 'TLS versions and flags of listeners'),
  tls('ssl-default-bind-sigalgs', text('<algorithms>'), 'signature algorithms of listeners'),
  tls('ssl-default-server-ciphers', text('<ciphers>'), 'ciphers towards servers up to TLS 1.2'),
  tls('ssl-default-server-ciphersuites', text('<ciphersuites>'), 'suites towards servers for TLS 1.3'),
  tls(
    'ssl-default-server-client-sigalgs',
    text('<algorithms>'),
    'signature algorithms of client certificates towards servers',
  ),
  tls('ssl-default-server-curves', text('<curves>'), 'curves towards servers'),
  tls('ssl-default-server-options', options(SERVER_FLAGS), 'TLS versions and flags towards servers'),
  tls('ssl-default-server-sigalgs', text('<algorithms>'), 'signature algorithms towards servers'),
  setting(
    'ssl-dh-param-file',
    text('<file>'),
    'Diffie-Hellman parameters',
    (draft, value, _words, context) => {
      draft.dhParamFile = { path: context.resolvePath(String(value)), position: context.position };
    },
  ),
  tls(
    'ssl-load-extra-del-ext',
    { args: '', arity: [0, 0], read: () => '' },
    'companion files replace the extension',
  ),
  tls('ssl-load-extra-files', COMPANIONS, 'companion files of certificates'),
  tls(
    'ssl-passphrase-cmd',
    text('<command> [<argument> ...]', 1, 64),
    'program that prints passphrases of keys',
  ),
  tls('ssl-engine', text('<name> [algo <list>]', 1, 3), 'loads an engine'),
  tls('ssl-mode-async', { args: '', arity: [0, 0], read: () => '' }, 'asynchronous engines'),
  kept('ssl-propquery', text('<query>'), 'property query of the TLS library'),
  kept('ssl-provider', text('<name>'), 'loads a provider of the TLS library'),
  kept('ssl-provider-path', text('<dir>'), 'where providers are looked for'),
  tls('ssl-security-level', integer(0, 5), 'security level of the TLS library'),
  tls('ssl-server-verify', oneWordOf('none', 'required'), 'whether certificates of servers are verified'),
  tls(
    'ssl-skip-self-issued-ca',
    { args: '', arity: [0, 0], read: () => '' },
    'do not send self-signed roots',
  ),
  tokens('jwt.decrypt_alg_list', TOKEN_KEY_ALGORITHMS, 'key algorithms allowed for encrypted tokens'),
  tokens('jwt.decrypt_enc_list', TOKEN_ENCRYPTIONS, 'ciphers allowed for encrypted tokens'),
  tls('ocsp-update.mode', ON_OFF, 'OCSP updates of certificates by default'),
  tls('ocsp-update.disable', ON_OFF, 'no OCSP updates, whatever else is said'),
  tls('ocsp-update.httpproxy', PROXY_ADDRESS, 'HTTP proxy towards OCSP responders'),
  tls('ocsp-update.maxdelay', integer(1), 'longest delay between OCSP updates'),
  tls('ocsp-update.mindelay', leadingInteger(1), 'shortest delay between OCSP updates'),
  tls('tune.ssl.ocsp-update.maxdelay', integer(1), 'former ocsp-update.maxdelay', {
    deprecated: `'tune.ssl.ocsp-update.maxdelay' is deprecated, use 'ocsp-update.maxdelay'.`,
    formerly: 'ocsp-update.maxdelay',
  }),
  tls('tune.ssl.ocsp-update.mindelay', leadingInteger(1), 'former ocsp-update.mindelay', {
    deprecated: `'tune.ssl.ocsp-update.mindelay' is deprecated, use 'ocsp-update.mindelay'.`,
    formerly: 'ocsp-update.mindelay',
  }),
  tls('tune.ssl.cachesize', leadingInteger(0), 'sessions kept for resumption'),
  tls('tune.ssl.capture-buffer-size', leadingInteger(0), 'bytes kept of a ClientHello'),
  tls('tune.ssl.capture-cipherlist-size', leadingInteger(0), 'former tune.ssl.capture-buffer-size', {
    deprecated: `'tune.ssl.capture-cipherlist-size' is deprecated, use 'tune.ssl.capture-buffer-size'.`,
  }),
  tls('tune.ssl.certificate-compression', oneWordOf('auto', 'off'), 'compressed certificates'),
  tls('tune.ssl.default-dh-param', integer(1024, 16_384), 'largest generated Diffie-Hellman size'),
  tls(
    'tune.ssl.force-private-cache',
    { args: '', arity: [0, 0], read: () => '' },
    'a session cache for every process',
  ),
  tls('tune.ssl.hard-maxrecord', leadingInteger(0), 'largest record'),
  tls('tune.ssl.keylog', ON_OFF, 'keep secrets for logging'),
  tls('tune.ssl.lifetime', time('s'), 'how long sessions can be resumed'),
  tls('tune.ssl.maxrecord', leadingInteger(0), 'largest record at the beginning of a transfer'),
  tls('tune.ssl.ssl-ctx-cache-size', leadingInteger(0), 'generated certificates kept'),
];
