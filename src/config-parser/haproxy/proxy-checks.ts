/** How servers are checked: `option <check>`, `http-check`, `tcp-check`, `external-check` (manual, section 4.2). */
import type { CheckMethod } from '../../model/proxy.ts';
import type { Word } from '../../model/word.ts';
import type { Keyword } from '../keyword.ts';
import type { LineContext, SectionKind } from '../line-context.ts';
import { checkRuleShape, ruleWords, type CheckRuleKind } from './check-rule.ts';
import { ignoredWithoutBackend } from './proxy-capability.ts';
import type { CheckDraft, ProxyDraft } from './proxy-draft.ts';

const ALL: readonly SectionKind[] = ['defaults', 'frontend', 'listen', 'backend'];

/** `http-check disable-on-404` and `send-state` are settings rather than rules: both ways they leave rules alone. */
export function isCheckSetting([name]: readonly Word[]): boolean {
  return name?.text === 'disable-on-404' || name?.text === 'send-state';
}

/** A section that says anything of its own about checks drops the rules it took over. */
function ownHttpCheck(check: CheckDraft): void {
  if (check.ownHttpCheck) return;
  check.ownHttpCheck = true;
  check.httpCheck = check.httpCheck.filter(isCheckSetting);
  if (check.kind === 'httpchk') check.args = [];
}

function ownTcpCheck(check: CheckDraft): void {
  if (check.ownTcpCheck) return;
  check.ownTcpCheck = true;
  check.tcpCheck = [];
}

type ArgumentCheck = (words: readonly Word[], context: LineContext) => boolean;

function parseMysqlArguments(words: readonly Word[], context: LineContext): boolean {
  const [user, name, version] = words;
  if (user === undefined) return true;
  if (user.text !== 'user') {
    context.alert(user, `'option mysql-check' only supports optional values: 'user' (got '${user.text}').`);
    return false;
  }
  if (name === undefined) {
    context.alert(user, `'option mysql-check user' expects <username> as argument.`);
    return false;
  }
  if (version === undefined || ['post-41', 'pre-41', 'post-80'].includes(version.text)) return true;
  const known = `'post-41', 'pre-41' and 'post-80'`;
  context.alert(version, `keyword 'user' only supports ${known} (got '${version.text}').`);
  return false;
}

function parsePgsqlArguments(words: readonly Word[], context: LineContext): boolean {
  const [user, name] = words;
  if (user?.text === 'user' && name !== undefined) return true;
  context.alert(user ?? context.position, `'option pgsql-check' expects 'user <username>' as argument.`);
  return false;
}

/** An old form hides headers behind the version: they are sent with a warning that says what to write now. */
function warnOldHeaders(words: readonly Word[], context: LineContext): boolean {
  const version = words[2];
  if (version === undefined || !/[\r\n]/.test(version.text)) return true;
  const modern = `Use 'http-check send' instead to add headers.`;
  context.warn(
    version,
    `'option httpchk' : hiding headers or body at the end of the version string is deprecated. ${modern}`,
  );
  return true;
}

interface CheckRow {
  readonly option: string;
  readonly kind: CheckMethod['kind'];
  readonly args: string;
  readonly arity: readonly [number, number];
  readonly summary: string;
  readonly check?: ArgumentCheck;
}

const CHECKS: readonly CheckRow[] = [
  {
    option: 'httpchk',
    kind: 'httpchk',
    args: '[<method>] [<uri>] [<version>] [<host>]',
    arity: [0, 4],
    summary: 'checks with HTTP requests',
    check: warnOldHeaders,
  },
  { option: 'tcp-check', kind: 'tcp-check', args: '', arity: [0, 0], summary: 'checks with tcp-check rules' },
  {
    option: 'mysql-check',
    kind: 'mysql',
    args: '[ user <username> [ { post-41 | pre-41 | post-80 } ] ]',
    arity: [0, 3],
    summary: 'checks MySQL servers',
    check: parseMysqlArguments,
  },
  {
    option: 'pgsql-check',
    kind: 'pgsql',
    args: 'user <username>',
    arity: [2, 2],
    summary: 'checks PostgreSQL servers',
    check: parsePgsqlArguments,
  },
  { option: 'redis-check', kind: 'redis', args: '', arity: [0, 0], summary: 'checks Redis servers' },
  {
    option: 'smtpchk',
    kind: 'smtp',
    args: '[<hello> <domain>]',
    arity: [0, 2],
    summary: 'checks SMTP servers',
  },
  { option: 'ldap-check', kind: 'ldap', args: '', arity: [0, 0], summary: 'checks LDAP servers' },
  {
    option: 'ssl-hello-chk',
    kind: 'ssl-hello',
    args: '',
    arity: [0, 0],
    summary: 'checks with a ClientHello',
  },
  { option: 'spop-check', kind: 'spop', args: '', arity: [0, 0], summary: 'checks SPOP agents' },
  { option: 'external-check', kind: 'external', args: '', arity: [0, 0], summary: 'checks with a program' },
];

