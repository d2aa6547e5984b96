/**
 * What the lines of `option httplog` and `option tcplog` tell of an exchange: so much has to be kept of it for its line
 * to be written later (proxy/pending-lines.ts).
 */
import type { ByteLine } from '../base/byte-line.ts';
import type {
  ByteCounters,
  ClientFacts,
  ListenerFacts,
  SampleContext,
  ServerFacts,
  StatsView,
  Timers,
  TransactionFacts,
} from './context.ts';

export interface LoggedExchange extends Pick<
  SampleContext,
  'frontend' | 'backend' | 'requestLine' | 'requestCookieCapture' | 'responseCookieCapture'
> {
  readonly client: Pick<ClientFacts, 'source' | 'transport' | 'acceptTimeMs'> | undefined;
  readonly listener: Pick<ListenerFacts, 'id'> | undefined;
  readonly server: Pick<ServerFacts, 'name'> | undefined;
  readonly stats: Pick<StatsView, 'processConnections' | 'frontendConnections' | 'backendConnections'>;
  readonly transaction: LoggedTransaction | undefined;
}

interface LoggedTransaction extends Pick<
  TransactionFacts,
  | 'status'
  | 'terminationState'
  | 'cookieState'
  | 'retries'
  | 'redispatched'
  | 'serverQueue'
  | 'backendQueue'
  | 'servedBy'
  | 'badRequest'
  | 'frontendConnections'
  | 'backendConnections'
  | 'serverConnections'
> {
  readonly timers: Pick<
    Timers,
    'requestTimeMs' | 'acceptTimeMs' | 'request' | 'queue' | 'connect' | 'response' | 'active' | 'total'
  >;
  readonly bytes: Pick<ByteCounters, 'fromServer'>;
}

/** Writes a line, or a part of it, behind the bytes of one. */
export type AppendLogged = (exchange: LoggedExchange, line: ByteLine) => void;
