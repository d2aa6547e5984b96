/**
 * The arguments that deny, tarpit, return and http-error share (manual, section 4.4: return): a status and one of
 * the ways to say what the answer looks like. Compiled to a function that makes the Reply.
 */
import type { CompiledLogFormat } from '../acl/compiled.ts';
import type { Word } from '../model/word.ts';
import type { ReplyMaker, RuleContext } from './context.ts';
import { ERROR_STATUSES, pageByStatus } from './default-pages.ts';
import { reasonPhrase } from '../http/reasons.ts';
import { pageFor, type Reply, type ReplyHeader } from './reply.ts';
import type { RuleLine } from './rule-line.ts';
import { parseStoredMessage } from './stored-message.ts';

interface CompiledReply {
  readonly status: number;
  readonly make: ReplyMaker;
  /** `default-errorfiles`: the page of the proxies in charge. */
  readonly isDefault: boolean;
  /** `errorfiles <section>`: whose page it is. */
  readonly section?: string;
}

type BodyKind =
  'default-errorfiles' | 'errorfiles' | 'errorfile' | 'file' | 'string' | 'lf-file' | 'lf-string';

/** What the argument of each kind is called in messages. */
const BODY_ARGUMENT: Readonly<Record<BodyKind, string | undefined>> = {
  'default-errorfiles': undefined,
  errorfiles: '<name>',
  errorfile: '<fmt>',
  file: '<file>',
  string: '<str>',
  'lf-file': '<file>',
  'lf-string': '<fmt>',
};

function isBodyKind(word: string): word is BodyKind {
  return Object.hasOwn(BODY_ARGUMENT, word);
}

interface Draft {
  status: number;
  contentType: string | undefined;
  body: { readonly kind: BodyKind; readonly word: Word | undefined } | undefined;
  readonly headers: { readonly name: string; readonly value: CompiledLogFormat }[];
}

/** Reads the arguments that belong to a reply, up to the first other word. Undefined after an error. */
export function compileReply(line: RuleLine, defaultStatus: number): CompiledReply | undefined {
  return finish(line, readReply(line, defaultStatus));
}

/**
 * For deny and tarpit: `deny_status` is an old word for `status`, and without arguments, or with that word alone,
 * the answer is the proxy's error page.
 */
export function compileRefusalReply(line: RuleLine, defaultStatus: number): CompiledReply | undefined {
  const bare = line.left === 0 || (line.next === 'deny_status' && line.left === 2);
  const draft = readReply(line, defaultStatus);
  if (draft !== undefined && bare) draft.body = { kind: 'default-errorfiles', word: undefined };
  return finish(line, draft);
}

function readReply(line: RuleLine, defaultStatus: number): Draft | undefined {
  const draft: Draft = { status: defaultStatus, contentType: undefined, body: undefined, headers: [] };
  const refuses = line.action === 'deny' || line.action === 'tarpit';
  let first = true;
  for (; line.left > 0; first = false) {
    const word = line.next;
    if (word === 'status' || (first && refuses && word === 'deny_status')) {
      if (!readStatus(line, draft)) return undefined;
    } else if (word === 'content-type') {
      if (!readContentType(line, draft)) return undefined;
    } else if (word === 'hdr') {
      if (!readHeader(line, draft)) return undefined;
    } else if (isBodyKind(word)) {
      if (!readBody(line, draft, word)) return undefined;
    } else break;
  }
  return draft;
}

function readStatus(line: RuleLine, draft: Draft): boolean {
  line.take();
  const word = line.take();
  if (word === undefined) line.error("'status' expects <status_code> as argument");
  else {
    draft.status = Number.parseInt(word.text, 10);
    if (draft.status >= 200 && draft.status <= 599) return true;
    line.error(`Unexpected status code '${Number.isNaN(draft.status) ? 0 : draft.status}'`);
  }
  return false;
}

function readContentType(line: RuleLine, draft: Draft): boolean {
  line.take();
  draft.contentType = line.take()?.text;
  if (draft.contentType === undefined) line.error("'content-type' expects <ctype> as argument");
  return draft.contentType !== undefined;
}

const OWN_HEADERS = ['content-length', 'transfer-encoding', 'content-type'];

function readHeader(line: RuleLine, draft: Draft): boolean {
  line.take();
  if (line.left < 2) {
    line.error("'hdr' expects <name> and <value> as arguments");
    return false;
  }
  const name = line.take()?.text ?? '';
  if (OWN_HEADERS.includes(name.toLowerCase())) {
    line.take();
    line.warn(`header '${name}' always ignored by the http reply.`);
    return true;
  }
  const value = line.takeFormat('http');
  if (value === undefined) return false;
  draft.headers.push({ name, value });
  return true;
}

function readBody(line: RuleLine, draft: Draft, kind: BodyKind): boolean {
  if (draft.body !== undefined) {
    line.error(`unexpected '${kind}' argument, '${draft.body.kind}' already defined`);
    return false;
  }
  line.take();
  const argument = BODY_ARGUMENT[kind];
  const word = argument === undefined ? undefined : line.take();
  if (argument !== undefined && word === undefined) {
    line.error(`'${kind}' expects ${argument} as argument`);
    return false;
  }
  draft.body = { kind, word };
  return true;
}

