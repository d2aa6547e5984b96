/**
 * The first module of a data thread. The thread may be launched before there is a configuration: what it shall serve
 * comes in one message.
 */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { prepareSystemCalls } from '../../net/system-calls.ts';
import { readConfig } from '../../state/config-bytes.ts';
import { holdCapabilities } from '../process/capabilities.ts';
import { adoptEnvironment } from '../process/environment.ts';
import type { ThreadLaunch } from './launch.ts';
import type { ThreadStartMessage } from './messages.ts';
import { runOn } from '../process/process-calls.ts';
import { ServingThread } from './serving-thread.ts';

function waitForStart(port: MessagePort): void {
  const { startPort } = workerData as ThreadLaunch;
  startPort.once('message', (message: ThreadStartMessage) => {
    startPort.close();
    const start = { ...message, config: readConfig(message.config) };
    adoptEnvironment(start.environment);
    if (start.processors !== undefined) runOn(start.processors);
    // what a thread cannot hold the control thread tells
    holdCapabilities(start.config.global);
    new ServingThread(start, port).begin();
  });
}

if (parentPort === null) throw new Error('data-thread.ts runs as a worker thread only');
waitForStart(parentPort);
// there is time for it: the configuration is being read
prepareSystemCalls();
