/**
 * The sections beside proxies, users and error pages: mailers, logs, certificates
 * (manual, sections 8.3.5, 10, 11, 12). One row a section and one a keyword.
 */
import { integer, nothing, oneWordOf, text, time } from '../argument-shape.ts';
import type { Word } from '../../model/word.ts';
import type { LineContext, SectionKind } from '../line-context.ts';
import { checkRuleShape, ruleWords, type CheckRuleKind } from './check-rule.ts';
import { addressAt, rowsOf } from './other-rows.ts';
import type { LineCheck, OtherKeyword } from './other-rows.ts';

export interface OtherSectionRow {
  readonly kind: SectionKind;
  readonly name: 'required' | 'optional' | 'none';
  /** A second section of the same name: an error unless said otherwise. */
  readonly repeatable?: boolean;
  readonly experimental?: boolean;
  readonly summary: string;
  readonly keywords: readonly OtherKeyword[];
}

const MAX = 0x7fffffff;
const ON_OFF = oneWordOf('on', 'off');

const mailers = rowsOf('mailers');
const MAILERS: readonly OtherKeyword[] = [
  mailers('mailer', text('<name> <ip>:<port>', 2, 2), 'a mail relay', addressAt(1, { port: 'required' })),
  mailers('timeout mail', time(), 'longest sending of a mail'),
];

const STEPS = [
  'accept',
  'request',
  'connect',
  'response',
  'close',
  'error',
  'any',
  'http-req',
  'http-res',
  'http-after-res',
  'tcp-req-conn',
  'tcp-req-sess',
  'tcp-req-cont',
  'tcp-res-cont',
  'quic-init',
];

const logProfile = rowsOf('log-profile');

/** `drop`, then what brings lines back: `format` and `sd`, each with its text. */
function checkProfileStep(_draft: unknown, words: readonly Word[], context: LineContext): boolean {
  let at = words[0]?.text === 'drop' ? 1 : 0;
  while (['format', 'sd'].includes(words[at]?.text ?? '') && words[at + 1] !== undefined) at += 2;
  if (at > 0 && at === words.length) return true;
  const step = context.line.slice(0, 2).map(({ text }) => text);
  const about = words[at] ?? words.at(-1) ?? context.position;
  context.alert(about, `'${step.join(' ')}' expects 'drop', 'format <format>' or 'sd <format>'.`);
  return false;
}

const LOG_PROFILE: readonly OtherKeyword[] = [
  logProfile('log-tag', text('<tag>'), 'program name in the log'),
  ...STEPS.map(step =>
    logProfile(
      `on ${step}`,
      text('[drop] [format <format>] [sd <format>]', 0, 5),
      `what is logged at '${step}'`,
      checkProfileStep,
    ),
  ),
];

const crtStore = rowsOf('crt-store');
const CRT_STORE: readonly OtherKeyword[] = [
  crtStore('crt-base', text('<dir>'), 'directory of certificates'),
  crtStore('key-base', text('<dir>'), 'directory of private keys'),
  crtStore('load', text('[crt <file>] [param*]', 2, 64), 'loads a certificate'),
];

const acme = rowsOf('acme');
const ACME: readonly OtherKeyword[] = [
  acme('account-key', text('<file>'), 'key of the account'),
  acme('acme-vars', text('<text>'), 'variables for DNS tools'),
  acme('bits', integer(1024, 16_384), 'size of new RSA keys'),
  acme('challenge', oneWordOf('http-01', 'dns-01', 'dns-persist-01'), 'how names are validated'),
  acme('challenge-ready', text('<value>[,<value>]*'), 'what is waited for before DNS validation'),
  acme('contact', text('<email>'), 'address of the account'),
  acme('curves', text('<curve>'), 'curve of new ECDSA keys'),
  acme('directory', text('<url>'), 'the authority'),
  acme('dns-delay', time('s'), 'wait between DNS lookups'),
  acme('dns-timeout', time('s'), 'longest DNS validation'),
  acme('eab-key-id', text('<file>'), 'external account'),
  acme('eab-mac-key', text('<file>'), 'secret of the external account'),
  acme('eab-mac-alg', oneWordOf('HS256', 'HS384', 'HS512'), 'algorithm of the external account'),
  acme('keytype', oneWordOf('RSA', 'ECDSA'), 'kind of new keys'),
  acme('map', text('<map>'), 'map that receives tokens'),
  acme('profile', text('<name>'), 'certificate profile'),
  acme('provider-name', text('<text>'), 'DNS provider'),
  acme('reuse-key', ON_OFF, 'keeps the private key'),
];

