/** Every section keyword of a configuration and how it is opened. */
import type { SectionOpener } from '../config-draft.ts';

import { GLOBAL_INDEX, openGlobal } from './global-reader.ts';
import { OTHER_OPENERS } from './other-reader.ts';
import { PROXY_INDEX, PROXY_OPENERS } from './proxy-opener.ts';
import { openCache } from './cache-opener.ts';
import { openHttpErrors } from './http-errors.ts';
import { openLogForward } from './log-forward-opener.ts';
import { openPeers } from './peers-opener.ts';
import { openResolvers } from './resolvers-opener.ts';
import { openRing } from './ring-opener.ts';
import { openUserlist } from './userlist.ts';

/** `program` had its last release in 3.2. */
const openProgram: SectionOpener = (words, _config, context) => {
  const advice = 'Please use an external process manager instead.';
  context.alert(
    words[0] ?? context.position,
    `The 'program' section is not supported anymore since HAProxy 3.3. ${advice}`,
  );
  return { line: () => undefined, end: () => undefined };
};

export const SECTIONS: ReadonlyMap<string, SectionOpener> = new Map([
  ['global', openGlobal],
  ...Object.entries(PROXY_OPENERS),
  ['userlist', openUserlist],
  ['http-errors', openHttpErrors],
  ['log-forward', openLogForward],
  ['cache', openCache],
  ['peers', openPeers],
  ['ring', openRing],
  ['resolvers', openResolvers],
  ...Object.entries(OTHER_OPENERS),
  ['program', openProgram],
]);

/** The first word of a line that belongs into a section: above the first one it is misplaced, not mistyped. */
export function isSectionWord(word: string): boolean {
  return PROXY_INDEX.longest.has(word) || GLOBAL_INDEX.longest.has(word);
}
