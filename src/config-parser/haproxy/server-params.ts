/**
 * Server options on lines that are not of proxies: `nameserver`, and `server` of rings (manual, sections 5.3.2 and 12.6).
 * Those that HAProxy does not know either are mistakes; those without an effect here are told of.
 */
import type { Word } from '../../model/word.ts';
import { withPrefix } from './argument.ts';
import type { LineContext } from '../line-context.ts';
import type { LineCheck } from './other-rows.ts';
import { createProxyDraft } from './proxy-draft.ts';
import { createServerDraft } from './server-draft.ts';
import { readServerOptions } from './server-line.ts';

/** Behind name and address; `heeded` are the options that somebody asks for. */
export function serverParams(heeded: ReadonlySet<string>): LineCheck {
  return (_draft, [name, , ...params], context) => {
    const label = `'${context.line[0]?.text} ${name?.text}'`;
    const about = withPrefix(context, label);
    const proxy = createProxyDraft('backend', '', context.position);
    for (const option of readServerOptions(createServerDraft(), params, proxy, about))
      if (!heeded.has(option.text)) warnOfOption(option, label, context);
    return true;
  };
}

export function warnOfOption(option: Word, label: string, context: LineContext): void {
  context.warn(option, `${label} : '${option.text}' has no effect here, it is ignored.`);
}
