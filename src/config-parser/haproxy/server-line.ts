/**
 * `server`, `default-server` and `server-template` lines (manual, sections 4.2 and 5.2). A server starts from
 * the default-server as it is at that line; later default-server lines do not change it.
 */
import type { Word } from '../../model/word.ts';
import type { ParsedAddress } from '../address.ts';
import { MUST_BE_ALLOWED } from '../experimental.ts';
import type { Keyword } from '../keyword.ts';
import type { LineContext } from '../line-context.ts';
import { didYouMean } from '../nearest.ts';
import { readParsedAddress } from './address-argument.ts';
import { badNameCharacter, withPrefix } from './argument.ts';
import type { ProxyDraft } from './proxy-draft.ts';
import { createServerDraft, type ServerDraft } from './server-draft.ts';
import { findServerOption, SERVER_OPTIONS } from './server-options.ts';

function reportUnknown(option: Word, isDefaultServer: boolean, context: LineContext): void {
  const names = SERVER_OPTIONS.map(row => row.name);
  const note = isDefaultServer ? ' Hint: no address was expected for this server.' : '';
  context.alert(option, `unknown keyword '${option.text}'.${note}`, didYouMean(option.text, names));
}

/**
 * Walks the options; stops at the first unknown one, as what follows cannot be understood. Answers the words of those it
 * knew, without their values.
 */
export function readServerOptions(
  server: ServerDraft,
  words: readonly Word[],
  proxy: ProxyDraft,
  context: LineContext,
): readonly Word[] {
  const known: Word[] = [];
  const isDefaultServer = server === proxy.backend.defaultServer;
  for (let index = 0; index < words.length;) {
    const option = words[index] as Word;
    const row = findServerOption(option.text);
    if (row === undefined) {
      reportUnknown(option, isDefaultServer, context);
      return known;
    }
    const rest = words.slice(index + 1);
    const values = rest.slice(0, Math.max(row.words, 0));
    if (values.length < row.words) {
      context.alert(option, `'${option.text}' expects ${row.args} as argument.`);
      return known;
    }
    known.push(option);
    let taken: number | void = undefined;
    if (isDefaultServer && row.serverOnly === true)
      context.complain(option, `'${option.text}' option is not accepted in default-server sections`);
    else taken = row.parse({ server, proxy, option, values, rest, context, isDefaultServer });
    index += 1 + (taken ?? values.length);
  }
  return known;
}

/** Without a port, or with an offset, the port the client asked for is used. */
export function setAddress(server: ServerDraft, read: ParsedAddress): void {
  const { address } = read;
  server.address = address;
  server.datagram = read.transport === 'datagram';
  server.written = read.written;
  const takesPort = address.kind === 'ip' || address.kind === 'name';
  server.mapPorts = takesPort && (!read.hasPort || address.port === 0);
  server.portOffset = read.portOffset ?? 0;
}

/** What contradicts itself only when the whole line is known. */
function checkServer(server: ServerDraft, context: LineContext): void {
  const at = context.position;
  if (server.check.enabled && server.track !== undefined)
    context.alert(at, 'unable to enable checks and tracking at the same time!');
  if (server.initState !== undefined && server.track !== undefined)
    context.alert(at, 'unable to set init-state and tracking at the same time!');
  if (server.agent.enabled && (server.agent.port || server.check.port || 0) === 0)
    context.alert(at, `server ${server.name} does not have agent port. Agent check has been disabled.`);
}

function newServer(draft: ProxyDraft, name: string, context: LineContext): ServerDraft {
  const server = createServerDraft(draft.backend.defaultServer);
  server.name = name;
  server.position = context.position;
  return server;
}

function readServerAddress(word: Word | undefined, context: LineContext): ParsedAddress | undefined {
  const read = readParsedAddress(word, 'address', context, {
    port: 'optional',
    portOffset: true,
    accepts: ['stream', 'datagram'],
    reverse: 'alone',
  });
  if (read?.address.kind === 'reverse' && !context.useExperimental())
    context.alert(word ?? context.position, `'rhttp@' is experimental, ${MUST_BE_ALLOWED}.`);
  if (read?.address.kind === 'fd')
    context.alert(word ?? context.position, `a file descriptor is not acceptable here in '${word?.text}'.`);
  if (read?.quic === true)
    context.alert(word ?? context.position, `QUIC is not supported, as '${word?.text}' asks for.`);
  return read;
}

function parseServer(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  const [name, where, ...options] = words;
  if (name === undefined || where === undefined) return;
  const bad = badNameCharacter(name.text);
  if (bad !== undefined) {
    context.alert(name, `character '${bad}' is not permitted in server name '${name.text}'.`);
    return;
  }
  const about = withPrefix(context, `'server ${draft.name}/${name.text}'`);
  const address = readServerAddress(where, about);
  if (address === undefined) return;
  const server = newServer(draft, name.text, context);
  setAddress(server, address);
  readServerOptions(server, options, draft, about);
  checkServer(server, about);
  draft.own.servers.push(server);
}

function parseDefaultServer(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  if (!draft.own.ownsDefaultServer) {
    draft.own.ownsDefaultServer = true;
    draft.backend.defaultServer = createServerDraft(draft.backend.defaultServer);
  }
  readServerOptions(draft.backend.defaultServer, words, draft, context);
}

interface NumberRange {
  readonly first: number;
  readonly last: number;
}

/** `5` means 1 to 5. */
function readNumbers(word: Word, context: LineContext): NumberRange | undefined {
  const match = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(word.text);
  const first = match?.[2] === undefined ? 1 : Number(match[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (match !== null && last >= first) return { first, last };
  context.alert(word, `Wrong server-template number or range arg '${word.text}'.`);
  return undefined;
}

function parseTemplate(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  const [prefix, numbers, where, ...options] = words;
  if (prefix === undefined || numbers === undefined || where === undefined) return;
  const bad = badNameCharacter(prefix.text);
  if (bad !== undefined) {
    context.alert(prefix, `character '${bad}' is not permitted in server-template prefix '${prefix.text}'.`);
    return;
  }
  const about = withPrefix(context, `'server ${draft.name}/${prefix.text}'`);
  const range = readNumbers(numbers, context);
  const address = readServerAddress(where, about);
  if (range === undefined || address === undefined) return;
  const server = newServer(draft, prefix.text, context);
  setAddress(server, address);
  readServerOptions(server, options, draft, about);
  checkServer(server, about);
  draft.own.serverTemplates.push({ prefix: prefix.text, position: context.position, ...range, server });
  for (let number = range.first; number <= range.last; number++) {
    const one = createServerDraft(server);
    one.name = `${prefix.text}${number}`;
    // The number and the guid of the template go to its first server alone.
    const isFirst = number === range.first;
    one.id = isFirst ? server.id : undefined;
    one.guid = isFirst ? server.guid : undefined;
    draft.own.servers.push(one);
  }
}

export const SERVER_KEYWORDS: readonly Keyword<ProxyDraft>[] = [
  {
    name: 'server',
    sections: ['listen', 'backend'],
    args: '<name> <address>[:[port]] [param*]',
    arity: [2, 256],
    summary: 'a server',
    parse: parseServer,
  },
  {
    name: 'default-server',
    sections: ['defaults', 'listen', 'backend'],
    args: '[param*]',
    arity: [0, 256],
    summary: 'options of the servers below',
    parse: parseDefaultServer,
  },
  {
    name: 'server-template',
    sections: ['listen', 'backend'],
    args: '<prefix> <num | range> <fqdn>[:<port>] [params*]',
    arity: [3, 256],
    summary: 'several servers of one name',
    parse: parseTemplate,
  },
];
