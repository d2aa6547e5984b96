/** The checkers of a real server (keepalived.conf(5), "healthcheckers"): keywords, inheritance and defaults. */
import type { Position } from '../../model/diagnostic.ts';
import type { ScriptCommand } from '../../model/script-command.ts';
import type { Checker, CheckerKind, HttpUrl, ServiceAddress } from '../../model/virtual-server.ts';
import type { Word } from '../../model/word.ts';
import type { Statement } from './block.ts';
import { KeywordTable, type KeepalivedKeyword } from './keyword.ts';
import type { Scope } from './scope.ts';
import { accountOf, blockOf, readAddress, readBool, readInteger, readScript, readSeconds } from './values.ts';

/** Settings a checker inherits from its real server, and that from its virtual server. */
export interface CheckDefaults {
  retry?: number;
  delayBeforeRetryMs?: number;
  warmupMs?: number;
  connectTimeoutMs?: number;
  delayLoopMs?: number;
  alpha?: boolean;
  virtualhost?: string;
}

interface CheckerDraft extends CheckDefaults {
  readonly position: Position;
  connectIp?: string;
  connectPort?: number;
  bindTo?: string;
  bindPort?: number;
  bindIf?: string;
  fwmark?: number;
  logAllFailures?: boolean;
  protocol: '1.0' | '1.0C' | '1.1';
  enableSni: boolean;
  sniName?: string;
  fastRecovery: boolean;
  urls: HttpUrl[];
  script?: ScriptCommand;
  account: { user?: string; group?: string };
  miscTimeoutMs?: number;
  miscDynamic: boolean;
  heloName?: string;
  dnsType: string;
  dnsName: string;
  payload?: string;
  requireReply: boolean;
  reply?: string;
  minReplyLength: number;
  maxReplyLength: number;
  trackFile?: string;
  weight: number;
  reverse: boolean;
}

type Row = KeepalivedKeyword<CheckerDraft>;

function seconds<Draft extends CheckDefaults>(
  name: string,
  key: 'delayBeforeRetryMs' | 'warmupMs' | 'connectTimeoutMs' | 'delayLoopMs',
  least: number,
  summary: string,
): KeepalivedKeyword<Draft> {
  return {
    name,
    args: '<secs>',
    least: 1,
    summary,
    parse: (draft, statement, scope) => {
      const value = readSeconds(statement, scope, least, 4294);
      if (value !== undefined) draft[key] = value;
    },
  };
}

/** Words that virtual server, real server and checker have in common. */
export function checkDefaultRows<Draft extends CheckDefaults>(): KeepalivedKeyword<Draft>[] {
  return [
    {
      name: 'retry',
      args: '<n>',
      least: 1,
      summary: 'extra checks after failure',
      parse: (draft, statement, scope) => {
        const value = readInteger(statement, scope, 0, 1 << 30);
        if (value !== undefined) draft.retry = value;
      },
    },
    seconds('delay_before_retry', 'delayBeforeRetryMs', 0, 'wait between retries'),
    seconds('warmup', 'warmupMs', 0, 'random start delay'),
    seconds('connect_timeout', 'connectTimeoutMs', 0.000_001, 'check connect limit'),
    seconds('delay_loop', 'delayLoopMs', 0.000_001, 'interval between checks'),
    {
      name: 'alpha',
      args: '[<BOOL>]',
      summary: 'assume down at start',
      parse: (draft, statement, scope) => {
        const value = readBool(statement, scope);
        if (value !== undefined) draft.alpha = value;
      },
    },
  ];
}

export function virtualhostRow<Draft extends CheckDefaults>(): KeepalivedKeyword<Draft> {
  return {
    name: 'virtualhost',
    args: '<STRING>',
    least: 1,
    summary: 'Host of HTTP checks',
    parse: (draft, { words }) => void (draft.virtualhost = words[0]?.text ?? ''),
  };
}

function integer(
  name: string,
  key: 'connectPort' | 'bindPort' | 'fwmark' | 'minReplyLength' | 'maxReplyLength',
  most: number,
  summary: string,
): Row {
  return {
    name,
    args: '<n>',
    least: 1,
    summary,
    parse: (draft, statement, scope) => {
      const value = readInteger(statement, scope, 0, most);
      if (value !== undefined) draft[key] = value;
    },
  };
}

