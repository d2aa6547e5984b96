/**
 * `server … ssl`: how connections to a server become TLS, and what tells such connections apart (manual, section 5.2,
 * `sni`, `sni-auto`, `pool-conn-name`).
 */
import type { CompiledExpression } from '../../acl/compiled.ts';
import type { SampleContext } from '../../acl/context.ts';
import { compileExpression } from '../../acl/expression.ts';
import { phaseBit } from '../../acl/phase.ts';
import { prefixed } from '../../acl/prefixed.ts';
import type { Mode } from '../../model/proxy.ts';
import type { Server, ServerTls } from '../../model/server.ts';
import type { Word } from '../../model/word.ts';
import type { Connection } from '../../net/connection.ts';
import type { Adopter } from '../../net/tls/handshake-wire.ts';
import type { HandshakeSink, OutgoingHandshake } from '../../net/tls/outgoing-handshake.ts';
import type { ServerContexts } from '../../net/tls/server-contexts.ts';
import { ServerTlsClient } from '../../net/tls/server-tls.ts';
import { type EarlyCandidate, maySendEarly } from '../request/early-requests.ts';
import type { RuleEnvironment } from '../../rules/environment.ts';

const PHASE = phaseBit('server source selection');

/** The host that the request is for, without its port. */
const AUTOMATIC_SNI = 'req.hdr(host),field(1,:)';

/**
 * What tells connections of a server apart: `pool-conn-name`, or the `sni` of one that makes them itself. Undefined: nothing
 * but what they are made with.
 */
export function compileConnectionName(
  { poolConnName, address, tls }: Server,
  environment: () => RuleEnvironment,
): CompiledExpression | undefined {
  const name = poolConnName ?? (address.kind === 'reverse' ? tls?.sni : undefined);
  return name && compileName(name, environment);
}

function compileName(
  { text, position }: Word,
  environment: () => RuleEnvironment,
): CompiledExpression | undefined {
  const what = 'error detected while parsing sni or pool-conn-name expressions : ';
  return compileExpression(text, position, PHASE, prefixed(environment(), what));
}

/** The name of the server that is asked for; undefined: none is. Mistakes are reported. */
export function compileSni(
  server: Server,
  tls: ServerTls,
  mode: Mode,
  environment: () => RuleEnvironment,
): CompiledExpression | undefined {
  const { sni, noAutoSni } = tls;
  if (sni !== undefined) return compileName(sni, environment);
  if (mode !== 'http' || noAutoSni === true) return undefined;
  return compileExpression(AUTOMATIC_SNI, server.position, PHASE, environment());
}

export class ServerSecurity {
  readonly #client: ServerTlsClient;
  readonly #sni: CompiledExpression | undefined;
  readonly #isEarly: boolean;

  constructor(tls: ServerTls, contexts: ServerContexts, sni: CompiledExpression | undefined) {
    this.#client = new ServerTlsClient(tls, contexts);
    this.#sni = sni;
    this.#isEarly = tls.earlyData === true;
  }

  sni(ctx: SampleContext): string {
    return this.#sni?.string(ctx) ?? '';
  }

  /** `allow-0rtt`: the sink is given a connection that is there before its handshake. False: handshake() is to make it. */
  goesEarly(
    engine: Adopter,
    plain: Connection,
    transaction: SampleContext & EarlyCandidate,
    sink: Pick<HandshakeSink, 'secured'>,
  ): boolean {
    if (!this.#isEarly || !maySendEarly(transaction)) return false;
    const early = this.#client.early(engine, plain, this.sni(transaction));
    if (early !== undefined) sink.secured(early);
    return early !== undefined;
  }

  /** `alpn`: what is offered; undefined: nothing. */
  handshake(
    engine: Adopter,
    plain: Connection,
    ctx: SampleContext,
    sink: HandshakeSink,
    alpn: readonly string[] | undefined,
  ): OutgoingHandshake {
    return this.#client.handshake(engine, plain, this.sni(ctx), sink, alpn);
  }
}
