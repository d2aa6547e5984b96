/** A `virtual_server` block with its defaults, and what its real servers and their checkers inherit. */
import type { Position } from '../../model/diagnostic.ts';
import type { RealServer, SorryServer, VirtualServer, VirtualService } from '../../model/virtual-server.ts';
import type { Statement } from './block.ts';
import type { CheckDefaults } from './checkers/check-defaults.ts';
import { resolveChecker } from './checkers/resolve-checker.ts';
import type { GlobalDraft } from './global-defs.ts';
import type { RealServerDraft } from './real-server.ts';
import type { Scope } from './scope.ts';
import { parseService } from './service-address.ts';
import { blockOf } from './values.ts';
import { VIRTUAL_SERVER, type VirtualServerDraft } from './virtual-server.ts';

const PERSISTENCE_WITHOUT_PORT_SEC = 360;

export function parseVirtualServer(
  statement: Statement,
  global: GlobalDraft,
  scope: Scope,
): VirtualServer | undefined {
  const service = parseService(statement.words, statement, scope);
  if (service === undefined) return undefined;
  const draft = newDraft();
  VIRTUAL_SERVER.read(draft, blockOf(statement, scope), scope);
  const { position } = statement;
  checkPersistence(draft, service, position, scope);
  checkQuorum(draft, position, scope);
  const alerts = global.smtpAlertChecker ?? global.smtpAlert;
  return {
    position,
    service,
    ...(draft.ipFamily === undefined ? {} : { ipFamily: draft.ipFamily }),
    scheduler: draft.scheduler,
    schedulerFlags: draft.schedulerFlags,
    onePacketScheduling: draft.ops,
    method: draft.method,
    protocol: draft.protocol,
    persistenceTimeoutSec: draft.persistenceTimeoutSec,
    persistenceGranularity:
      draft.persistenceGranularity ?? (service.kind === 'address' && service.family === 6 ? 128 : 32),
    haSuspend: draft.haSuspend,
    alpha: draft.alpha ?? false,
    omega: draft.omega,
    quorum: draft.quorum,
    hysteresis: draft.hysteresis,
    ...(draft.quorumUp === undefined ? {} : { quorumUp: draft.quorumUp }),
    ...(draft.quorumDown === undefined ? {} : { quorumDown: draft.quorumDown }),
    smtpAlert: draft.smtpAlert ?? alerts ?? false,
    ...sorryOf(draft),
    realServers: draft.realServers.map(server => resolveRealServer(server, draft, alerts ?? true, global)),
  };
}

function newDraft(): VirtualServerDraft {
  return {
    scheduler: 'wlc',
    schedulerFlags: [],
    ops: false,
    method: 'NAT',
    protocol: 'TCP',
    persistenceTimeoutSec: 0,
    haSuspend: false,
    omega: false,
    quorum: 1,
    hysteresis: 0,
    weight: 1,
    inhibitOnFailure: false,
    sorryInhibit: false,
    realServers: [],
  };
}

function checkPersistence(
  draft: VirtualServerDraft,
  service: VirtualService,
  position: Position,
  { report }: Scope,
): void {
  if (service.kind !== 'address' || service.port !== 0 || draft.persistenceTimeoutSec !== 0) return;
  const assumed = `persistence_timeout ${PERSISTENCE_WITHOUT_PORT_SEC} assumed`;
  report.warn(position, `a virtual server without port must be persistent: ${assumed}`);
  draft.persistenceTimeoutSec = PERSISTENCE_WITHOUT_PORT_SEC;
}

function checkQuorum(draft: VirtualServerDraft, position: Position, { report }: Scope): void {
  const { hysteresis, quorum } = draft;
  if (quorum > hysteresis) return;
  report.warn(position, `hysteresis ${hysteresis} must be less than quorum ${quorum} - ignoring`);
  draft.hysteresis = 0;
}

function sorryOf(draft: VirtualServerDraft): { sorryServer?: SorryServer } {
  if (draft.sorry === undefined) return {};
  return {
    sorryServer: {
      address: draft.sorry,
      method: draft.sorryMethod ?? draft.method,
      inhibit: draft.sorryInhibit,
    },
  };
}

function resolveRealServer(
  server: RealServerDraft,
  around: VirtualServerDraft,
  alerts: boolean,
  global: GlobalDraft,
): RealServer {
  const { checkers, position, address, notifyUp, notifyDown, uthreshold, lthreshold } = server;
  const defaults: CheckDefaults = { ...inherited(around), ...inherited(server) };
  return {
    position,
    address,
    weight: server.weight ?? around.weight,
    method: server.method ?? around.method,
    uthreshold,
    lthreshold,
    inhibitOnFailure: server.inhibitOnFailure ?? around.inhibitOnFailure,
    alpha: defaults.alpha ?? false,
    smtpAlert: server.smtpAlert ?? alerts,
    ...(notifyUp === undefined ? {} : { notifyUp }),
    ...(notifyDown === undefined ? {} : { notifyDown }),
    checkers: checkers.map(checker =>
      resolveChecker(checker, defaults, address, global.checkerLogAllFailures),
    ),
  };
}

function inherited(from: CheckDefaults): CheckDefaults {
  const keys = [
    'retry',
    'delayBeforeRetryMs',
    'warmupMs',
    'connectTimeoutMs',
    'delayLoopMs',
    'alpha',
    'virtualhost',
  ] as const;
  return Object.fromEntries(keys.filter(key => from[key] !== undefined).map(key => [key, from[key]]));
}
