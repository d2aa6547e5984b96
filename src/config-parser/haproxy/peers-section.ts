/**
 * Keyword rows of `peers` sections (manual, section 11.2). Lines are kept as written, for the tables among them;
 * config-parser/peers.ts makes the section of what stands in the draft when all is read.
 */
import type { Bind } from '../../model/bind.ts';
import type { Position } from '../../model/diagnostic.ts';
import type { LogTarget } from '../../model/log.ts';
import type { Word } from '../../model/word.ts';
import { integer, nothing, text, type Shape } from '../argument-shape.ts';
import type { Keyword } from '../keyword.ts';
import type { LineContext } from '../line-context.ts';
import { badNameCharacter, withPrefix } from './argument.ts';
import { readParsedAddress } from './address-argument.ts';
import type { Mutable } from './bind-draft.ts';
import { OF_OTHERS, readBindLine } from './bind-line.ts';
import { readLogTarget } from './log-target.ts';
import { uniqueName, type OtherDraft } from './other-rows.ts';
import { createProxyDraft, type ProxyDraft } from './proxy-draft.ts';
import { checkStickTable } from './proxy-stick.ts';
import { createServerDraft, type ServerDraft } from './server-draft.ts';
import { readServerOptions, setAddress } from './server-line.ts';

interface PeerLine {
  readonly keyword: 'peer' | 'server';
  /** Undefined: no address was written. */
  readonly server: ServerDraft | undefined;
  readonly name: Word;
  /** The listener, where this is the local node. */
  readonly bind: readonly Word[];
}

export interface PeersDraft extends OtherDraft {
  readonly name: string;
  readonly position: Position;
  disabled: boolean;
  shards: number;
  readonly peers: PeerLine[];
  /** `bind`: its address and options. */
  listener: readonly Word[] | undefined;
  bind: Mutable<Bind> | undefined;
  /** Options of `default-bind`. */
  bindOptions: readonly Word[];
  /** Servers are read as those of a backend. */
  readonly servers: ProxyDraft;
  logs: LogTarget[];
  logGlobal: boolean;
}

export function createPeersDraft(name: string, position: Position): PeersDraft {
  return {
    name,
    position,
    lines: [],
    names: new Map(),
    disabled: false,
    shards: 0,
    peers: [],
    listener: undefined,
    bind: undefined,
    bindOptions: [],
    servers: createProxyDraft('backend', name, position),
    logs: [],
    logGlobal: false,
  };
}

type Row = Keyword<PeersDraft>;

const MAX = 0x7fffffff;

/** `read` answers false after an error. */
function row(
  name: string,
  shape: Shape,
  summary: string,
  read: (draft: PeersDraft, words: readonly Word[], context: LineContext) => boolean | void,
  negatable = false,
): Row {
  return {
    name,
    sections: ['peers'],
    args: shape.args,
    arity: shape.arity,
    summary,
    ...(negatable && { negatable }),
    parse: (draft, words, context) => {
      const isRead = words.length < shape.arity[0] || shape.read(words, name, context) !== undefined;
      if (isRead && read(draft, words, context) !== false) draft.lines.push(context.line);
    },
  };
}

function refuseMixture(draft: PeersDraft, keyword: 'peer' | 'bind', context: LineContext): boolean {
  const isMixed =
    keyword === 'peer' ? draft.listener !== undefined : draft.peers.some(line => line.keyword === 'peer');
  if (isMixed) context.alert(context.position, `mixing "peer" and "bind" line is forbidden`);
  return isMixed;
}

function readListener(words: readonly Word[], context: LineContext): Mutable<Bind> | undefined {
  const binds = readBindLine(words, { keyword: 'bind', port: 'required', ignored: OF_OTHERS }, context);
  if (binds.length <= 1) return binds[0];
  const why = 'Multiple listening addresses or port range are not supported.';
  context.alert(context.position, `Only one listener per "peers" section is authorized. ${why}`);
  return undefined;
}

function parseBind(draft: PeersDraft, words: readonly Word[], context: LineContext): boolean {
  if (refuseMixture(draft, 'bind', context)) return false;
  const [first] = draft.listener ?? [];
  if (first !== undefined) {
    const where = `${first.position.file}:${first.position.line}`;
    const what = `One listener per "peers" section is authorized but another is already configured at [${where}].`;
    context.alert(context.position, what);
    return false;
  }
  const [address, ...options] = words;
  draft.listener = words;
  draft.bind = readListener([address as Word, ...draft.bindOptions, ...options], context);
  return draft.bind !== undefined;
}

/** Those of a listener that was read already are added to it. */
function parseDefaultBind(draft: PeersDraft, words: readonly Word[], context: LineContext): void {
  draft.bindOptions = [...draft.bindOptions, ...words];
  if (draft.bind === undefined || draft.listener === undefined) return;
  const { position } = draft.bind;
  const read = readListener([...draft.listener, ...draft.bindOptions], context);
  if (read !== undefined) draft.bind = { ...read, position };
}

