/**
 * Compiles errorfile, errorloc, errorfiles and http-error lines (manual, section 4.2), of proxies and of http-errors
 * sections, to a table from status to answer.
 */
import { phaseBits, PHASES } from '../acl/phase.ts';
import type { HttpErrors } from '../model/config.ts';
import type { ErrorFile } from '../model/proxy.ts';
import type { ErrorPages, ReplyMaker } from './context.ts';
import type { RuleEnvironment } from './environment.ts';
import { compileReply } from './http-reply.ts';
import { reasonPhrase } from '../http/reasons.ts';
import { pageFor, type Reply } from './reply.ts';
import { RuleLine } from './rule-line.ts';
import { parseStoredMessage } from './stored-message.ts';

type Pages = Map<number, ReplyMaker>;

/** Log formats of error pages are rendered whenever an answer fails: any phase may be the last one. */
const ANY_PHASE = phaseBits(PHASES);

/** Later lines win. */
export function compileErrorPages(files: readonly ErrorFile[], env: RuleEnvironment): ErrorPages {
  const pages: Pages = new Map();
  for (const file of files) addPage(pages, file, env);
  return pages;
}

/** Sections refer to no other sections. */
export function compileErrorSections(
  sections: readonly HttpErrors[],
  env: RuleEnvironment,
): ReadonlyMap<string, ErrorPages> {
  return new Map(sections.map(({ name, errorFiles }) => [name, compileErrorPages(errorFiles, env)] as const));
}

function addPage(pages: Pages, file: ErrorFile, env: RuleEnvironment): void {
  const { source, status } = file;
  switch (source.kind) {
    case 'file':
      addStored(pages, file, source.path, source.content, env);
      break;
    case 'location':
      pages.set(status, constant(pageFor(status, locationReply(source.code, source.url))));
      break;
    case 'section':
      importPages(pages, file, source.name, env);
      break;
    case 'http-error':
      addHttpError(pages, file, source.args, env);
  }
}

function constant(reply: Reply): ReplyMaker {
  return () => reply;
}

/** An empty file answers nothing. */
function silence(status: number): Reply {
  return { status, reason: '', headers: [], body: Buffer.alloc(0), closes: true, silent: true };
}

function addStored(pages: Pages, file: ErrorFile, path: string, content: string, env: RuleEnvironment): void {
  const reply = content === '' ? silence(file.status) : parseStoredMessage(content);
  if ('error' in reply) {
    const message = `errorfile : '${path}': ${reply.error}.`;
    env.report({ severity: 'alert', position: file.position, message });
  } else pages.set(file.status, constant(pageFor(file.status, reply)));
}

function locationReply(status: 302 | 303, url: string): Reply {
  const headers = [
    ['cache-control', 'no-cache'],
    ['content-length', '0'],
    ['location', url],
  ] as const;
  return { status, reason: reasonPhrase(status), headers, body: Buffer.alloc(0) };
}

/** Status 0: all that the section has. */
function importPages(pages: Pages, file: ErrorFile, name: string, env: RuleEnvironment): void {
  const section = env.errorSections.get(name);
  if (section === undefined) {
    const message = `errorfiles : unknown http-errors section '${name}'.`;
    env.report({ severity: 'alert', position: file.position, message });
    return;
  }
  for (const [status, make] of section)
    if (file.status === 0 || file.status === status) pages.set(status, make);
}

function addHttpError(
  pages: Pages,
  file: ErrorFile,
  args: RuleLine['source']['args'],
  env: RuleEnvironment,
): void {
  const source = { kind: 'http-error', action: 'http-error', position: file.position, args } as const;
  const line = new RuleLine(source, ANY_PHASE, env);
  const reply = compileReply(line, 0);
  if (reply === undefined) return;
  if (line.left > 0) line.error(`unknown keyword '${line.next}'`);
  else if (reply.isDefault) pages.delete(reply.status);
  else pages.set(reply.status, reply.make);
}