function finish(line: RuleLine, draft: Draft | undefined): CompiledReply | undefined {
  if (draft === undefined) return undefined;
  const kind = draft.body?.kind;
  const text = draft.body?.word?.text ?? '';
  switch (kind) {
    case undefined:
      if (draft.contentType !== undefined)
        line.warn(
          `content-type '${draft.contentType}' ignored by the http reply because neither errorfile nor payload defined.`,
        );
      return payloadReply(draft, () => EMPTY);
    case 'default-errorfiles':
    case 'errorfiles':
    case 'errorfile':
      return pageReply(line, draft, kind, text);
    case 'string':
      return rawReply(line, draft, Buffer.from(text, 'latin1'));
    case 'file': {
      const content = readFile(line, text);
      return content === undefined ? undefined : rawReply(line, draft, Buffer.from(content, 'latin1'));
    }
    case 'lf-string':
    case 'lf-file':
      return formattedReply(line, draft, kind, draft.body?.word as Word);
  }
}

const EMPTY = Buffer.alloc(0);

function readFile(line: RuleLine, path: string): string | undefined {
  const file = line.env.patterns.readFile(path);
  if ('error' in file) return line.error(`error opening file '${path}'`);
  const { bufsize } = line.env;
  if (file.content.length > bufsize)
    return line.error(`file '${path}' exceeds the buffer size (${file.content.length} > ${bufsize})`);
  return file.content;
}

// ── error pages ──

function pageReply(
  line: RuleLine,
  draft: Draft,
  kind: 'default-errorfiles' | 'errorfiles' | 'errorfile',
  text: string,
): CompiledReply | undefined {
  if (kind !== 'errorfile' && !ERROR_STATUSES.includes(draft.status))
    return line.error(`status code '${draft.status}' not handled by default with '${kind}' argument`);
  if (draft.contentType !== undefined)
    line.warn(`content-type '${draft.contentType}' ignored by the http reply when used with an errorfile.`);
  if (draft.headers.length > 0)
    line.warn('hdr parameters ignored by the http reply when used with an errorfile.');
  const { status } = draft;
  if (kind === 'default-errorfiles')
    return { status, make: ctx => pageByStatus(ctx, status), isDefault: true };
  return kind === 'errorfile' ? fileReply(line, status, text) : sectionReply(line, status, text);
}

function fileReply(line: RuleLine, status: number, path: string): CompiledReply | undefined {
  const content = readFile(line, path);
  if (content === undefined) return undefined;
  const reply = parseStoredMessage(content);
  if ('error' in reply) return line.error(`'${path}': ${reply.error}`);
  const page = pageFor(status, reply);
  return { status, make: () => page, isDefault: false };
}

function sectionReply(line: RuleLine, status: number, name: string): CompiledReply | undefined {
  const pages = line.env.errorSections.get(name);
  if (pages === undefined)
    return line.error(`unknown http-errors section '${name}' referenced by an http reply`);
  const page = pages.get(status);
  if (page === undefined)
    line.warn(
      `Proxy '${line.env.section.name}': status '${status}' referenced by an http reply not declared in http-errors section '${name}'.`,
    );
  return { status, make: page ?? (ctx => pageByStatus(ctx, status)), isDefault: false, section: name };
}

// ── payloads ──

function rawReply(line: RuleLine, draft: Draft, body: Buffer): CompiledReply | undefined {
  if (body.length > 0 && (draft.status === 204 || draft.status === 304))
    return line.error(`No body expected for ${draft.status} responses`);
  if (body.length > 0 && draft.contentType === undefined)
    return line.error('a content type must be defined when non-empty payload is configured');
  if (body.length === 0 && draft.contentType !== undefined)
    line.warn(
      `content-type '${draft.contentType}' ignored by the http reply when used with an empty payload.`,
    );
  return payloadReply(draft, () => body);
}

function formattedReply(line: RuleLine, draft: Draft, kind: BodyKind, word: Word): CompiledReply | undefined {
  if (draft.status === 204 || draft.status === 304)
    return line.error(`No body expected for ${draft.status} responses`);
  if (draft.contentType === undefined)
    return line.error('a content type must be defined with a log-format payload');
  const text = kind === 'lf-file' ? readFile(line, word.text) : word.text;
  const format = text === undefined ? undefined : line.format({ text, position: word.position }, 'plain');
  if (format === undefined) return undefined;
  if (format.constant !== undefined) {
    const body = Buffer.from(format.constant, 'latin1');
    return payloadReply(draft, () => body);
  }
  return payloadReply(draft, ctx => Buffer.from(format.render(ctx), 'latin1'));
}

/** Own headers first, then content-length and content-type, as HAProxy orders them. Empty headers are left out. */
function payloadReply(draft: Draft, body: (ctx: RuleContext) => Buffer): CompiledReply {
  const { status, contentType, headers: drafts } = draft;
  const reason = reasonPhrase(status);
  const make = (ctx: RuleContext): Reply => {
    const payload = body(ctx);
    const headers: ReplyHeader[] = [];
    for (const { name, value } of drafts) {
      const text = value.render(ctx);
      if (text !== '') headers.push([name, text]);
    }
    // RFC 9110, section 8.6: none where there cannot be a body
    if (status !== 204) headers.push(['content-length', String(payload.length)]);
    if (payload.length > 0 && contentType !== undefined) headers.push(['content-type', contentType]);
    return { status, reason, headers, body: payload };
  };
  return { status, make, isDefault: false };
}