const CHECK_TYPES = [
  'tcp-check',
  'httpchk',
  'ssl-hello-chk',
  'smtpchk',
  'pgsql-check',
  'redis-check',
  'mysql-check',
  'ldap-check',
  'spop-check',
];

function checkRule(kind: CheckRuleKind): LineCheck {
  return (_draft, _words, context) => checkRuleShape(kind, ruleWords(context.line), context);
}

const healthcheck = rowsOf('healthcheck');
const HEALTHCHECK: readonly OtherKeyword[] = [
  healthcheck('type', { ...oneWordOf(...CHECK_TYPES), arity: [1, 64] }, 'kind of check'),
  healthcheck('http-check', text('<rule>', 1, 64), 'rule of an HTTP check', checkRule('http-check')),
  healthcheck('tcp-check', text('<rule>', 1, 64), 'rule of a TCP check', checkRule('tcp-check')),
];

const traces = rowsOf('traces');
const TRACES: readonly OtherKeyword[] = [
  traces('trace', text('<source> <argument> ...', 1, 64), 'sets up a trace'),
];

const namespaces = rowsOf('namespace_list');
const NAMESPACES: readonly OtherKeyword[] = [
  namespaces('namespace', text('<name> ...', 1, 64), 'a network namespace'),
];

const fcgi = rowsOf('fcgi-app');
const FCGI: readonly OtherKeyword[] = [
  fcgi('acl', text('<name> <criterion> [<value> ...]', 2, 64), 'a condition of the application'),
  fcgi('docroot', text('<path>'), 'document root'),
  fcgi(
    'hide-header',
    text('<name> [{ if | unless } <condition>]', 1, 64),
    'a header the application does not get',
  ),
  fcgi('index', text('<script>'), 'script of directories'),
  fcgi(
    'log-stderr',
    text('{ global | <target> ... }', 1, 64),
    'logs what the application says on standard error',
  ),
  fcgi('option get-values', nothing(), 'asks the application for its limits', undefined, { negatable: true }),
  fcgi('option keep-conn', nothing(), 'keeps connections', undefined, { negatable: true }),
  fcgi('option max-reqs', integer(1, MAX), 'most requests at a time'),
  fcgi('option mpxs-conns', nothing(), 'several requests on a connection', undefined, { negatable: true }),
  fcgi('pass-header', text('<name> [{ if | unless } <condition>]', 1, 64), 'a header the application gets'),
  fcgi('path-info', text('<regex>'), 'splits script and path'),
  fcgi('set-param', text('<name> <format> [{ if | unless } <condition>]', 2, 64), 'sets a parameter'),
  fcgi('unset-param', text('<name> [{ if | unless } <condition>]', 1, 64), 'removes a parameter'),
];

export const OTHER_SECTIONS: readonly OtherSectionRow[] = [
  { kind: 'mailers', name: 'required', summary: 'mail relays for alerts', keywords: MAILERS },
  { kind: 'log-profile', name: 'required', summary: 'layouts of logs', keywords: LOG_PROFILE },
  { kind: 'crt-store', name: 'optional', repeatable: true, summary: 'certificates', keywords: CRT_STORE },
  { kind: 'acme', name: 'required', experimental: true, summary: 'certificate authority', keywords: ACME },
  { kind: 'traces', name: 'none', repeatable: true, summary: 'debug traces', keywords: TRACES },
  { kind: 'healthcheck', name: 'required', summary: 'checks with a name', keywords: HEALTHCHECK },
  {
    kind: 'namespace_list',
    name: 'none',
    repeatable: true,
    summary: 'network namespaces',
    keywords: NAMESPACES,
  },
  { kind: 'fcgi-app', name: 'required', summary: 'FastCGI application', keywords: FCGI },
];