function parsePeer(
  keyword: PeerLine['keyword'],
  draft: PeersDraft,
  words: readonly Word[],
  context: LineContext,
): boolean {
  const [name, ...rest] = words as [Word, ...Word[]];
  if (keyword === 'peer' && refuseMixture(draft, 'peer', context)) return false;
  if (!uniqueName('peer')(draft, words, context)) return false;
  const bad = badNameCharacter(name.text);
  if (bad !== undefined) {
    context.alert(name, `character '${bad}' is not permitted in server name '${name.text}'.`);
    return false;
  }
  const isLocal = name.text === context.variables.lookup('HAPROXY_LOCALPEER');
  const hasAddress = rest.length > 0 && !(keyword === 'server' && isLocal);
  const server = readPeerServer(draft, name, rest, hasAddress, context);
  if (server === undefined) return false;
  const isUsable = hasAddress || isLocal;
  if (!isUsable) warnOfMissingAddress(keyword, name, context);
  draft.peers.push({ keyword, name, server: isUsable ? server : undefined, bind: rest.slice(0, 1) });
  if (isLocal && keyword === 'peer') return listenAt(draft, rest, context);
  return true;
}

function warnOfMissingAddress(keyword: string, name: Word, context: LineContext): void {
  if (keyword === 'peer')
    context.warn(name, `'peer ${name.text}' : ignoring invalid peer definition (missing address:port)`);
}

/** `peer` with the name of this node: it listens there. */
function listenAt(draft: PeersDraft, [address]: readonly Word[], context: LineContext): boolean {
  if (address === undefined) return true;
  draft.bind = readListener([address, ...draft.bindOptions], context);
  return draft.bind !== undefined;
}

function readPeerServer(
  draft: PeersDraft,
  name: Word,
  rest: readonly Word[],
  hasAddress: boolean,
  context: LineContext,
): ServerDraft | undefined {
  const server = createServerDraft(draft.servers.backend.defaultServer);
  server.name = name.text;
  server.position = context.position;
  const about = withPrefix(context, `'server ${draft.name}/${name.text}'`);
  if (hasAddress) {
    const rules = { port: 'required', accepts: ['stream'] } as const;
    const address = readParsedAddress(rest[0], 'address', about, rules);
    if (address === undefined) return undefined;
    setAddress(server, address);
  }
  readServerOptions(server, rest.slice(hasAddress ? 1 : 0), draft.servers, about);
  warnOfChecks(server, name, context);
  return server;
}

function warnOfChecks(server: ServerDraft, name: Word, context: LineContext): void {
  const { check, agent, resolvers, initAddr } = server;
  if (!check.enabled && !agent.enabled && resolvers === undefined && initAddr.length === 0) return;
  const what = 'init_addr, resolvers, check and agent are ignored for peers.';
  context.warn(name, `'${context.line[0]?.text} ${name.text}' : ${what}`);
}

function parseLog(draft: PeersDraft, words: readonly Word[], context: LineContext): void {
  if (context.prefix === 'no') {
    draft.logs = [];
    draft.logGlobal = false;
  } else if (words.length === 1 && words[0]?.text === 'global') draft.logGlobal = true;
  else {
    const target = readLogTarget(words, context);
    if (target !== undefined) draft.logs.push(target);
  }
}

const PEER = '<name> [<address>]:port [param*]';

export const PEERS_KEYWORDS: readonly Row[] = [
  row('peer', text(PEER, 1, 64), 'a node', (...line) => parsePeer('peer', ...line)),
  row('server', text('<name> [<address>:<port>] [param*]', 1, 64), 'a node', (...line) =>
    parsePeer('server', ...line),
  ),
  row('bind', text('[<address>]:port [param*]', 1, 64), 'where this node listens', parseBind),
  row('default-bind', text('[param*]', 0, 64), 'options of the listener', parseDefaultBind),
  row(
    'default-server',
    text('[param*]', 0, 64),
    'options towards the others',
    ({ servers }, words, context) =>
      void readServerOptions(servers.backend.defaultServer, words, servers, context),
  ),
  row('disabled', nothing(), 'switches the section off', draft => {
    draft.disabled = true;
  }),
  row('enabled', nothing(), 'switches the section on', draft => {
    draft.disabled = false;
  }),
  row(
    'log',
    text('{ global | <target> [<option> ...] <facility> [<level> [<minlevel>]] }', 0, 64),
    'where events are logged',
    parseLog,
    true,
  ),
  row('shards', integer(1, MAX), 'parts a table is split into', (draft, [count]) => {
    draft.shards = Number(count?.text);
  }),
  row(
    'table',
    text('<name> type <type> size <size> [<option> ...]', 5, 64),
    'a shared stick table',
    (draft, words, context) =>
      uniqueName('table')(draft, words, context) && checkStickTable(words.slice(1), context),
  ),
];
