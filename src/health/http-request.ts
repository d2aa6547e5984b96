/**
 * The request of an HTTP check (manual, `option httpchk`, `http-check send`).
 * `option httpchk [<method>] [<uri>] [<version>] [<host>]` gives the base; the first `http-check send` replaces what
 * it names.
 */
import type { Word } from '../model/word.ts';
import type { CheckFacts } from './check-facts.ts';
import type { CheckExpressions } from './expressions.ts';
import { RuleWords } from './rule-words.ts';
import { serverStateHeader } from './server-state-header.ts';

type Render = (facts: CheckFacts) => string;

/** Those that give the same every time. */
const constants = new WeakSet<Render>();

function constant(text: string): Render {
  const render = (): string => text;
  constants.add(render);
  return render;
}

/** Undefined after a mistake. */
function rendering(word: Word, expressions: CheckExpressions): Render | undefined {
  const format = expressions.format(word);
  return format !== undefined && /^[ -$&-~]*$/.test(word.text) ? constant(word.text) : format;
}

export interface RequestPlan {
  method: string | undefined;
  uri: Render | undefined;
  version: string | undefined;
  headers: readonly (readonly [name: string, value: Render])[];
  body: Render | undefined;
  comment?: string;
}

const EMPTY: RequestPlan = {
  method: undefined,
  uri: undefined,
  version: undefined,
  headers: [],
  body: undefined,
};

/** One word alone is the URI. Headers may be glued to the version, as was done before `http-check send`. */
export function planOfOption(args: readonly Word[], expressions: CheckExpressions): RequestPlan {
  const plan: RequestPlan = { ...EMPTY };
  const [first, uri, protocol, host] = args.length === 1 ? [undefined, args[0]] : args;
  plan.method = first?.text;
  if (uri !== undefined) plan.uri = constant(uri.text);
  const [version, ...lines] = (protocol?.text ?? '').split(/\r?\n/);
  if (version !== '') plan.version = version;
  const headers = lines.filter(line => line.includes(':')).map(splitHeader);
  const format = host === undefined ? undefined : rendering(host, expressions);
  if (format !== undefined) headers.push(['host', format]);
  plan.headers = headers;
  return plan;
}

function splitHeader(line: string): [name: string, value: Render] {
  const colon = line.indexOf(':');
  const value = line.slice(colon + 1).trim();
  return [line.slice(0, colon).trim().toLowerCase(), constant(value)];
}

/** `rule`: from the word `send` on. Undefined after a mistake. */
export function planOfSend(rule: readonly Word[], expressions: CheckExpressions): RequestPlan | undefined {
  const words = new RuleWords(rule.slice(1));
  const plan: RequestPlan = { ...EMPTY };
  const headers: [string, Render][] = [];
  while (!words.done) if (!readSendOption(words, plan, headers, expressions)) return undefined;
  plan.headers = headers;
  return plan;
}

function readSendOption(
  words: RuleWords,
  plan: RequestPlan,
  headers: [string, Render][],
  expressions: CheckExpressions,
): boolean {
  const option = words.next().text;
  const word = words.next();
  switch (option) {
    case 'meth':
      plan.method = word.text;
      return true;
    case 'uri':
      plan.uri = constant(word.text);
      return true;
    case 'ver':
      plan.version = word.text;
      return true;
    case 'body':
      plan.body = constant(word.text);
      return true;
    case 'comment':
      plan.comment = word.text;
      return true;
    case 'uri-lf':
      return (plan.uri = rendering(word, expressions)) !== undefined;
    case 'body-lf':
      return (plan.body = rendering(word, expressions)) !== undefined;
    default: {
      const format = rendering(words.next(), expressions);
      const name = word.text.toLowerCase();
      if (format !== undefined && !FRAMING.has(name)) headers.push([name, format]);
      return format !== undefined;
    }
  }
}

/** What `http-check send` says wins over `option httpchk`; its headers replace all of the option's. */
export function mergePlans(option: RequestPlan, send: RequestPlan): RequestPlan {
  return {
    method: send.method ?? option.method,
    uri: send.uri ?? option.uri,
    version: send.version ?? option.version,
    headers: send.headers.length > 0 ? send.headers : option.headers,
    body: send.body ?? option.body,
    ...(send.comment !== undefined && { comment: send.comment }),
  };
}

/** They follow from the body. */
const FRAMING = new Set(['content-length', 'transfer-encoding']);

/** RFC 9110, section 8.6: other methods than these say how long their content is, even if there is none. */
const WITHOUT_CONTENT = new Set(['OPTIONS', 'GET', 'HEAD', 'DELETE']);

/** `sendState`: the server is told how it is seen. What is the same every time is put together once. */
export function compileRequest(plan: RequestPlan, sendState: boolean): (facts: CheckFacts) => Buffer {
  const compose = requestComposer(plan, sendState);
  const renders = [plan.uri, plan.body, ...plan.headers.map(([, render]) => render)];
  if (sendState || !renders.every(render => render === undefined || constants.has(render))) return compose;
  let bytes: Buffer | undefined;
  return facts => (bytes ??= compose(facts));
}

function requestComposer(plan: RequestPlan, sendState: boolean): (facts: CheckFacts) => Buffer {
  const method = plan.method ?? 'OPTIONS';
  const version = plan.version ?? 'HTTP/1.0';
  const closesAnyway = version === 'HTTP/1.0';
  return facts => {
    const uri = plan.uri?.(facts) || '/';
    const lines = [`${method} ${uri} ${version}`];
    let connection = false;
    for (const [name, render] of plan.headers) {
      const value = render(facts);
      if (value === '') continue;
      connection ||= name === 'connection';
      lines.push(`${name}: ${value.replace(/[\0\r\n]/g, ' ')}`);
    }
    if (sendState) lines.push(`x-haproxy-server-state: ${serverStateHeader(facts)}`);
    const body = plan.body?.(facts) ?? '';
    if (body !== '' || !WITHOUT_CONTENT.has(method)) lines.push(`content-length: ${body.length}`);
    if (!connection && !closesAnyway) lines.push('connection: close');
    return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1');
  };
}
