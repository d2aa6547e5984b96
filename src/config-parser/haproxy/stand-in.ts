/**
 * What a line with a mistake would have named exists all the same until the end of the run, so that nobody who refers
 * to it is told that it is missing. A configuration with stand-ins is only searched for more mistakes, never served.
 */
import type { Word } from '../../model/word.ts';
import { nearestName } from '../nearest.ts';
import { nextSlot } from './proxy-captures.ts';
import type { ProxyDraft } from './proxy-draft.ts';
import { createServerDraft } from './server-draft.ts';

type StandIn = (draft: ProxyDraft, line: readonly Word[]) => void;

const STAND_INS: Readonly<Record<string, StandIn>> = {
  acl: (draft, [keyword, name]) => {
    if (keyword === undefined || name === undefined) return;
    const { position } = name;
    draft.own.acls.push({ name: name.text, position, words: [{ text: 'always_true', position }] });
  },
  server: (draft, [, name]) => addServer(draft, name, name?.text),
  'server-template': (draft, [, prefix, numbers]) => {
    const [first = 1, last = first] = (numbers?.text ?? '').split('-').map(Number);
    const most = Math.min(last, first + MOST_SERVERS);
    for (let number = first; number <= most; number++) addServer(draft, prefix, `${prefix?.text}${number}`);
  },
  'stick-table': (draft, [keyword]) => {
    if (keyword === undefined) return;
    const { position } = keyword;
    draft.own.stickTable ??= ['type', 'string', 'size', '1'].map(text => ({ text, position }));
  },
  declare: (draft, [, , side]) => {
    const meant = side?.text === 'response' ? 'response' : 'request';
    draft.own.declaredCaptures.push({ side: meant, len: 1, slot: nextSlot(draft, meant) });
  },
  filter: (draft, [, kind, name]) => {
    if (kind === undefined || name === undefined || !kind.text.startsWith('bwlim-')) return;
    const { position } = kind;
    const direction = kind.text === 'bwlim-in' ? 'in' : 'out';
    const limits = { limit: 1, periodMs: 1, minSize: 0 };
    draft.own.bandwidthLimits.push({ name: name.text, position, direction, ...limits });
  },
};

const MOST_SERVERS = 1000;

function addServer(draft: ProxyDraft, at: Word | undefined, name: string | undefined): void {
  if (at === undefined || name === undefined || draft.own.servers.some(server => server.name === name))
    return;
  const server = createServerDraft();
  server.name = name;
  server.position = at.position;
  draft.own.servers.push(server);
}

/** Called after a line was reported. */
export function standIn(draft: ProxyDraft, line: readonly Word[]): void {
  const said = line[0]?.text ?? '';
  const meant = Object.hasOwn(STAND_INS, said) ? said : nearestName(said, Object.keys(STAND_INS));
  if (meant !== undefined) STAND_INS[meant]?.(draft, line);
}
