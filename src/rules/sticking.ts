/**
 * `stick on|match|store-request|store-response` (manual, section 4.2): the server that was stored for a key is used
 * again, and the server that answers is stored. Rules run in file order; of those that store, the first that has a
 * key counts for each table.
 */
import { compileCondition } from '../acl/condition.ts';
import type { CompiledCondition, CompiledExpression } from '../acl/compiled.ts';
import { prefixed } from '../acl/prefixed.ts';
import { compileExpression } from '../acl/expression.ts';
import { phaseBit } from '../acl/phase.ts';
import type { Sample } from '../acl/sample.ts';
import { keyLoader, type LoadKey } from '../acl/tracking/key-loader.ts';
import type { PlainRule } from '../model/rule.ts';
import type { StickTable } from '../state/stick-table/stick-table.ts';
import type { RuleContext } from './context.ts';
import type { RuleEnvironment } from './environment.ts';
import type { PendingStore } from './pending-store.ts';

/** What a table says of a key. */
export interface StoredServer {
  /** By name or by address, as the table's `srvkey` says; empty: none. */
  readonly key: string;
  readonly by: 'name' | 'addr';
  /** The model's `Server.id`; 0: none. */
  readonly id: number;
}

export interface StickingRules {
  readonly empty: boolean;
  /** `find` makes a server of what is stored, if it can be used. Answers `chosen`, or else the first that is found. */
  onRequest<Server>(
    ctx: RuleContext,
    chosen: Server | undefined,
    find: (stored: StoredServer) => Server | undefined,
  ): Server | undefined;
  /** The server with that id, and that name or address, answers. */
  onResponse(ctx: RuleContext, id: number, name: string, address: string): void;
}

interface StickRule {
  readonly matches: boolean;
  readonly stores: boolean;
  readonly table: StickTable;
  readonly load: LoadKey;
  readonly key: CompiledExpression;
  readonly condition: CompiledCondition | undefined;
}

const REQUEST_PHASE = phaseBit('backend use-server, balance or stick-match rule');
const RESPONSE_PHASE = phaseBit('backend stick-store rule');

/** Keys that one request may store. */
const MOST_STORES = 8;

export function compileSticking(rules: readonly PlainRule[], env: RuleEnvironment): StickingRules {
  const compiled = (keywords: readonly string[], phases: number): readonly StickRule[] =>
    rules
      .filter(rule => keywords.includes(rule.keyword))
      .flatMap(rule => compileStick(rule, phases, env) ?? []);
  const request = compiled(['stick on', 'stick match', 'stick store', 'stick store-request'], REQUEST_PHASE);
  const response = compiled(['stick store-response'], RESPONSE_PHASE);
  return {
    empty: request.length === 0 && response.length === 0,
    onRequest(ctx, chosen, find) {
      let found = chosen;
      for (const rule of request) {
        if (!rule.matches && isPending(ctx.pendingStores, rule.table, 0)) continue;
        const key = keyOf(rule, ctx);
        if (key === undefined) continue;
        if (rule.matches) {
          const stored = lookUp(rule, key);
          if (stored !== undefined) found ??= find(stored);
        }
        if (rule.stores && !isPending(ctx.pendingStores, rule.table, 0)) addPending(ctx, rule, key);
      }
      return found;
    },
    onResponse(ctx, id, name, address) {
      const first = ctx.pendingStores.length;
      for (const rule of response) {
        if (isPending(ctx.pendingStores, rule.table, first)) continue;
        const key = keyOf(rule, ctx);
        if (key !== undefined) addPending(ctx, rule, key);
      }
      for (const { table, load, key } of ctx.pendingStores)
        if (load(key)) store(table, id, table.settings.serverKey === 'addr' ? address : name);
      ctx.pendingStores.length = 0;
    },
  };
}

function compileStick(rule: PlainRule, phases: number, env: RuleEnvironment): StickRule | undefined {
  const { keyword, args, position, condition: source } = rule;
  const [word] = args;
  const at = args.findIndex(({ text }) => text === 'table');
  const table = env.tables.find((at < 0 ? undefined : args[at + 1]?.text) ?? env.section.name);
  if (word === undefined) return undefined;
  const key = compileExpression(word.text, word.position, phases, prefixed(env, `'stick': `));
  const condition = source && compileCondition(source, phases, env);
  // a table that does not exist was reported when the configuration was read
  if (table === undefined) return undefined;
  if (key === undefined || (source !== undefined && condition === undefined)) return undefined;
  const load = keyLoader('any', table);
  if (load === undefined || keyLoader(key.type, table) === undefined) {
    const message = `Proxy '${env.section.name}': type of fetch not usable with type of stick-table '${table.settings.name}'.`;
    env.report({ severity: 'alert', position, message });
    return undefined;
  }
  const matches = keyword === 'stick on' || keyword === 'stick match';
  return { matches, stores: keyword !== 'stick match', table, load, key, condition };
}

function keyOf({ condition, key }: StickRule, ctx: RuleContext): Sample | undefined {
  if (condition !== undefined && !condition.test(ctx)) return undefined;
  return key.sample(ctx);
}

/** From the `first` on: a response may store beside what the request stores. */
function isPending(pending: readonly PendingStore[], table: StickTable, first: number): boolean {
  return pending.some((one, index) => index >= first && one.table === table);
}

function addPending(ctx: RuleContext, { table, load }: StickRule, key: Sample): void {
  if (ctx.pendingStores.length < MOST_STORES) ctx.pendingStores.push({ table, load, key });
}

function lookUp({ table, load }: StickRule, key: Sample): StoredServer | undefined {
  if (!load(key)) return undefined;
  const now = table.now;
  const entry = table.enter(now);
  let stored: StoredServer | undefined;
  if (entry !== 0) {
    const keyPlace = table.place('server_key');
    const idPlace = table.place('server_id');
    stored = {
      key: keyPlace === undefined ? '' : table.text(entry, keyPlace),
      by: table.settings.serverKey,
      id: idPlace === undefined ? 0 : table.number(entry, idPlace, 0),
    };
    table.touch(entry, now);
  }
  table.leave();
  return stored;
}

/** For the loaded key. */
function store(table: StickTable, id: number, serverKey: string): void {
  const now = table.now;
  const entry = table.enterNew(now);
  const idPlace = table.place('server_id');
  const keyPlace = table.place('server_key');
  if (entry !== 0) {
    if (idPlace !== undefined) table.setNumber(entry, idPlace, 0, id);
    if (keyPlace !== undefined) table.setText(entry, keyPlace, serverKey);
    table.touch(entry, now);
  }
  table.leave();
}
