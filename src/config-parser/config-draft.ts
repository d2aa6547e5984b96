/** The configuration while its sections are read; resolve.ts makes a model Config of it. */
import type { HttpErrors, OtherSection, Userlist } from '../model/config.ts';
import type { Position } from '../model/diagnostic.ts';
import type { Word } from '../model/word.ts';
import { createGlobalDraft } from './haproxy/global-draft.ts';
import type { CacheDraft } from './haproxy/cache-section.ts';
import type { GlobalDraft } from './haproxy/global-draft.ts';
import type { LogForwardDraft } from './haproxy/log-forward.ts';
import type { PeersDraft } from './haproxy/peers-section.ts';
import type { ResolversDraft } from './haproxy/resolvers-section.ts';
import type { RingDraft } from './haproxy/ring-section.ts';
import type { ProxyDraft } from './haproxy/proxy-draft.ts';
import type { ParserContext } from './parser-context.ts';

export interface ConfigDraft {
  readonly global: GlobalDraft;
  /** frontend, backend and listen sections in file order. */
  readonly proxies: ProxyDraft[];
  /** The first of each name. */
  readonly proxyNames: Map<string, ProxyDraft>;
  readonly defaults: DefaultsRegistry;
  readonly userlists: Userlist[];
  readonly httpErrors: HttpErrors[];
  readonly logForwards: LogForwardDraft[];
  readonly caches: CacheDraft[];
  readonly peers: PeersDraft[];
  readonly rings: RingDraft[];
  readonly resolvers: ResolversDraft[];
  readonly otherSections: OtherSection[];
}

/** The defaults sections seen so far. */
interface DefaultsRegistry {
  /** What a proxy without `from` starts with. */
  last: ProxyDraft | undefined;
  readonly named: Map<string, ProxyDraft>;
  /** How a section was used: mixing both is ambiguous. */
  readonly explicit: Set<ProxyDraft>;
  readonly implicit: Set<ProxyDraft>;
  /** Places of earlier sections with the same name. */
  readonly replaced: Map<ProxyDraft, Position>;
}

/** Reads the lines of one section. */
export interface SectionReader {
  line(words: readonly Word[], context: ParserContext): void;
  /** A line of which only the parts between blanks are known: it could not be cut into words, and was reported. */
  misread?(words: readonly Word[]): void;
  /** The next section, or the end of the file, is reached. */
  end(context: ParserContext): void;
}

/** Starts a section from its first line. */
export type SectionOpener = (
  words: readonly Word[],
  config: ConfigDraft,
  context: ParserContext,
) => SectionReader;

export function createConfigDraft(): ConfigDraft {
  return {
    global: createGlobalDraft(),
    proxies: [],
    proxyNames: new Map(),
    defaults: {
      last: undefined,
      named: new Map(),
      explicit: new Set(),
      implicit: new Set(),
      replaced: new Map(),
    },
    userlists: [],
    httpErrors: [],
    logForwards: [],
    caches: [],
    peers: [],
    rings: [],
    resolvers: [],
    otherSections: [],
  };
}
