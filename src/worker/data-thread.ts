/** A data thread: its engine, its copy of the runtime, its listeners. Started by control.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { VariableStore } from '../acl/variables.ts';
import { BufferPool } from '../net/buffer-pool.ts';
import { NodeEngine } from '../net/engines/node/engine.ts';
import type { Listener } from '../net/connection.ts';
import { acceptConnection } from '../proxy/accept.ts';
import { compileRuntime } from '../proxy/compile-runtime.ts';
import { ListenerService } from '../proxy/listener-service.ts';
import type { DataThread } from '../proxy/runtime.ts';
import type { ThreadStart, ToControl, ToData } from './messages.ts';
import { NO_SERVERS, NO_STATS, ThreadProcessFacts } from './process-facts.ts';

const port = parentPort;
if (port === null) throw new Error('data-thread.ts runs as a worker thread only');

const start = workerData as ThreadStart;
const { bufsize } = start.config.global.tune;
const engine = new NodeEngine({ bufsize });
const thread: DataThread = {
  index: start.index,
  engine,
  wheel: engine.wheel,
  buffers: new BufferPool(bufsize),
  process: new ThreadProcessFacts(start),
  stats: NO_STATS,
  servers: NO_SERVERS,
  variables: new VariableStore(),
  stopping: false,
};
const runtime = compileRuntime(start.config, thread);
const listeners = start.listeners.map(openListener);

function openListener(handover: ThreadStart['listeners'][number]): Listener {
  const proxy = start.config.proxies[handover.proxy];
  const bind = proxy?.binds[handover.bind];
  if (bind === undefined) throw new Error('a listener was handed over that the configuration does not have');
  const service = new ListenerService(bind, runtime.frontend(handover.proxy));
  return engine.listen(
    handover.fd,
    connection => acceptConnection(thread, service, connection),
    code => tell({ kind: 'notice', level: 'warn', text: `Proxy ${proxy?.name} cannot accept: ${code}` }),
  );
}

function tell(message: ToControl): void {
  port?.postMessage(message);
}

port.on('message', (message: ToData) => {
  if (message.kind === 'stop') {
    engine.destroy();
    port.close();
  } else if (message.kind === 'soft-stop') {
    thread.stopping = true;
    for (const listener of listeners) listener.close();
  }
});

tell({ kind: 'ready', engine: engine.name });
