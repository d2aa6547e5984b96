/** `bind` in proxies (manual, section 4.2). */
import type { Word } from '../../model/word.ts';
import type { Keyword } from '../keyword.ts';
import type { LineContext } from '../line-context.ts';
import { OF_ADMIN_SOCKETS, readBindLine } from './bind-line.ts';
import { ignoredWithoutFrontend } from './proxy-capability.ts';
import type { ProxyDraft } from './proxy-draft.ts';

function parseBind(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  ignoredWithoutFrontend(draft, 'bind', context);
  const binds = readBindLine(
    words,
    { keyword: 'bind', port: 'required', reverse: true, ignored: OF_ADMIN_SOCKETS },
    context,
  );
  const taken = binds[0]?.id ? draft.own.binds.find(other => other.id === binds[0]?.id) : undefined;
  if (taken !== undefined) {
    const place = `${taken.position.file}:${taken.position.line} ('bind ${taken.written}')`;
    context.alert(context.position, `'id' : custom id ${taken.id} already used at ${place}`);
    return;
  }
  draft.own.binds.push(...binds);
}

export const BIND_KEYWORDS: readonly Keyword<ProxyDraft>[] = [
  {
    name: 'bind',
    sections: ['frontend', 'listen', 'backend'],
    args: '[<address>]:<port_range>[,...] [param*]',
    arity: [1, 256],
    summary: 'addresses to accept connections on',
    parse: parseBind,
  },
];
