/** Keywords of the `global` section about limits and checks (manual, section 3.2). */
import type { Word } from '../../model/word.ts';
import { integer, leadingInteger, matching, time } from '../argument-shape.ts';
import type { Shape } from '../argument-shape.ts';
import { flag, kept, setting } from './global-rows.ts';
import { statusCodes } from './global-status-codes.ts';
import type { GlobalKeyword, Store } from './global-rows.ts';

const MAX = 0x7fffffff;

/** Words as HAProxy says it when `maxconn` is no integer. */
const CONNECTIONS: Shape = {
  ...integer(0, MAX),
  read: (words, name, context) => {
    const word = words[0] as Word;
    if (/^\d+$/.test(word.text)) return integer(0, MAX).read(words, name, context);
    context.alert(word, `cannot parse '${name}' value '${word.text}', an integer is expected.`);
    return undefined;
  },
};

function once(name: string, summary: string, store: Store, shape = leadingInteger(0, MAX)): GlobalKeyword {
  return setting(name, shape, summary, store, { once: true });
}

const SPREAD_CHECKS: Shape = { ...leadingInteger(0, 50), args: '<0..50, in percent>' };

export const GLOBAL_LIMIT_KEYWORDS: readonly GlobalKeyword[] = [
  once(
    'maxconn',
    'most connections at a time',
    (draft, value) => {
      draft.maxconn = Number(value);
    },
    CONNECTIONS,
  ),
  once('maxconnrate', 'most new connections a second', (draft, value) => {
    draft.maxconnRate = Number(value);
  }),
  once('maxsessrate', 'most new sessions a second', (draft, value) => {
    draft.maxSessRate = Number(value);
  }),
  once('maxsslconn', 'most TLS connections at a time', (draft, value) => {
    draft.maxSslConn = Number(value);
  }),
  once('maxsslrate', 'most new TLS sessions a second', (draft, value) => {
    draft.maxSslRate = Number(value);
  }),
  kept('maxpipes', leadingInteger(0, MAX), 'pipes for splicing', { once: true }),
  kept('maxcomprate', leadingInteger(0, MAX), 'most kilobytes a second that are compressed'),
  kept('maxcompcpuusage', leadingInteger(0, 100), 'processor use above which nothing is compressed'),
  kept(
    'maxzlibmem',
    leadingInteger(0, MAX),
    'megabytes for zlib, where it compresses (`tune.comp.maxlevel`)',
  ),
  setting(
    'spread-checks',
    SPREAD_CHECKS,
    'random part of the interval between checks, in percent',
    (draft, value) => {
      draft.spreadChecks = Number(value);
    },
    { once: true },
  ),
  setting('max-spread-checks', time(), 'longest spreading of checks at the start', (draft, value) => {
    draft.maxSpreadChecksMs = Number(value);
  }),
  statusCodes('http-err-codes', 'statuses that count as client errors', 'httpErrCodes'),
  statusCodes('http-fail-codes', 'statuses that count as failures', 'httpFailCodes'),
  kept(
    'dns-accept-family',
    matching('<family>[,...]', /^(ipv4|ipv6|auto)(,(ipv4|ipv6|auto))*$/, 1, 1),
    'address families taken from DNS answers',
  ),
  flag('busy-polling', 'never sleep while waiting', { negatable: true }),
  flag('noepoll', 'do not use epoll'),
  flag('nopoll', 'do not use poll'),
  flag('nokqueue', 'do not use kqueue'),
  flag('noevports', 'do not use event ports'),
  flag('nosplice', 'large bodies are received and sent instead of spliced in the kernel'),
  flag('nogetaddrinfo', 'resolve names the old way'),
  flag('noreuseport', 'do not share ports between sockets'),
  flag('noktls', 'do not use kernel TLS'),
  flag('no-memory-trimming', 'keep freed memory'),
  flag('pp2-never-send-local', 'send PROXY instead of LOCAL in checks'),
];
