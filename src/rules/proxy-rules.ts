/**
 * Everything the rules of one proxy compile to. In a `listen` section, which is frontend and backend at once, each
 * ruleset runs once.
 */
import type { SampleContext } from '../acl/context.ts';
import type { CaptureSlots } from './capture-slots.ts';
import type { ErrorPages, RuleContext } from './context.ts';
import type { PlacedFilter } from './script-filter.ts';
import type { StickingRules } from './sticking.ts';
import type { CompiledRuleset } from './ruleset.ts';

export interface ProxyRules {
  readonly tcpRequestConnection: CompiledRuleset;
  readonly tcpRequestSession: CompiledRuleset;
  readonly tcpRequestContent: CompiledRuleset;
  readonly tcpResponseContent: CompiledRuleset;
  readonly httpRequest: CompiledRuleset;
  /** `redirect` lines: they run after `http-request` rules. */
  readonly redirects: CompiledRuleset;
  readonly httpResponse: CompiledRuleset;
  readonly httpAfterResponse: CompiledRuleset;
  readonly backendSwitch: BackendSwitch;
  readonly serverSwitch: ServerSwitch;
  readonly persistence: PersistenceRules;
  readonly sticking: StickingRules;
  /** `monitor fail`: true when one of its conditions holds. */
  readonly monitorFails: (ctx: SampleContext) => boolean;
  /** `stats http-request`, and `stats admin`. */
  readonly statsRequest: CompiledRuleset;
  readonly statsAdmin: (ctx: SampleContext) => boolean;
  readonly errorPages: ErrorPages;
  /** As a frontend. */
  readonly captures: CaptureSlots;
  /** `filter lua.<name>`, in the order of the configuration. */
  readonly filters: readonly PlacedFilter[];
}

/** `use_backend` (manual, section 4.2) and `force-be-switch`. */
export interface BackendSwitch {
  /** It asks what the client says. */
  readonly readsRequest: boolean;
  /**
   * The model's `Proxy.id` of the first that matches, or -1: the default one. Backends that are not `eligible`
   * (disabled, unpublished) are passed over.
   */
  choose(ctx: RuleContext, eligible: (backend: number) => boolean): number;
  /** This request may go to backends that are not eligible. */
  forced(ctx: RuleContext): boolean;
}

/** `use-server`: the model's `Server.id` of the first that matches and is `usable`, or -1: balance. */
export interface ServerSwitch {
  readonly empty: boolean;
  choose(ctx: RuleContext, usable: (server: number) => boolean): number;
}

export const PERSIST_NORMALLY = 0;
/** `force-persist`: the server is taken even when it is down. */
export const PERSIST_FORCED = 1;
/** `ignore-persist`: cookies are passed over. */
export const PERSIST_IGNORED = 2;

/** `force-persist` and `ignore-persist`: the first that matches decides. */
export interface PersistenceRules {
  readonly empty: boolean;
  decide(ctx: RuleContext): typeof PERSIST_NORMALLY | typeof PERSIST_FORCED | typeof PERSIST_IGNORED;
}
