/**
 * `option forwarded` of a backend: tells the server about the client in the Forwarded header (RFC 7239; manual,
 * section 4.2). A well-formed header of an earlier proxy is continued; where it is not, it cannot be trusted,
 * and ours comes in a line of its own.
 */
import { IpAddress, parseIp } from '../../base/ip-address.ts';
import type { CompiledExpression } from '../../acl/compiled.ts';
import type { SampleContext } from '../../acl/context.ts';
import { castSample } from '../../acl/cast.ts';
import { compileExpression } from '../../acl/expression.ts';
import { phaseBit } from '../../acl/phase.ts';
import {
  isForwardedHost,
  isForwardedList,
  obfuscate,
  parseNodeName,
  parseNodePort,
} from '../../http/forwarded.ts';
import type { Headers } from '../../http/head.ts';
import type { Proxy } from '../../model/proxy.ts';
import type { Word } from '../../model/word.ts';
import type { Endpoint } from '../../net/connection.ts';
import type { RuleEnvironment } from '../../rules/environment.ts';
import type { HeaderAdder } from './forwarding-headers.ts';

const PHASE = phaseBit('backend http-request header rule');

/** `own`: what is known of the connection; an expression: its result; undefined: the part is not sent. */
type Part = 'own' | CompiledExpression | undefined;

type Text = (ctx: SampleContext) => string;

/** Undefined without the option; mistakes in its expressions are reported through `env`. */
export function compileForwarded(proxy: Proxy, env: RuleEnvironment): HeaderAdder | undefined {
  const words = proxy.options.forwarded;
  if (words === undefined) return undefined;
  const wanted = words.length === 0 ? DEFAULT : readWords(words, env);
  const parameters = [
    wanted.get('proto') && protoParameter,
    hostParameter(wanted.get('host')),
    nodeParameter('by', wanted.get('by'), wanted.get('by_port')),
    nodeParameter('for', wanted.get('for'), wanted.get('for_port')),
  ].filter(parameter => parameter !== undefined);
  return ctx => {
    const { request } = ctx;
    if (request !== undefined)
      addElement(request.headers, parameters.map(parameter => parameter(ctx)).join(';'));
  };
}

const DEFAULT: ReadonlyMap<string, Part> = new Map([
  ['proto', 'own'],
  ['for', 'own'],
]);

/** A word and its `-expr` form are one parameter: the last one said counts. */
function readWords(words: readonly Word[], env: RuleEnvironment): Map<string, Part> {
  const parts = new Map<string, Part>();
  for (let index = 0; index < words.length; index++) {
    const { text } = words[index] as Word;
    const name = text.replace(/-expr$/, '');
    if (name === text) parts.set(name, 'own');
    else {
      const { text: expression, position } = words[++index] as Word;
      parts.set(name, compileExpression(expression, position, PHASE, env));
    }
  }
  return parts;
}

function addElement(headers: Headers, element: string): void {
  let last = -1;
  for (let at = headers.find('forwarded'); at >= 0; at = headers.find('forwarded', at + 1)) {
    if (!isForwardedList(headers.valueAt(at))) return headers.add('forwarded', element);
    last = at;
  }
  if (last < 0) headers.add('forwarded', element);
  else headers.setValueAt(last, `${headers.valueAt(last)}, ${element}`);
}

const protoParameter: Text = ctx => (ctx.client?.tls === undefined ? 'proto=http' : 'proto=https');

/** Always quoted; empty where it is no host as the RFC wants it. */
function hostParameter(part: Part): Text | undefined {
  if (part === undefined) return undefined;
  return ctx => {
    const host = part === 'own' ? ctx.request?.headers.get('host') : part.string(ctx);
    return `host="${host !== undefined && isForwardedHost(host, true) ? host : ''}"`;
  };
}

/** Quoted where a port is asked for, and around an IPv6 address (section 6). */
function nodeParameter(field: 'by' | 'for', name: Part, port: Part): Text | undefined {
  if (name === undefined) return undefined;
  return ctx => {
    const endpoint = field === 'by' ? ctx.client?.destination : ctx.client?.source;
    const nodeName = (name === 'own' ? ownName(endpoint) : nameOf(name, ctx)) ?? 'unknown';
    if (port === undefined) return `${field}=${nodeName.startsWith('[') ? `"${nodeName}"` : nodeName}`;
    const nodePort = port === 'own' ? ownPort(endpoint) : portOf(port, ctx);
    return `${field}="${nodeName}${nodePort === undefined ? '' : `:${nodePort}`}"`;
  };
}

function ownName(endpoint: Endpoint | undefined): string | undefined {
  const ip = endpoint === undefined || endpoint.family === 0 ? undefined : parseIp(endpoint.host);
  return ip === undefined ? undefined : renderAddress(ip);
}

function ownPort(endpoint: Endpoint | undefined): string | undefined {
  return endpoint === undefined || endpoint.family === 0 ? undefined : String(endpoint.port);
}

function renderAddress(ip: IpAddress): string {
  return ip.family === 4 ? ip.toString() : `[${ip.toString()}]`;
}

/** What the RFC knows as a node's name is taken as it is; other plain words become obfuscated names. */
function nameOf(expression: CompiledExpression, ctx: SampleContext): string | undefined {
  const sample = expression.sample(ctx);
  if (sample === undefined) return undefined;
  if (sample instanceof IpAddress) return renderAddress(sample);
  const text = castSample(sample, 'str') as string | undefined;
  if (text === undefined) return undefined;
  const name = parseNodeName(text);
  if (name instanceof IpAddress) return renderAddress(name);
  return name ?? obfuscate(text);
}

function portOf(expression: CompiledExpression, ctx: SampleContext): string | undefined {
  const text = expression.string(ctx);
  if (text === undefined) return undefined;
  return parseNodePort(text) === undefined ? obfuscate(text) : text;
}