function address(name: string, key: 'connectIp' | 'bindTo', summary: string): Row {
  return {
    name,
    args: '<ip>',
    least: 1,
    summary,
    parse: (draft, statement, scope) => {
      const found = readAddress(statement, scope);
      if (found !== undefined) draft[key] = found.address;
    },
  };
}

function text(
  name: string,
  key: 'heloName' | 'dnsName' | 'sniName' | 'trackFile' | 'bindIf',
  summary: string,
): Row {
  return {
    name,
    args: '<STRING>',
    least: 1,
    summary,
    parse: (draft, { words }) => void (draft[key] = words[0]?.text ?? ''),
  };
}

function flag(
  name: string,
  key: 'enableSni' | 'fastRecovery' | 'miscDynamic' | 'logAllFailures',
  summary: string,
): Row {
  return {
    name,
    args: '[<BOOL>]',
    summary,
    parse: (draft, statement, scope) => void (draft[key] = readBool(statement, scope) ?? true),
  };
}

const COMMON: readonly Row[] = [
  ...checkDefaultRows<CheckerDraft>(),
  flag('log_all_failures', 'logAllFailures', 'log each failure'),
];

const CONNECTING: readonly Row[] = [
  address('connect_ip', 'connectIp', 'other address to check'),
  integer('connect_port', 'connectPort', 65_535, 'other port to check'),
  address('bindto', 'bindTo', 'source address'),
  integer('bind_port', 'bindPort', 65_535, 'source port'),
  text('bind_if', 'bindIf', 'source interface'),
  integer('fwmark', 'fwmark', 0xffff_ffff, 'mark on check packets'),
  ...COMMON,
];

const NB_GET_RETRY: Row = {
  name: 'nb_get_retry',
  args: '<n>',
  least: 1,
  summary: 'old name of retry',
  deprecated: 'retry',
  parse: (draft, statement, scope) => {
    const value = readInteger(statement, scope, 0, 1 << 30);
    if (value !== undefined) draft.retry = value;
  },
};

interface UrlDraft {
  path: string;
  digest?: string;
  statusCodes: [number, number][];
  virtualhost?: string;
  regex?: string;
  regexNoMatch: boolean;
  regexOptions: string[];
  regexMinOffset: number;
  regexMaxOffset: number;
}

function urlTable(block: string): KeywordTable<UrlDraft> {
  return new KeywordTable<UrlDraft>(`${block}/url`, [
    {
      name: 'path',
      args: '<STRING>',
      least: 1,
      summary: 'request path',
      parse: (draft, { words }) => void (draft.path = words[0]?.text ?? '/'),
    },
    { name: 'digest', args: '<MD5>', least: 1, summary: 'expected page digest', parse: parseDigest },
    {
      name: 'status_code',
      args: '<n|range>...',
      least: 1,
      summary: 'accepted statuses',
      parse: parseStatusCodes,
    },
    {
      name: 'virtualhost',
      args: '<STRING>',
      least: 1,
      summary: 'Host header',
      parse: (draft, { words }) => void (draft.virtualhost = words[0]?.text ?? ''),
    },
    {
      name: 'regex',
      args: '<STRING>',
      least: 1,
      summary: 'body must match',
      parse: (draft, { words }) => void (draft.regex = words[0]?.text ?? ''),
    },
    {
      name: 'regex_no_match',
      args: '',
      summary: 'body must not match',
      parse: draft => void (draft.regexNoMatch = true),
    },
    {
      name: 'regex_options',
      args: '<options>',
      least: 1,
      summary: 'regex compile options',
      parse: (draft, { words }) => void draft.regexOptions.push(...words.map(word => word.text)),
    },
    offsetRow('regex_min_offset', 'regexMinOffset', 'first body offset searched'),
    offsetRow('regex_max_offset', 'regexMaxOffset', 'last body offset searched'),
  ]);
}

function offsetRow(
  name: string,
  key: 'regexMinOffset' | 'regexMaxOffset',
  summary: string,
): KeepalivedKeyword<UrlDraft> {
  return {
    name,
    args: '<n>',
    least: 1,
    summary,
    parse: (draft, statement, scope) =>
      void (draft[key] = readInteger(statement, scope, 0, 1 << 30) ?? draft[key]),
  };
}

