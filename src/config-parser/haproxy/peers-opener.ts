/** Opens `peers` sections. */
import type { Word } from '../../model/word.ts';
import type { SectionOpener } from '../config-draft.ts';
import { applyLine, createKeywordIndex } from '../keyword-index.ts';
import type { OtherDraft } from './other-rows.ts';
import { createPeersDraft, PEERS_KEYWORDS } from './peers-section.ts';
import { readSectionName } from './section-name.ts';

const INDEX = createKeywordIndex(PEERS_KEYWORDS);

/** A table of `peers` with a mistake exists all the same for who refers to it, as those of proxies (stand-in.ts). */
function standIn({ lines }: OtherDraft, [keyword, name]: readonly Word[]): void {
  if (keyword?.text !== 'table' || name === undefined) return;
  const { position } = keyword;
  const settings = ['type', 'string', 'size', '1'].map(text => ({ text, position }));
  lines.push([keyword, name, ...settings]);
}

export const openPeers: SectionOpener = (words, config, context) => {
  const name = readSectionName(words, context) ?? '';
  const { position } = context;
  const first = config.peers.find(section => section.name === name);
  if (first !== undefined) {
    const where = `${first.position.file}:${first.position.line}`;
    const what = `peers section '${name}' has the same name as another peers section declared at ${where}.`;
    context.alert(position, what);
  }
  const draft = createPeersDraft(name, position);
  config.peers.push(draft);
  config.otherSections.push({
    kind: 'peers',
    name,
    position,
    lines: draft.lines,
    folder: context.resolvePath(''),
  });
  return {
    line: (line, at) => void (applyLine(INDEX, draft, line, at) || standIn(draft, line)),
    end: () => undefined,
  };
};