function checkKeyword(row: CheckRow): Keyword<ProxyDraft> {
  return {
    name: `option ${row.option}`,
    sections: ALL,
    args: row.args,
    arity: row.arity,
    summary: row.summary,
    parse: (draft, words, context) => {
      if (row.kind !== 'external') ignoredWithoutBackend(draft, row.option, context);
      if (row.check !== undefined && !row.check(words, context)) return;
      const { check } = draft.backend;
      if (row.kind === 'httpchk') ownHttpCheck(check);
      if (row.kind === 'tcp-check') ownTcpCheck(check);
      check.kind = row.kind;
      check.args = words;
    },
  };
}

export const CHECK_OPTION_KEYWORDS: readonly Keyword<ProxyDraft>[] = CHECKS.map(checkKeyword);

function parseRule(kind: CheckRuleKind): Keyword<ProxyDraft>['parse'] {
  return (draft, _, context) => {
    ignoredWithoutBackend(draft, kind, context);
    const words = ruleWords(context.line);
    if (!checkRuleShape(kind, words, context)) return;
    const { check } = draft.backend;
    if (kind === 'http-check') {
      if (!isCheckSetting(words)) ownHttpCheck(check);
      check.httpCheck = [...check.httpCheck, words];
    } else {
      ownTcpCheck(check);
      check.tcpCheck = [...check.tcpCheck, words];
    }
  };
}

type RuleRow = readonly [name: string, args: string, summary: string];

const HTTP_RULES: readonly RuleRow[] = [
  ['', '<rule> [<arg> ...]', 'a rule of HTTP checks'],
  [' comment', '<string>', 'names the next rule in error messages'],
  [' connect', '[default] [port <expr>] [addr <ip>] [send-proxy] [ssl] ...', 'opens a connection'],
  [' disable-on-404', '', 'a 404 means draining'],
  [' expect', '[<option> ...] [!] <match> <pattern>', 'what the answer has to look like'],
  [
    ' send',
    '[meth <method>] [uri <uri>] [ver <version>] [hdr <name> <fmt>]* [body <string>] ...',
    'the request',
  ],
  [' send-state', '', 'tells the server its state in a header'],
  [' set-var', '(<var-name>[,<cond>...]) <expr>', 'sets a variable'],
  [' set-var-fmt', '(<var-name>[,<cond>...]) <fmt>', 'sets a variable from a format'],
  [' unset-var', '(<var-name>)', 'clears a variable'],
];

const TCP_RULES: readonly RuleRow[] = [
  ['', '<rule> [<arg> ...]', 'a rule of TCP checks'],
  [' comment', '<string>', 'names the next rule in error messages'],
  [' connect', '[default] [port <expr>] [addr <ip>] [send-proxy] [ssl] ...', 'opens a connection'],
  [' expect', '[<option> ...] [!] <match> <pattern>', 'what the answer has to look like'],
  [' send', '<data> [comment <msg>]', 'sends text'],
  [' send-lf', '<fmt> [comment <msg>]', 'sends a format'],
  [' send-binary', '<hexstring> [comment <msg>]', 'sends bytes'],
  [' send-binary-lf', '<hexfmt> [comment <msg>]', 'sends bytes from a format'],
  [' set-var', '(<var-name>[,<cond>...]) <expr>', 'sets a variable'],
  [' set-var-fmt', '(<var-name>[,<cond>...]) <fmt>', 'sets a variable from a format'],
  [' unset-var', '(<var-name>)', 'clears a variable'],
];

function ruleKeywords(kind: CheckRuleKind, rows: readonly RuleRow[]): Keyword<ProxyDraft>[] {
  return rows.map(([name, args, summary]) => ({
    name: `${kind}${name}`,
    sections: ALL,
    args,
    arity: [0, 256],
    summary,
    parse: parseRule(kind),
  }));
}

function externalCheck(name: 'command' | 'path', summary: string): Keyword<ProxyDraft> {
  return {
    name: `external-check ${name}`,
    sections: ['defaults', 'frontend', 'listen', 'backend'],
    args: `<${name}>`,
    arity: [1, 1],
    summary,
    parse: (draft, words) => {
      if (name === 'command') draft.shared.externalCommand = words[0]?.text;
      else draft.shared.externalPath = words[0]?.text;
    },
  };
}

export const CHECK_RULE_KEYWORDS: readonly Keyword<ProxyDraft>[] = [
  ...ruleKeywords('http-check', HTTP_RULES),
  ...ruleKeywords('tcp-check', TCP_RULES),
  externalCheck('command', 'program that checks'),
  externalCheck('path', 'PATH of the program that checks'),
];