function parseDigest(draft: UrlDraft, { words }: Statement, scope: Scope): void {
  const word = words[0] as Word;
  if (/^[0-9a-f]{32}$/i.test(word.text)) draft.digest = word.text.toLowerCase();
  else scope.report.warn(word.position, `digest '${word.text}' must be 32 hexadecimal digits - ignoring`);
}

function parseStatusCodes(draft: UrlDraft, { words }: Statement, scope: Scope): void {
  for (const word of words) {
    const [from, to = from] = word.text.split('-').map(Number);
    if (from === undefined || to === undefined || !(from >= 100 && to <= 999 && from <= to))
      scope.report.warn(word.position, `Invalid status_code '${word.text}' - ignoring`);
    else draft.statusCodes.push([from, to]);
  }
}

function urlRow(block: string): Row {
  const table = urlTable(block);
  return {
    name: 'url',
    args: '{ path <STRING> ... }',
    summary: 'one URL to test',
    parse: (draft, statement, scope) => {
      const url: UrlDraft = {
        path: '/',
        statusCodes: [],
        regexNoMatch: false,
        regexOptions: [],
        regexMinOffset: 0,
        regexMaxOffset: Infinity,
      };
      table.read(url, blockOf(statement, scope), scope);
      if (url.statusCodes.length === 0) url.statusCodes.push([200, 299]);
      draft.urls.push(url);
    },
  };
}

function httpRows(block: string): Row[] {
  return [
    ...CONNECTING,
    NB_GET_RETRY,
    virtualhostRow<CheckerDraft>(),
    {
      name: 'http_protocol',
      args: '1.0|1.0C|1.1',
      least: 1,
      summary: 'HTTP version',
      parse: (draft, { words }, scope) => {
        const word = words[0] as Word;
        const found = (['1.0', '1.0C', '1.1'] as const).find(version => version === word.text.toUpperCase());
        if (found !== undefined) draft.protocol = found;
        else scope.report.warn(word.position, `Invalid http_protocol '${word.text}' - ignoring`);
      },
    },
    flag('enable_sni', 'enableSni', 'send SNI'),
    text('sni_name', 'sniName', 'SNI value'),
    flag('fast_recovery', 'fastRecovery', 'no delay between recovery URLs'),
    urlRow(block),
  ];
}

const MISC_ROWS: readonly Row[] = [
  ...COMMON,
  {
    name: 'misc_path',
    args: '<command>',
    least: 1,
    summary: 'program to run',
    parse: (draft, statement, scope) => {
      const script = readScript(statement, scope, true);
      if (script !== undefined) draft.script = script;
    },
  },
  {
    name: 'misc_timeout',
    args: '<secs>',
    least: 1,
    summary: 'run time limit',
    parse: (draft, statement, scope) => {
      const value = readSeconds(statement, scope, 0.000_001, 4294);
      if (value !== undefined) draft.miscTimeoutMs = value;
    },
  },
  flag('misc_dynamic', 'miscDynamic', 'exit status sets weight'),
  {
    name: 'user',
    args: 'user [[:]group]',
    least: 1,
    summary: 'account running it',
    parse: (draft, { words }) => void (draft.account = accountOf(words.map(word => word.text))),
  },
];

const DNS_TYPES = new Set(['A', 'NS', 'CNAME', 'SOA', 'MX', 'TXT', 'AAAA']);

const DNS_ROWS: readonly Row[] = [
  ...CONNECTING,
  {
    name: 'type',
    args: 'A|NS|CNAME|SOA|MX|TXT|AAAA',
    least: 1,
    summary: 'record type asked',
    parse: (draft, { words }, scope) => {
      const word = words[0] as Word;
      if (DNS_TYPES.has(word.text.toUpperCase())) draft.dnsType = word.text.toUpperCase();
      else scope.report.warn(word.position, `Unknown DNS type '${word.text}' - ignoring`);
    },
  },
  text('name', 'dnsName', 'name asked'),
];

function hexOf({ words }: Statement): string {
  return words
    .map(word => (word.text.length % 2 === 1 ? `0${word.text}` : word.text))
    .join('')
    .toLowerCase();
}

const UDP_ROWS: readonly Row[] = [
  ...CONNECTING,
  {
    name: 'payload',
    args: '<HEX>',
    least: 1,
    summary: 'bytes to send',
    parse: (draft, statement, scope) => {
      const hex = hexOf(statement);
      if (/^[0-9a-f]+$/.test(hex)) draft.payload = hex;
      else scope.report.warn(statement.position, `payload '${statement.raw}' is not hexadecimal - ignoring`);
    },
  },
  {
    name: 'require_reply',
    args: '[<HEX>]',
    summary: 'demand an answer',
    parse: (draft, statement) => {
      draft.requireReply = true;
      if (statement.words.length > 0) draft.reply = hexOf(statement);
    },
  },
  integer('min_reply_length', 'minReplyLength', 65_535, 'shortest answer'),
  integer('max_reply_length', 'maxReplyLength', 65_535, 'longest answer'),
];

const FILE_ROWS: readonly Row[] = [
  text('track_file', 'trackFile', 'tracked file name'),
  {
    name: 'weight',
    args: '<n> [reverse]',
    least: 1,
    summary: 'multiplier of the value in the file',
    parse: (draft, statement, scope) => {
      draft.weight = readInteger(statement, scope, -2_147_483_647, 2_147_483_647) ?? draft.weight;
      draft.reverse = statement.words[1]?.text === 'reverse';
    },
  },
];

const BLOCK = 'virtual_server/real_server';

export const CHECKER_TABLES: Readonly<Record<CheckerKind, KeywordTable<CheckerDraft>>> = {
  TCP_CHECK: new KeywordTable(`${BLOCK}/TCP_CHECK`, CONNECTING),
  HTTP_GET: new KeywordTable(`${BLOCK}/HTTP_GET`, httpRows(`${BLOCK}/HTTP_GET`)),
  SSL_GET: new KeywordTable(`${BLOCK}/SSL_GET`, httpRows(`${BLOCK}/SSL_GET`)),
  MISC_CHECK: new KeywordTable(`${BLOCK}/MISC_CHECK`, MISC_ROWS),
  SMTP_CHECK: new KeywordTable(`${BLOCK}/SMTP_CHECK`, [
    ...CONNECTING,
    text('helo_name', 'heloName', 'HELO name'),
  ]),
  DNS_CHECK: new KeywordTable(`${BLOCK}/DNS_CHECK`, DNS_ROWS),
  PING_CHECK: new KeywordTable(`${BLOCK}/PING_CHECK`, CONNECTING),
  UDP_CHECK: new KeywordTable(`${BLOCK}/UDP_CHECK`, UDP_ROWS),
  FILE_CHECK: new KeywordTable(`${BLOCK}/FILE_CHECK`, FILE_ROWS),
};

/** A checker read, to be completed when the defaults around it are known. */
export interface PendingChecker {
  readonly kind: CheckerKind;
  readonly draft: CheckerDraft;
}

export function parseChecker(
  kind: CheckerKind,
  statement: Statement,
  scope: Scope,
): PendingChecker | undefined {
  const draft: CheckerDraft = {
    position: statement.position,
    protocol: '1.0',
    enableSni: false,
    fastRecovery: false,
    urls: [],
    account: {},
    miscDynamic: false,
    dnsType: 'SOA',
    dnsName: '.',
    requireReply: false,
    minReplyLength: 0,
    maxReplyLength: 255,
    weight: 1,
    reverse: false,
  };
  CHECKER_TABLES[kind].read(draft, blockOf(statement, scope), scope);
  const missing = missingPart(kind, draft);
  if (missing === undefined) return { kind, draft };
  scope.report.warn(statement.position, `${kind} without ${missing} - removing`);
  return undefined;
}

function missingPart(kind: CheckerKind, draft: CheckerDraft): string | undefined {
  if (kind === 'MISC_CHECK' && draft.script === undefined) return 'misc_path';
  if ((kind === 'HTTP_GET' || kind === 'SSL_GET') && draft.urls.length === 0) return 'url';
  if (kind === 'FILE_CHECK' && draft.trackFile === undefined) return 'track_file';
  return undefined;
}

/** Defaults differ by kind: MISC_CHECK does not retry, DNS_CHECK does three times. */
function defaultRetry(kind: CheckerKind): number {
  if (kind === 'MISC_CHECK') return 0;
  return kind === 'DNS_CHECK' || kind === 'HTTP_GET' || kind === 'SSL_GET' ? 3 : 1;
}

function defaultDelayBeforeRetry(kind: CheckerKind, delayLoopMs: number): number {
  if (kind === 'DNS_CHECK') return delayLoopMs;
  return kind === 'HTTP_GET' || kind === 'SSL_GET' ? 3000 : 1000;
}

export function resolveChecker(
  { kind, draft }: PendingChecker,
  around: CheckDefaults,
  server: ServiceAddress,
  logAllFailures: boolean,
): Checker {
  const delayLoopMs = draft.delayLoopMs ?? around.delayLoopMs ?? 60_000;
  const bind = {
    ...(draft.bindTo === undefined ? {} : { bindTo: draft.bindTo }),
    ...(draft.bindIf === undefined ? {} : { bindIf: draft.bindIf }),
  };
  return {
    kind,
    position: draft.position,
    connectIp: draft.connectIp ?? server.address,
    connectPort: draft.connectPort ?? server.port,
    ...bind,
    bindPort: draft.bindPort ?? 0,
    fwmark: draft.fwmark ?? 0,
    connectTimeoutMs: draft.connectTimeoutMs ?? around.connectTimeoutMs ?? 5000,
    retry: draft.retry ?? around.retry ?? defaultRetry(kind),
    delayBeforeRetryMs:
      draft.delayBeforeRetryMs ?? around.delayBeforeRetryMs ?? defaultDelayBeforeRetry(kind, delayLoopMs),
    warmupMs: draft.warmupMs ?? around.warmupMs ?? delayLoopMs,
    delayLoopMs,
    alpha: draft.alpha ?? around.alpha ?? false,
    logAllFailures: draft.logAllFailures ?? logAllFailures,
    ...specialPart(kind, draft, around, delayLoopMs),
  };
}

function specialPart(
  kind: CheckerKind,
  draft: CheckerDraft,
  around: CheckDefaults,
  delayLoopMs: number,
): Partial<Checker> {
  switch (kind) {
    case 'HTTP_GET':
    case 'SSL_GET':
      return { http: httpPart(kind, draft, draft.virtualhost ?? around.virtualhost) };
    case 'MISC_CHECK':
      if (draft.script === undefined) return {};
      return {
        misc: {
          script: { ...draft.script, ...draft.account },
          timeoutMs: draft.miscTimeoutMs ?? delayLoopMs,
          dynamic: draft.miscDynamic,
        },
      };
    case 'SMTP_CHECK':
      return draft.heloName === undefined ? {} : { heloName: draft.heloName };
    case 'DNS_CHECK':
      return { dns: { type: draft.dnsType, name: draft.dnsName } };
    case 'UDP_CHECK':
      return {
        udp: {
          ...(draft.payload === undefined ? {} : { payload: draft.payload }),
          ...(draft.reply === undefined ? {} : { reply: draft.reply }),
          requireReply: draft.requireReply,
          minReplyLength: draft.minReplyLength,
          maxReplyLength: draft.maxReplyLength,
        },
      };
    case 'FILE_CHECK':
      return { file: { trackFile: draft.trackFile ?? '', weight: draft.weight, reverse: draft.reverse } };
    case 'TCP_CHECK':
    case 'PING_CHECK':
      return {};
  }
}

function httpPart(
  kind: 'HTTP_GET' | 'SSL_GET',
  draft: CheckerDraft,
  virtualhost: string | undefined,
): NonNullable<Checker['http']> {
  return {
    tls: kind === 'SSL_GET',
    ...(virtualhost === undefined ? {} : { virtualhost }),
    protocol: draft.protocol,
    enableSni: draft.enableSni,
    ...(draft.sniName === undefined ? {} : { sniName: draft.sniName }),
    fastRecovery: draft.fastRecovery,
    urls: draft.urls,
  };
}
